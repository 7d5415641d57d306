// SPDX-License-Identifier: Apache-2.0
// spinlock.hpp: a one-byte lock for critical sections of a few dozen instructions.
#pragma once

#include <skein/core/lowlevel/atomic.hpp>

#include <cstdint>

namespace skein::lowlevel {

/// A test-and-set lock. Never held over a suspension, a callback or a destructor of the user.
///
/// Threads     Any. A waiter spins for a moment, then gives its time slice away (`sched_yield`), because on a
///             machine with fewer cores than threads the holder may not be running.
/// Cost        One atomic exchange to take it when free, one store to give it back.
class spinlock {
 public:
  void lock() noexcept {
    if (held_.exchange(1, memory_order_acquire) != 0) [[unlikely]] {
      lock_slow();
    }
  }
  [[nodiscard]] bool try_lock() noexcept { return held_.exchange(1, memory_order_acquire) == 0; }
  void unlock() noexcept { held_.store(0, memory_order_release); }

 private:
  void lock_slow() noexcept;

  atomic<std::uint8_t> held_{0};
};

}  // namespace skein::lowlevel
