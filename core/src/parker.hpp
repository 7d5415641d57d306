// SPDX-License-Identifier: Apache-2.0
// parker.hpp: how one worker sleeps until somebody unparks it, a deadline comes, or I/O is ready.
//
// What       One word that is also the futex. A token left by unpark is consumed by the next park.
// Source     The park/unpark of java.util.concurrent.locks.LockSupport.
// Threads    announce, wait, retract: the owner.  unpark: any thread.
// Progress   unpark never blocks; it makes one system call only when the owner really sleeps.
// Lifetime   As its worker. Who unparks from a thread that is no worker is counted as a visitor of the
//            runtime (runtime_core.hpp), which does not end before the visitor has left.
//
// Invariants
//   I1  announce, then look at every queue, then wait: work that was pushed before the look is seen, work
//       pushed after it finds the announcement and unparks. Both sides use seq_cst on this word.
#pragma once

#include <skein/core/lowlevel/atomic.hpp>
#include <skein/core/lowlevel/driver.hpp>

#include <cstdint>
#include <memory>

namespace skein::detail {

class parker {
 public:
  /// Says that the owner is about to sleep, in the driver if there is one.
  ///
  /// Returns     False when a token was there; it is consumed: do not sleep.
  [[nodiscard]] bool announce(bool in_driver) noexcept {
    std::uint32_t expected = empty;
    if (word_.compare_exchange_strong(expected, in_driver ? parked_in_driver : parked,
                                      lowlevel::memory_order_seq_cst)) {
      return true;
    }
    word_.store(empty, lowlevel::memory_order_seq_cst);
    return false;
  }

  /// Takes the announcement back, after waking or instead of sleeping.
  void retract() noexcept { word_.exchange(empty, lowlevel::memory_order_seq_cst); }

  /// Returns     True between announce and retract, unless somebody has unparked the owner.
  [[nodiscard]] bool announced() const noexcept {
    std::uint32_t const word = word_.load(lowlevel::memory_order_seq_cst);
    return word == parked || word == parked_in_driver;
  }

  /// Sleeps on the futex for so many nanoseconds at most; only after announce(false).
  void wait(lowlevel::instant timeout) noexcept;

  /// Wakes the owner, or lets its next park return at once. The driver is looked at only when the owner said
  /// that it parks in it: the owner may be installing it just now.
  void unpark(std::unique_ptr<lowlevel::driver> const& driver) noexcept {
    std::uint32_t const before = word_.exchange(token, lowlevel::memory_order_seq_cst);
    if (before == parked) {
      wake_futex();
    } else if (before == parked_in_driver) {
      driver->wake();
    }
  }

 private:
  enum : std::uint32_t { empty, parked, parked_in_driver, token };
  void wake_futex() noexcept;

  lowlevel::atomic<std::uint32_t> word_{empty};
};

}  // namespace skein::detail
