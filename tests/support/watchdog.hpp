// SPDX-License-Identifier: Apache-2.0
// watchdog.hpp: ends a test program that hangs, and says where.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <thread>

namespace skein_test {

/// Ends the program when a test makes no progress for 40 seconds: a lost wake-up would hang for ever.
class watchdog {
 public:
  explicit watchdog(char const* what) : what_{what}, thread_{[this] { watch(); }} {}
  watchdog(watchdog const&) = delete;
  watchdog& operator=(watchdog const&) = delete;
  ~watchdog() {
    {
      std::lock_guard const guard{mutex_};
      over_ = true;
    }
    changed_.notify_all();
    thread_.join();
  }
  /// Any thread.
  void progress() noexcept { count_.fetch_add(1, std::memory_order_relaxed); }

 private:
  void watch() {
    long seen = -1;
    std::unique_lock guard{mutex_};
    while (!changed_.wait_for(guard, std::chrono::seconds{40}, [this] { return over_; })) {
      long const now = count_.load(std::memory_order_relaxed);
      if (now == seen) {
        std::fprintf(stderr, "%s hangs after %ld steps\n", what_, now);
        std::abort();
      }
      seen = now;
    }
  }

  char const* what_;
  std::atomic<long> count_{0};
  std::mutex mutex_;
  std::condition_variable changed_;
  bool over_ = false;  // guarded by mutex_
  std::thread thread_;
};

}  // namespace skein_test
