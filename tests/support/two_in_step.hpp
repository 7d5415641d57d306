// SPDX-License-Identifier: Apache-2.0
// two_in_step.hpp: two threads that begin each round together, as nearly as can be.
#pragma once

#include <sched.h>

#include <atomic>

namespace skein_test {

class two_in_step {
 public:
  /// Returns when both have called it as often.
  void arrive() noexcept {
    int const both = (arrived_.fetch_add(1, std::memory_order_acq_rel) / 2 + 1) * 2;
    for (int spins = 0; arrived_.load(std::memory_order_acquire) < both; ++spins) {
      if (spins > 1000) {
        sched_yield();  // both on one core
      }
    }
  }

 private:
  std::atomic<int> arrived_{0};
};

}  // namespace skein_test
