// SPDX-License-Identifier: Apache-2.0
// context.hpp: context variables: values that follow a task, and are copied when a task or callback is made.
#pragma once

#include <skein/core/detail/context_cell.hpp>

#include <functional>
#include <new>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

namespace skein {

/// A handle to a set of values of context variables. Copies of the handle are handles to the same set;
/// `copy_context()` makes a new one.
///
/// Threads     Any. Tasks that run in one set at the same time read snapshots and write one value at a time.
/// Lifetime    The set lives as long as a handle, a task or a queued callback that has it.
/// Source      contextvars.Context; differs: it may be entered while it is entered already (rule G8).
class context {
 public:
  /// Makes an empty set.
  context() : cell_{detail::state_ref<detail::context_cell>::adopt(new detail::context_cell)} {}
  // No moves: a handle always has its set.
  context(context const&) noexcept = default;
  context& operator=(context const&) noexcept = default;
  ~context() = default;

  /// Calls f() with this as the current context.
  ///
  /// Returns     What f returns. A coro that f returns has not started: it runs in the context of whoever
  ///             awaits it.
  /// Throws      What f throws.
  template <class F>
  std::invoke_result_t<F> run(F&& f) {
    detail::context_slot slot;
    slot.enter(*cell_);
    detail::context_scope const scope{slot};
    return std::invoke(std::forward<F>(f));
  }

  /// Returns     True for handles to the same set.
  friend bool operator==(context const& a, context const& b) noexcept {
    return a.cell_.get() == b.cell_.get();
  }

  /// For skein itself.
  explicit context(detail::state_ref<detail::context_cell> cell) noexcept : cell_{std::move(cell)} {}
  [[nodiscard]] detail::context_cell& inner() const noexcept { return *cell_; }

 private:
  detail::state_ref<detail::context_cell> cell_;
};

/// Returns     A new set with the values of the current context.
/// Threads     Any; outside of tasks and callbacks each thread has a context of its own.
/// Cost        Two small allocations, whatever the number of values.
/// Source      contextvars.copy_context.
[[nodiscard]] context copy_context();

/// What `context_var::set` returns: given to `reset`, it brings the value before back.
///
/// Lifetime    Keeps the value before and the context in which it was set.
/// Source      contextvars.Token.
template <class T>
class context_token {
 public:
  context_token() noexcept = default;

 private:
  template <class U>
  friend class context_var;
  explicit context_token(detail::state_ref<detail::context_change> change) noexcept
      : change_{std::move(change)} {}

  detail::state_ref<detail::context_change> change_;
};

/// A variable that has a value for each context: for each task its own.
///
/// Threads     Any. T is copied out on several threads at once when several tasks have inherited a value.
/// Lifetime    Make it static, or let it outlive its use. Values that contexts still have outlive it.
/// Cost        A program that sets none pays nothing for contexts; a task that inherits values pays one
///             reference count (notes/context.md).
/// Source      contextvars.ContextVar.
template <class T>
class context_var {
  static_assert(std::is_object_v<T> && std::is_copy_constructible_v<T>,
                "every reader gets a copy of the value: use a std::shared_ptr for what cannot be copied");

 public:
  explicit context_var(std::string name) : name_{std::move(name)} {}
  /// `initial` is the value in contexts where none was set.
  context_var(std::string name, T initial) : name_{std::move(name)}, initial_{std::move(initial)} {}
  context_var(context_var const&) = delete;
  context_var& operator=(context_var const&) = delete;

  [[nodiscard]] std::string const& name() const noexcept { return name_; }

  /// Returns     A copy of the value in the current context, or of the initial one.
  /// Throws      `std::out_of_range` when it has neither.
  [[nodiscard]] T get() const {
    if (std::optional<T> value = find()) {
      return *std::move(value);
    }
    if (!initial_) {
      detail::throw_unset(name_.c_str());
    }
    return *initial_;
  }
  /// As get.
  ///
  /// Returns     `otherwise` when no value was set in the current context, even if there is an initial one.
  [[nodiscard]] T get(T otherwise) const {
    std::optional<T> value = find();
    return value ? *std::move(value) : std::move(otherwise);
  }

  /// Sets the value in the current context.
  ///
  /// Returns     What `reset` needs to undo this.
  context_token<T> set(T value) {
    using boxed = detail::context_value_of<T>;
    return context_token<T>{detail::change_context(
        key_, detail::state_ref<detail::context_value>::adopt(new boxed{std::move(value)}))};
  }

  /// Brings back what the value was before the `set` that the token is from; unset it becomes unset.
  ///
  /// Throws      `std::runtime_error` when the token was used already; `std::invalid_argument` when it is
  ///             from another variable, or from another context than the current one.
  void reset(context_token<T> token) { detail::undo_change(token.change_, key_); }

 private:
  // Small values that are plain bytes are copied where they are, others with a reference held.
  static constexpr bool plain =
      std::is_trivially_copyable_v<T> && std::is_default_constructible_v<T> && sizeof(T) <= 64;

  [[nodiscard]] std::optional<T> find() const {
    detail::context_slot const& here = detail::current_slot();
    if constexpr (plain) {
      T value;
      auto const copy = [](detail::context_value const& from, void* into) {
        *static_cast<T*>(into) = static_cast<detail::context_value_of<T> const&>(from).value;
      };
      return here.copy_out(key_, copy, &value) ? std::optional<T>{value} : std::nullopt;
    } else {
      auto const held = detail::state_ref<detail::context_value>::adopt(here.find(key_));
      return held ? std::optional<T>{static_cast<detail::context_value_of<T> const&>(*held).value}
                  : std::nullopt;
    }
  }

  detail::context_key const key_ = detail::next_context_key();
  std::string const name_;
  std::optional<T> const initial_;
};

/// Says in which context a callback runs: the first argument of `call_soon`, `call_soon_threadsafe`,
/// `call_later`, `call_at`, `add_done_callback`.
///
/// Source      The context= of asyncio's call_soon.
class with_context {
 public:
  explicit with_context(context c) noexcept : context_{std::move(c)} {}
  [[nodiscard]] context const& get() const noexcept { return context_; }

 private:
  context context_;
};

}  // namespace skein
