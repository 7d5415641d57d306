// SPDX-License-Identifier: Apache-2.0
// context_slot.hpp: the place where a task, a callback or a thread has its context: one word.
//
// What       Nothing (an empty context), a map that was inherited and not written to yet, or a cell: the
//            place that context handles share. The first write, and the first handle, turn the first two into
//            the third.
// Threads    Any: the branches of a when_all share the slot of their task, get_context may ask from outside.
// Lifetime   A cell keeps the map that its slot inherited until it goes, so who has read the map out of the
//            slot may follow it without a lock for as long as the slot lives.
//
// Invariants
//   I1  The word goes from nothing or a map to a cell once, and stays.
//   I2  A map never changes. A cell's current map is replaced under the cell's lock.
//
// Orders     [tag] stands at the line that carries the order.
//   [A] cell, compare-exchange, acq_rel   pairs with [B]: who sees the cell sees what is in it.
//   [B] loads, acquire.
//   relaxed  clear, inherit and enter: nobody else uses the slot then.
//
// Checked    tests/core/context_test.cpp under ThreadSanitizer.
#pragma once

#include <skein/core/lowlevel/atomic.hpp>

#include <cstdint>

namespace skein::detail {

class context_cell;
class context_map;
class context_value;

/// The number of a context variable, never used twice.
using context_key = std::uint64_t;

class context_slot {
 public:
  constexpr context_slot() noexcept = default;
  context_slot(context_slot const&) = delete;
  context_slot& operator=(context_slot const&) = delete;
  ~context_slot() { clear(); }

  /// Takes a copy of the values of another slot: they share nothing afterwards. Before this slot is shared.
  ///
  /// Cost        One load when the other is empty; else one reference count.
  void inherit(context_slot const& from) noexcept {
    std::uintptr_t const word = from.word_.load(lowlevel::memory_order_acquire);  // [B]
    if (word != 0) [[unlikely]] {
      inherit_word(word);
    }
  }
  /// Makes the slot one of those that share a cell. Before the slot is shared, and instead of inheriting.
  void enter(context_cell& cell) noexcept;
  /// Returns     The cell of the slot, which is made when there is none.
  [[nodiscard]] context_cell& cell();

  /// Returns     True when the slot is one of those that share this cell.
  [[nodiscard]] bool has(context_cell const& cell) const noexcept {
    return word_.load(lowlevel::memory_order_acquire) ==  // [B]
           (reinterpret_cast<std::uintptr_t>(&cell) | cell_bit);
  }

  /// Returns     The value of a variable with a reference added for the caller, or null.
  [[nodiscard]] context_value* find(context_key key) const noexcept;
  /// Calls `copy` for the value of a variable, which stays where it is meanwhile. `copy` may run under a
  /// spinlock: it moves a few bytes and does nothing else.
  ///
  /// Returns     False when the variable has no value here; nothing was called.
  [[nodiscard]] bool copy_out(context_key key, void (*copy)(context_value const& value, void* into),
                              void* into) const noexcept;

  /// Drops the values, which nobody asks for any more.
  void clear() noexcept {
    if (word_.load(lowlevel::memory_order_relaxed) != 0) [[unlikely]] {
      clear_word();
    }
  }

 private:
  friend class context_cell;
  static constexpr std::uintptr_t cell_bit = 1;
  void inherit_word(std::uintptr_t word) noexcept;
  void clear_word() noexcept;

  lowlevel::atomic<std::uintptr_t> word_{0};
};

}  // namespace skein::detail
