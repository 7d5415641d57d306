// SPDX-License-Identifier: Apache-2.0
// debugging.hpp: debug mode for the length of a test.
#pragma once

#include <skein/core/event_loop.hpp>

#include <chrono>
#include <cstdlib>
#include <optional>
#include <string>

namespace skein_test {

// Debug mode of the running loop while it lives.
class debugging {
 public:
  explicit debugging(skein::delay slow = std::chrono::hours{1}) {
    loop_.set_debug(true);
    loop_.slow_callback_duration(slow);
  }
  debugging(debugging const&) = delete;
  debugging& operator=(debugging const&) = delete;
  ~debugging() { loop_.set_debug(false); }

 private:
  skein::event_loop& loop_ = skein::get_running_loop();
};

// SKEIN_DEBUG while it lives.
class environment {
 public:
  explicit environment(char const* value) {
    if (char const* const given = std::getenv("SKEIN_DEBUG")) {
      before_ = given;
    }
    ::setenv("SKEIN_DEBUG", value, 1);
  }
  environment(environment const&) = delete;
  environment& operator=(environment const&) = delete;
  ~environment() {
    if (before_) {
      ::setenv("SKEIN_DEBUG", before_->c_str(), 1);
    } else {
      ::unsetenv("SKEIN_DEBUG");
    }
  }

 private:
  std::optional<std::string> before_;
};

}  // namespace skein_test
