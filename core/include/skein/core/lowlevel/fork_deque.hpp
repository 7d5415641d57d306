// SPDX-License-Identifier: Apache-2.0
// fork_deque.hpp: the forked children of one worker, newest first for the owner, oldest first for thieves.
//
// What       A bounded Chase-Lev deque. The owner of a fork keeps the index of its entries in a register
//            (`mark`), so taking one back needs no search: `pop(b)` asks for exactly the entry b.
// Source     D. Chase and Y. Lev, "Dynamic Circular Work-Stealing Deque", SPAA 2005; the pop by exchange
//            instead of store and fence is ours (design.md §2: 1.3 ns a fork).
// Threads    mark, room, put, publish, pop: the owning worker.  steal, looks_empty: any thread.
// Progress   Owner operations are wait-free; steal is lock-free and fails when it loses a race.
// Lifetime   Entries are borrowed coroutine frames: whoever takes one out resumes it.
//
// Invariants
//   I1  top_ never goes down; top_ <= bottom_ between operations.
//   I2  Entry i with top_ <= i < bottom_ is taken by exactly one of the owner's pop and one thief.
//   I3  A failed pop leaves bottom_ == top_: everything older was stolen too, and later pushes are not lost.
//   I4  put writes entry i only while i < top_ + capacity (`room`), so a thief that copies an entry which is
//       overwritten meanwhile fails its compare-exchange.
//
// Orders     [tag] stands at the line that carries the order.
//   [A] publish, store, release      pairs with [B]: who sees the new bottom sees the entry and its frame.
//   [B] steal, load of bottom_, seq_cst (acquire part).
//   [C] pop, exchange of bottom_, seq_cst, then [D] load of top_, seq_cst; steal reads top_ [E] and then
//       bottom_ [B], both seq_cst. In the single total order either the owner sees the thief's top or the
//       thief sees the owner's bottom: not both miss (I2).
//   [F] compare-exchange of top_, seq_cst, in steal and in pop of the last entry: decides who has it.
//   relaxed  entries (published by [A]), bottom_ read by its only writer, bottom_ restored after a failed
//            pop (it then equals top_, and a thief that reads it finds nothing).
//
// Checked    tests/core/fork_deque_test.cpp; tests/stress/fork_deque_stress.cpp under ThreadSanitizer.
#pragma once

#include <skein/core/lowlevel/atomic.hpp>

#include <array>
#include <cstdint>
#include <memory>

namespace skein::lowlevel {

/// Forked children waiting to be run by their parent or to be stolen.
template <std::uint32_t Capacity = 8192>
class basic_fork_deque {
  static_assert((Capacity & (Capacity - 1)) == 0, "the capacity is a power of two");

 public:
  using index = std::int64_t;

  /// Returns     The index that the next put will use.
  [[nodiscard]] index mark() const noexcept { return bottom_.load(memory_order_relaxed); }

  /// Returns     True when n more entries fit behind b.
  [[nodiscard]] bool room(index b, index n) const noexcept {
    return b + n - top_.load(memory_order_relaxed) <= index{Capacity};
  }

  void put(index b, void* entry) noexcept {
    (*entries_)[static_cast<std::size_t>(b) & mask].store(entry, memory_order_relaxed);
  }

  void publish(index new_bottom) noexcept { bottom_.store(new_bottom, memory_order_release); }  // [A]

  /// Takes entry b, the newest, back.
  ///
  /// Returns     False when it was stolen; then so was every older entry.
  [[nodiscard]] bool pop(index b) noexcept {
    bottom_.exchange(b, memory_order_seq_cst);          // [C]
    index const top = top_.load(memory_order_seq_cst);  // [D]
    if (top < b) [[likely]] {
      return true;
    }
    return pop_last(b, top);
  }

  /// Takes the oldest entry.
  ///
  /// Returns     Null when there is none or another thread was faster.
  [[nodiscard]] void* steal() noexcept {
    index top = top_.load(memory_order_seq_cst);              // [E]
    index const bottom = bottom_.load(memory_order_seq_cst);  // [B]
    if (top >= bottom) {
      return nullptr;
    }
    void* const entry = (*entries_)[static_cast<std::size_t>(top) & mask].load(memory_order_relaxed);
    if (!top_.compare_exchange_strong(top, top + 1, memory_order_seq_cst, memory_order_relaxed)) {  // [F]
      return nullptr;
    }
    return entry;
  }

  [[nodiscard]] bool looks_empty() const noexcept {
    return bottom_.load(memory_order_relaxed) <= top_.load(memory_order_relaxed);
  }

 private:
  static constexpr std::size_t mask = Capacity - 1;

  [[gnu::noinline]] bool pop_last(index b, index top) noexcept {
    bool won = false;
    if (top == b) {
      won = top_.compare_exchange_strong(top, top + 1, memory_order_seq_cst, memory_order_relaxed);  // [F]
      top = b + 1;
    }
    bottom_.store(top, memory_order_relaxed);
    return won;
  }

  // Written by thieves, read by the owner.
  alignas(cache_line) atomic<index> top_{0};
  // Written by the owner, read by thieves.
  alignas(cache_line) atomic<index> bottom_{0};
  // Constant after construction.
  std::unique_ptr<std::array<atomic<void*>, Capacity>> entries_ =
      std::make_unique<std::array<atomic<void*>, Capacity>>();
};

using fork_deque = basic_fork_deque<>;

}  // namespace skein::lowlevel
