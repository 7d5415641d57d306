// SPDX-License-Identifier: Apache-2.0
// generators.hpp: generators that several tests use.
#pragma once

#include <skein/core/async_generator.hpp>
#include <skein/core/sleep.hpp>

#include <atomic>
#include <chrono>
#include <exception>
#include <vector>

namespace skein_test {

inline skein::async_generator<int> count(int n) {
  for (int i = 0; i < n; ++i) {
    co_yield i;
  }
}

// Counts for ever; when it is closed or cancelled it waits once, and then counts that.
inline skein::async_generator<int> count_and_clean(std::atomic<int>& cleaned) {
  std::exception_ptr stored;
  try {
    for (int i = 0;; ++i) {
      co_yield i;
    }
  } catch (...) {
    stored = std::current_exception();
  }
  co_await skein::sleep(std::chrono::seconds{0});
  ++cleaned;
  std::rethrow_exception(stored);
}

inline skein::coro<std::vector<int>> collect(skein::async_generator<int> generator) {
  std::vector<int> all;
  while (auto const value = co_await generator.next()) {
    all.push_back(*value);
  }
  co_return all;
}

}  // namespace skein_test
