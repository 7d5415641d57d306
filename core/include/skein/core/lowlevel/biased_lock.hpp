// SPDX-License-Identifier: Apache-2.0
// biased_lock.hpp: a spinlock that costs no atomic exchange as long as one lone loop is all who takes it.
//
// What       The first lone loop that takes the lock becomes its favourite: from then on it says with a store
//            that it is inside, and looks with a load whether it still is the favourite. Anybody else takes
//            the spinlock, revokes that for good, and waits until the favourite is not inside.
// Source     Biased locks as Java had them; the revocation is Dekker's protocol with asymmetric_fence.hpp.
// Threads    Any.
// Progress   As spinlock. The first foreign lock of a biased one interrupts the other cores, some µs.
//
// Invariants
//   I1  Who is not the favourite, and the favourite after it was revoked, is inside only with held_.
//   I2  favourite_ is written once, revoked_ is set once, both with held_.
//   I3  inside_ is written by the favourite only. It is inside when it set it and found revoked_ unset after;
//       otherwise it takes inside_ back and holds nothing.
//
// Orders     [tag] stands at the line that carries the order.
//   [A] lock, store of inside_, light fence, load of revoked_   against [B]: both do not miss each other.
//   [B] revoke, store of revoked_, heavy fence, load of inside_.
//   [C] unlock, store of inside_, release   pairs with [D] revoke, load of inside_, acquire: what the
//       favourite did inside happens before.
//   relaxed  favourite_: only the loop whose number it is acts on it without held_.
//
// Checked    tests/core/biased_lock_test.cpp; tests/stress/sync_stress.cpp under ThreadSanitizer. That both
//            fences are needed shows only in asymmetric_fence_test.cpp: here all words share a cache line.
#pragma once

#include <skein/core/detail/thread_state.hpp>
#include <skein/core/lowlevel/atomic.hpp>
#include <skein/core/lowlevel/spinlock.hpp>

#include <atomic>
#include <cstdint>

namespace skein::lowlevel {

/// The lock of the primitives of `skein/sync`. Never held over a suspension, a callback or a destructor of
/// the user.
///
/// Threads     Any; given back by the thread that took it.
/// Cost        On a lone loop, as long as nobody else takes it: two stores. Otherwise as a spinlock.
class biased_lock {
 public:
  void lock() noexcept {
    if (!enter_as_favourite()) {
      lock_as_others();
    }
  }
  void unlock() noexcept {
    if (inside_.load(memory_order_relaxed) != 0 &&
        favourite_.load(memory_order_relaxed) == detail::this_thread().lone_loop) {
      leave_as_favourite();
    } else {
      held_.unlock();
    }
  }

 private:
  friend class biased_guard;

  [[nodiscard, gnu::always_inline]] bool enter_as_favourite() noexcept {
    std::uint32_t const me = detail::this_thread().lone_loop;
    if (me == 0 || favourite_.load(memory_order_relaxed) != me) {
      return false;
    }
    inside_.store(1, memory_order_relaxed);  // [A]
    std::atomic_signal_fence(memory_order_seq_cst);
    if (revoked_.load(memory_order_relaxed) == 0) [[likely]] {
      return true;
    }
    inside_.store(0, memory_order_relaxed);
    return false;
  }
  void leave_as_favourite() noexcept { inside_.store(0, memory_order_release); }  // [C]
  void lock_as_others() noexcept {
    std::uint32_t const me = detail::this_thread().lone_loop;
    held_.lock();
    if (favourite_.load(memory_order_relaxed) != me) [[unlikely]] {
      lock_slow(me);
    }
  }

  /// With held_: becomes the favourite if there was none, or revokes who is.
  void lock_slow(std::uint32_t me) noexcept;

  spinlock held_;
  atomic<std::uint8_t> inside_{0};
  atomic<std::uint8_t> revoked_{0};
  atomic<std::uint32_t> favourite_{0};  // the number of a lone loop; 0 while there is none
};

/// Holds a biased lock, and remembers in which way: a lock_guard that gives back for less.
class [[nodiscard]] biased_guard {
 public:
  explicit biased_guard(biased_lock& lock) noexcept : lock_{lock}, favourite_{lock.enter_as_favourite()} {
    if (!favourite_) {
      lock_.lock_as_others();
    }
  }
  biased_guard(biased_guard const&) = delete;
  biased_guard& operator=(biased_guard const&) = delete;
  ~biased_guard() {
    if (favourite_) {
      lock_.leave_as_favourite();
    } else {
      lock_.held_.unlock();
    }
  }

 private:
  biased_lock& lock_;
  bool favourite_;
};

}  // namespace skein::lowlevel
