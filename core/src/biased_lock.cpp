// SPDX-License-Identifier: Apache-2.0
// biased_lock.cpp: who becomes the favourite of a lock, and how it ceases to be.
#include <skein/core/lowlevel/asymmetric_fence.hpp>
#include <skein/core/lowlevel/biased_lock.hpp>

#include <sched.h>

namespace skein::lowlevel {

void biased_lock::lock_slow(std::uint32_t me) noexcept {
  if (revoked_.load(memory_order_relaxed) != 0) {
    return;
  }
  if (favourite_.load(memory_order_relaxed) == 0) {
    favourite_.store(me, memory_order_relaxed);
    return;
  }
  revoked_.store(1, memory_order_relaxed);  // [B]
  asymmetric_fence::of_process().heavy();
  while (inside_.load(memory_order_acquire) != 0) {  // [D]
    sched_yield();
  }
}

}  // namespace skein::lowlevel
