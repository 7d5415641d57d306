// SPDX-License-Identifier: Apache-2.0
// group_bodies.hpp: tasks that fail or clean up, and the errors that come out: shared by the tests of groups.
#pragma once

#include <skein/core/exception_group.hpp>
#include <skein/core/future.hpp>
#include <skein/core/sleep.hpp>
#include <skein/core/task_group.hpp>

#include <exception>
#include <stdexcept>
#include <string>
#include <vector>

namespace group_test {

using namespace std::chrono_literals;

struct key_error : std::runtime_error {
  using std::runtime_error::runtime_error;
};

inline skein::coro<int> after(skein::delay d, int value) {
  co_await skein::sleep(d);
  co_return value;
}
inline skein::coro<> for_ever() { co_await skein::sleep(1000h); }
inline skein::coro<> fails() {
  throw std::runtime_error{"child"};
  co_return;
}
inline skein::coro<> fails_with(skein::future<> when, std::string text) {
  co_await when;
  throw std::runtime_error{text};
}

/// Waits for ever; when it is cancelled, waits for the future, and then throws what it caught or the error.
inline skein::coro<> cleans_up(skein::future<> held, std::string error) {
  std::exception_ptr caught;
  try {
    co_await skein::sleep(1000h);
  } catch (skein::cancelled_error const&) {
    caught = std::current_exception();
  }
  if (held) {
    co_await held;
  }
  if (!error.empty()) {
    throw key_error{error};
  }
  std::rethrow_exception(caught);
}

inline std::string text_of(std::exception_ptr const& error) {
  try {
    std::rethrow_exception(error);
  } catch (std::exception const& e) {
    return e.what();
  } catch (...) {
    return "?";
  }
}

using words = std::vector<std::string>;

/// The texts of the errors that the group of a body throws; nothing when it throws none.
template <class F>
skein::coro<words> errors_of(F body) {
  words texts;
  try {
    co_await skein::with(skein::task_group{}, body);
  } catch (skein::exception_group const& group) {
    for (std::exception_ptr const& error : group.exceptions()) {
      texts.push_back(text_of(error));
    }
  }
  co_return texts;
}

inline int requests() { return skein::current_task().cancelling(); }

}  // namespace group_test
