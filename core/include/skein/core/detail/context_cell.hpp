// SPDX-License-Identifier: Apache-2.0
// context_cell.hpp: what context handles share, the values in it, and making one the current one.
#pragma once

#include <skein/core/detail/context_slot.hpp>
#include <skein/core/detail/future_state.hpp>
#include <skein/core/detail/thread_state.hpp>
#include <skein/core/lowlevel/atomic.hpp>
#include <skein/core/lowlevel/spinlock.hpp>

#include <cstdint>
#include <utility>

namespace skein::detail {

/// One value of a context variable; maps share it.
class context_value {
 public:
  context_value() = default;
  context_value(context_value const&) = delete;
  context_value& operator=(context_value const&) = delete;
  virtual ~context_value() = default;

  void retain() noexcept { references_.fetch_add(1, lowlevel::memory_order_relaxed); }
  void release() noexcept {
    if (references_.fetch_sub(1, lowlevel::memory_order_acq_rel) == 1) {
      delete this;
    }
  }

 private:
  lowlevel::atomic<std::uint32_t> references_{1};
};

template <class T>
class context_value_of final : public context_value {
 public:
  explicit context_value_of(T&& v) : value{std::move(v)} {}
  T const value;
};

/// A map that is replaced as a whole.
///
/// Threads     Any.
class context_cell {
 public:
  /// Takes over a reference to each map; null is an empty one. `inherited` is what a slot had that now gets
  /// this cell.
  explicit context_cell(context_map* map = nullptr, context_map* inherited = nullptr) noexcept
      : map_{map}, inherited_{inherited} {}
  context_cell(context_cell const&) = delete;
  context_cell& operator=(context_cell const&) = delete;

  /// Returns     A new cell with the values of a slot.
  [[nodiscard]] static state_ref<context_cell> copy_of(context_slot const& from);

  void retain() noexcept { references_.fetch_add(1, lowlevel::memory_order_relaxed); }
  void release() noexcept {
    if (references_.fetch_sub(1, lowlevel::memory_order_acq_rel) == 1) {
      delete this;
    }
  }

  /// Returns     The map of now with a reference added for the caller; null when it is empty.
  [[nodiscard]] context_map* snapshot() noexcept;
  /// Sets the value of a variable, or takes it away when it is null.
  ///
  /// Returns     The value before, or null.
  state_ref<context_value> replace(context_key key, state_ref<context_value> value);

  [[nodiscard]] context_value* find(context_key key) noexcept;
  [[nodiscard]] bool copy_out(context_key key, void (*copy)(context_value const& value, void* into),
                              void* into) noexcept;

 private:
  ~context_cell();

  lowlevel::atomic<std::uint32_t> references_{1};
  lowlevel::spinlock lock_;
  context_map* map_;              // guarded by lock_; owns a reference
  context_map* const inherited_;  // others may be reading it without a lock
};

/// What `set` leaves for `reset`.
class context_change {
 public:
  context_change(context_key key, state_ref<context_cell> where) noexcept
      : key_{key}, where_{std::move(where)} {}
  void set_before(state_ref<context_value> value) noexcept { before_ = std::move(value); }

  void retain() noexcept { references_.fetch_add(1, lowlevel::memory_order_relaxed); }
  void release() noexcept {
    if (references_.fetch_sub(1, lowlevel::memory_order_acq_rel) == 1) {
      delete this;
    }
  }

  /// Puts the value before the change back; see context_var::reset.
  void undo(context_key key);

 private:
  context_key const key_;
  state_ref<context_cell> const where_;
  state_ref<context_value> before_;  // taken by the one that undoes
  lowlevel::atomic<std::uint32_t> references_{1};
  lowlevel::atomic<bool> used_{false};
};

[[nodiscard]] context_key next_context_key() noexcept;
[[noreturn]] void throw_unset(char const* name);

/// Sets a variable in the current context.
[[nodiscard]] state_ref<context_change> change_context(context_key key, state_ref<context_value> value);
void undo_change(state_ref<context_change> const& change, context_key key);

/// Returns     The slot that is the current context of this thread: that of a callback or of context::run, or
///             else of the task that runs, or else the thread's own. For reading.
[[nodiscard]] context_slot const& current_slot() noexcept;
/// The same for writing.
[[nodiscard]] context_slot& own_current_slot();

/// Makes a slot the current context of this thread while the scope lives; nothing may suspend meanwhile.
class context_scope {
 public:
  explicit context_scope(context_slot& slot);
  context_scope(context_scope const&) = delete;
  context_scope& operator=(context_scope const&) = delete;
  ~context_scope() { thread_.context = before_; }

 private:
  thread_state& thread_;
  context_slot* before_;
};

}  // namespace skein::detail
