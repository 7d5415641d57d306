// SPDX-License-Identifier: Apache-2.0
// two_in_step.hpp: two threads that begin each round together, as nearly as can be.
#pragma once

#include <sched.h>

#include <atomic>

namespace skein_test {

class two_in_step {
 public:
  /// Returns when both have called it for this round; rounds count from 0.
  void arrive(int round) noexcept {
    arrived_.fetch_add(1, std::memory_order_acq_rel);
    for (int spins = 0; arrived_.load(std::memory_order_acquire) < 2 * (round + 1); ++spins) {
      if (spins > 1000) {
        sched_yield();  // both on one core
      }
    }
  }

 private:
  std::atomic<int> arrived_{0};
};

}  // namespace skein_test
