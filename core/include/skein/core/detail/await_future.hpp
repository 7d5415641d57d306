// SPDX-License-Identifier: Apache-2.0
// await_future.hpp: waiting for a future in a task, and setting and reading its result.
#pragma once

#include <skein/core/clock.hpp>
#include <skein/core/detail/task_state.hpp>
#include <skein/core/lowlevel/wait_node.hpp>

#include <coroutine>
#include <source_location>
#include <stdexcept>
#include <type_traits>
#include <utility>

namespace skein::detail {

[[noreturn]] void throw_null_future();
[[noreturn]] void throw_invalid_state(future_state& state);
void set_error(future_state& state, std::exception_ptr error);
void block_until_done(future_state& state, delay limit);

/// Wins the right to complete a future and writes the value; nobody sees it before `publish`.
///
/// Returns     False when somebody else did or does complete it.
template <class T, class... U>
bool claim_with_value(future_state& state, U&&... value) {
  if (state.is_task() || !state.claim()) {
    return false;
  }
  slot<T>& result = result_slot<T>(state);
  try {
    if constexpr (std::is_void_v<T>) {
      ::new (&result.value) std::monostate{};
    } else if constexpr (std::is_reference_v<T>) {
      ::new (&result.value) stored_t<T>(std::addressof(value)...);
    } else {
      ::new (&result.value) T(std::forward<U>(value)...);
    }
  } catch (...) {
    state.unclaim();
    throw;
  }
  result.status.store(slot_status::done, lowlevel::memory_order_relaxed);
  return true;
}

/// Completes a future with a value.
///
/// Returns     False when somebody else did or does.
template <class T, class... U>
bool set_value(future_state& state, U&&... value) {
  if (!claim_with_value<T>(state, std::forward<U>(value)...)) {
    return false;
  }
  state.publish(future_status::finished);
  return true;
}

/// Returns     A copy of the value of a finished future; a type that cannot be copied is moved out.
template <class T>
T copy_result(future_state& state) {
  slot<T>& result = result_slot<T>(state);
  if constexpr (std::is_void_v<T>) {
    return;
  } else if constexpr (std::is_reference_v<T>) {
    return static_cast<T>(*result.value);
  } else if constexpr (std::is_copy_constructible_v<T>) {
    return result.value;
  } else {
    return std::move(result.value);
  }
}

/// The part of the await that does not depend on the type.
class await_future : public lowlevel::wait_node, public completion_node {
 public:
  await_future(future_state& state, std::source_location where) noexcept
      : wait_node{ops, where}, completion_node{&completed_wait}, state_{state_ref<>::share(&state)} {}

  /// Returns     The task whose await this node is; null for another kind of node.
  [[nodiscard]] static task_state* task_that_waits(completion_node& node) noexcept {
    return node.completed == &completed_wait ? &task_of_flow(static_cast<await_future&>(node).flow())
                                             : nullptr;
  }

  [[nodiscard]] bool await_ready() const {
    if (state_->done()) {
      return lowlevel::spend_budget();
    }
    check();
    return false;
  }

  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> coroutine) {
    prepare(coroutine);
    return suspend();
  }

  await_future(await_future const&) = delete;
  await_future& operator=(await_future const&) = delete;

 protected:
  ~await_future() { leave(); }
  void finish();

  state_ref<> state_;

 private:
  static lowlevel::work_ops const ops;
  static void completed_wait(completion_node& node, future_state& awaited) noexcept;
  static bool cancel_wait(lowlevel::wait_node& node) noexcept;
  static void abandon_wait(lowlevel::wait_node& node) noexcept;
  void check() const;
  [[nodiscard]] bool suspend();
};

template <class T, bool Take>
class future_awaiter : public await_future {
 public:
  using await_future::await_future;

  T await_resume() {
    finish();
    if constexpr (Take && !std::is_void_v<T> && !std::is_reference_v<T>) {
      if (!std::is_copy_constructible_v<T>) {
        return std::move(result_slot<T>(*state_).value);
      }
    }
    return copy_result<T>(*state_);
  }
};

}  // namespace skein::detail
