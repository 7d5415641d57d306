// SPDX-License-Identifier: Apache-2.0
// asymmetric_fence.hpp: a full fence whose frequent side is free.
//
// What       Of two threads that each store and then load what the other stores, one at least must see the
//            other. A full fence on both sides gives that. Here the side that runs often has a light fence,
//            which keeps the compiler in order only, and the rare side has a heavy one, which makes every
//            core that runs a thread of the process pass a full fence.
// Source     membarrier(2), MEMBARRIER_CMD_PRIVATE_EXPEDITED. Where the kernel refuses it, in some sandboxes,
//            both sides are full fences.
// Threads    Any, on one object: that both sides are of the same kind is its only state.
// Progress   light() is wait-free; heavy() interrupts the other cores, some µs.
//
// Checked    tests/core/asymmetric_fence_test.cpp, by the cores: ThreadSanitizer has no store buffers.
#pragma once

#include <skein/core/lowlevel/atomic.hpp>

namespace skein::lowlevel {

class asymmetric_fence {
 public:
  /// `expedited`   False: full fences on both sides. True only if of_process says so.
  explicit constexpr asymmetric_fence(bool expedited) noexcept : expedited_{expedited} {}

  /// Asks the kernel, once, whether it makes heavy fences for this process.
  [[nodiscard]] static asymmetric_fence const& of_process() noexcept;
  /// Returns     True when light() costs nothing.
  [[nodiscard]] bool expedited() const noexcept { return expedited_; }

  void light() const noexcept {
    if (expedited_) [[likely]] {
      std::atomic_signal_fence(memory_order_seq_cst);
    } else {
      full();
    }
  }
  void heavy() const noexcept;

 private:
  static void full() noexcept;

  bool const expedited_;
};

}  // namespace skein::lowlevel
