// SPDX-License-Identifier: Apache-2.0
// fork_deque.hpp: the forked children of one worker, newest first for the owner, oldest first for thieves.
//
// What       A bounded deque in two parts. What was forked last is private: putting it there and taking it
//            back costs no atomic read-modify-write. The oldest entries are public, for thieves. The owner
//            moves the border: it makes the outermost fork public at once, more when somebody is hungry
//            (`expose`), and takes half of the public part back when its private part is empty. The owner of
//            a fork keeps the index of its entries in a register (`mark`): `pop(b)` needs no search.
// Source     U. A. Acar, A. Charguéraud, M. Rainey, "Scheduling Parallel Programs by Work Stealing with
// Private
//            Deques", PPoPP 2013, and the split deques before it; the word with a tag is ours.
// Threads    mark, room, put, publish, pop, expose: the owning worker.  steal, looks_empty: any thread.
// Progress   Owner operations are wait-free but for take_back, which is lock-free, as steal is; a steal fails
//            when it loses a race.
// Lifetime   Entries are borrowed coroutine frames: whoever takes one out resumes it.
//
// Invariants (top, split: of the public word, as the owner counts)
//   I1  top <= split_ <= bottom_ between operations; entries [top, split_) are public, [split_, bottom_)
//   private. I2  A public entry is taken by exactly one of take_back and one thief; a private one by the
//   owner. I3  A failed pop leaves bottom_ == split_ == top: everything older was stolen too, and later
//   pushes are not
//       lost.
//   I4  put writes entry i only while i < top + capacity (`room`), and only where nothing is public: a thief
//   that
//       copies an entry which is overwritten meanwhile fails its compare-exchange, because top or tag moved.
//   I5  The tag grows whenever the owner moves the border, so a word never comes back while a thief looks at
//   it:
//       2^32 moves would have to fit between its load and its compare-exchange.
//
// Orders     [tag] stands at the line that carries the order.
//   [A] expose, fetch_add, seq_cst   pairs with [B]: who sees an entry public sees it and its frame. seq_cst,
//                                    because the owner then looks whether somebody sleeps (idle_set I2), who
//                                    looked at [D] before.
//   [B] steal, load, acquire.
//   [C] steal, compare-exchange, acq_rel   pairs with [E]: the copy of the entry was made before the owner
//                                          writes another one there.
//   [D] looks_empty, seq_cst.
//   [E] room_after_steals, load, acquire.
//   relaxed  entries (published by [A]); take_back, which publishes nothing.
//
// Checked    tests/core/fork_deque_test.cpp; tests/model/fork_deque_model.cpp: every interleaving;
//            tests/stress/fork_deque_stress.cpp under ThreadSanitizer.
#pragma once

#include <skein/core/lowlevel/atomic.hpp>

#include <array>
#include <cstdint>
#include <limits>
#include <memory>

namespace skein::lowlevel {

/// Forked children waiting to be run by their parent or to be stolen.
template <std::uint32_t Capacity = 8192, template <class> class Atomic = atomic>
class basic_fork_deque {
  static_assert((Capacity & (Capacity - 1)) == 0, "the capacity is a power of two");
  static_assert(Capacity <= 1U << 15U, "differences of indices are kept in 16 bits");

 public:
  using index = std::int64_t;
  enum class thieves { some, none };

  /// `t`         None: with one worker nothing is ever made public.
  explicit basic_fork_deque(thieves t = thieves::some) noexcept(false)
      : split_{t == thieves::some ? 0 : std::numeric_limits<index>::min()} {}

  /// Returns     The index that the next put will use.
  [[nodiscard]] index mark() const noexcept { return bottom_; }

  /// Returns     True when n more entries fit behind b.
  [[nodiscard]] bool room(index b, index n) noexcept {
    return b + n - oldest_ <= index{Capacity} || room_after_steals(b, n);
  }

  void put(index b, void* entry) noexcept {
    (*entries_)[static_cast<std::size_t>(b) & mask].store(entry, memory_order_relaxed);
  }

  /// Makes what was put a part of the deque.
  ///
  /// Returns     True for the outermost fork, which thieves can see now: somebody may sleep.
  [[nodiscard]] bool publish(index new_bottom) noexcept {
    bool const outermost = bottom_ == split_;
    bottom_ = new_bottom;
    if (outermost) [[unlikely]] {
      offer();
    }
    return outermost;
  }

  /// Takes entry b, the newest, back.
  ///
  /// Returns     False when it was stolen; then so was every older entry.
  [[nodiscard]] bool pop(index b) noexcept {
    if (b < split_) [[unlikely]] {
      return take_back(b);
    }
    bottom_ = b;
    return true;
  }

  /// Makes half of the private entries public, or all of them.
  void expose(bool all) noexcept {
    index const own = split_ < 0 ? 0 : bottom_ - split_;
    if (own > 0) {
      move_border(all ? own : (own + 1) / 2);
    }
  }

  /// Takes the oldest entry.
  ///
  /// Returns     Null when there is none or another thread was faster.
  [[nodiscard]] void* steal() noexcept {
    std::uint64_t word = word_.load(memory_order_acquire);  // [B]
    if (public_in(word) == 0) {
      return nullptr;
    }
    void* const entry = (*entries_)[word & mask].load(memory_order_relaxed);
    std::uint64_t const next = (word & ~top_bits) | ((word + 1) & top_bits);
    if (!word_.compare_exchange_strong(word, next, memory_order_acq_rel, memory_order_relaxed)) {  // [C]
      return nullptr;
    }
    return entry;
  }

  /// Returns     True when thieves find nothing; a snapshot.
  [[nodiscard]] bool looks_empty() const noexcept {
    return public_in(word_.load(memory_order_seq_cst)) == 0;  // [D]
  }

 private:
  // The word: top in bits 0 to 15, split in 16 to 31, then the tag, which a carry out of split only changes.
  static constexpr std::uint64_t top_bits = 0xffff;
  static constexpr std::uint64_t one_split = std::uint64_t{1} << 16U;
  static constexpr std::uint64_t one_tag = std::uint64_t{1} << 32U;
  static constexpr std::size_t mask = Capacity - 1;

  [[nodiscard]] static index public_in(std::uint64_t word) noexcept {
    return static_cast<std::uint16_t>((word >> 16U) - word);
  }

  void move_border(index n) noexcept {
    word_.fetch_add(static_cast<std::uint64_t>(n) * one_split + one_tag, memory_order_seq_cst);  // [A]
    split_ += n;
  }

  // Nobody is to wait for the owner to look up: when nothing is public, the outermost fork becomes so.
  [[gnu::noinline]] void offer() noexcept {
    if (bottom_ > split_ && public_in(word_.load(memory_order_relaxed)) == 0) {
      move_border(bottom_ - split_);
    }
  }

  // The private part is empty: takes half of the public one back, the newer half.
  [[gnu::noinline]] bool take_back(index b) noexcept {
    std::uint64_t word = word_.load(memory_order_relaxed);
    for (;;) {
      index const left = public_in(word);
      if (left == 0) {
        bottom_ = split_;
        return false;
      }
      index const taken = (left + 1) / 2;
      std::uint64_t const split = ((word >> 16U) - static_cast<std::uint64_t>(taken)) & top_bits;
      std::uint64_t const next = ((word & ~(one_tag - 1)) + one_tag) | (split << 16U) | (word & top_bits);
      if (word_.compare_exchange_weak(word, next, memory_order_relaxed, memory_order_relaxed)) {
        split_ -= taken;
        bottom_ = b;
        return true;
      }
    }
  }

  [[gnu::noinline]] bool room_after_steals(index b, index n) noexcept {
    index const first_private = split_ < 0 ? 0 : split_;
    oldest_ = first_private - public_in(word_.load(memory_order_acquire));  // [E]
    return b + n - oldest_ <= index{Capacity};
  }

  // Owner only.
  index bottom_ = 0;
  index split_;       // below every index when there are no thieves
  index oldest_ = 0;  // top, or less: looked up when there seems to be no room
  // Constant after construction.
  std::unique_ptr<std::array<Atomic<void*>, Capacity>> entries_ =
      std::make_unique<std::array<Atomic<void*>, Capacity>>();
  // Written by the owner and by thieves.
  alignas(cache_line) Atomic<std::uint64_t> word_{0};
};

using fork_deque = basic_fork_deque<>;

}  // namespace skein::lowlevel
