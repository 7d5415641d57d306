// SPDX-License-Identifier: Apache-2.0
// log_lines.hpp: the lines of the log, for tests.
#pragma once

#include <skein/core/report.hpp>

#include <algorithm>
#include <cstddef>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace skein_test {

/// Catches the log while it lives.
class log_lines {
 public:
  log_lines() {
    skein::set_log_sink([this](std::string_view line) {
      std::lock_guard const guard{mutex_};
      lines_.emplace_back(line);
    });
  }
  log_lines(log_lines const&) = delete;
  log_lines& operator=(log_lines const&) = delete;
  ~log_lines() { skein::set_log_sink(nullptr); }

  /// Returns     The lines that hold all of these words.
  [[nodiscard]] std::vector<std::string> with(std::vector<std::string> const& words) const {
    std::lock_guard const guard{mutex_};
    std::vector<std::string> found;
    for (std::string const& line : lines_) {
      if (std::all_of(words.begin(), words.end(),
                      [&](std::string const& word) { return line.find(word) != line.npos; })) {
        found.push_back(line);
      }
    }
    return found;
  }
  [[nodiscard]] std::size_t count(std::vector<std::string> const& words) const { return with(words).size(); }

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> lines_;  // guarded by mutex_
};

}  // namespace skein_test
