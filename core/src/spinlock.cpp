// SPDX-License-Identifier: Apache-2.0
// spinlock.cpp: what a thread does that finds a spinlock taken.
#include <skein/core/lowlevel/spinlock.hpp>

#include <sched.h>

namespace skein::lowlevel {
namespace {
// In pauses of 10 to 40 ns. Who finds it taken looks again only after a while: two threads that want it all
// the time then pass it, and its cache line, on every few dozen times and not every time (notes/queue_runs.md
// of sync).
constexpr int pauses_first = 32;
constexpr int pauses_max = 64;
constexpr int pauses_before_yield = 256;  // longer than any section that is not preempted
}  // namespace

void spinlock::lock_slow() noexcept {
  int pauses = pauses_first;
  int waited = 0;
  for (;;) {
    for (int i = 0; i < pauses; ++i) {
      cpu_relax();
    }
    if (held_.load(memory_order_relaxed) == 0 && held_.exchange(1, memory_order_acquire) == 0) {
      return;
    }
    waited += pauses;
    if (waited >= pauses_before_yield) {
      sched_yield();
      waited = 0;
    }
    pauses = pauses < pauses_max ? pauses * 2 : pauses_max;
  }
}

}  // namespace skein::lowlevel
