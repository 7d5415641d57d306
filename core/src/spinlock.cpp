// SPDX-License-Identifier: Apache-2.0
// spinlock.cpp: what a thread does that finds a spinlock taken.
#include <skein/core/lowlevel/spinlock.hpp>

#include <sched.h>

namespace skein::lowlevel {
namespace {
constexpr int spins_before_yield = 64;  // about 2 µs: longer than any section that is not preempted
}

void spinlock::lock_slow() noexcept {
  for (;;) {
    for (int i = 0; i < spins_before_yield; ++i) {
      cpu_relax();
      if (held_.load(memory_order_relaxed) == 0 && held_.exchange(1, memory_order_acquire) == 0) {
        return;
      }
    }
    sched_yield();
  }
}

}  // namespace skein::lowlevel
