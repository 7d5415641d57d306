// SPDX-License-Identifier: Apache-2.0
// task.hpp: task<T>, a coroutine that runs on its own, and any_task, the same without its type.
#pragma once

#include <skein/core/context.hpp>
#include <skein/core/future.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace skein {

enum class task_state { pending, scheduled, running, done, cancelled };

/// One await: the function that awaits, and where.
struct call_frame {
  std::string function;
  std::string file;
  unsigned line = 0;
};

namespace detail {

[[nodiscard]] std::vector<call_frame> stack_of_task(task_state& state, std::optional<int> limit);
void print_stack_of_task(task_state& state, std::optional<int> limit);

[[nodiscard]] std::optional<unsigned> worker_of(task_state& state) noexcept;

/// What tasks have more than futures. Derived is a handle.
template <class Derived>
class task_part {
 public:
  /// Returns     The name: `Task-N` unless one was given.
  [[nodiscard]] std::string get_name() const { return state().name(); }
  void set_name(std::string name) const { state().set_text(&future_texts::name, std::move(name)); }
  /// Returns     A number that no other task of this process has.
  [[nodiscard]] std::uint64_t id() const { return state().id(); }
  /// Returns     How many cancel requests there are that `uncancel` did not take back.
  [[nodiscard]] int cancelling() const { return state().cancelling(); }
  /// Takes one cancel request back; a request that was not delivered yet is withdrawn with the last one.
  ///
  /// Returns     How many are left.
  int uncancel() const { return state().uncancel(); }
  /// Where the task waits, or waited last: the oldest await first, as asyncio has it.
  ///
  /// `limit`     So many of the newest at most.
  ///
  /// Returns     Nothing when it is done or has not begun.
  /// Source      asyncio.Task.get_stack; differs: a waiting task shows all of its coroutines.
  [[nodiscard]] std::vector<call_frame> get_stack(std::optional<int> limit = {}) const {
    return stack_of_task(state(), limit);
  }
  /// Writes the stack to the log.
  void print_stack(std::optional<int> limit = {}) const { print_stack_of_task(state(), limit); }
  /// Returns     The context that the task runs in, also when it is done.
  [[nodiscard]] context get_context() const {
    return context{state_ref<context_cell>::share(&state().own_context.cell())};
  }
  /// Returns     The number of the worker that runs the task now, as `runtime::loop` counts them; else of the
  ///             one that it is pinned to; nothing when any may run it, or it is done. A snapshot.
  [[nodiscard]] std::optional<unsigned> worker() const { return worker_of(state()); }
  /// Returns     A snapshot.
  [[nodiscard]] skein::task_state state_now() const { return snapshot(state()); }

 private:
  [[nodiscard]] detail::task_state& state() const {
    any_future const& handle = static_cast<Derived const&>(*this);
    if (!handle) [[unlikely]] {
      throw_null_future();
    }
    return *handle.shared_state()->as_task();
  }
  static skein::task_state snapshot(detail::task_state& state);
};

[[nodiscard]] skein::task_state snapshot_of(detail::task_state& state) noexcept;

template <class Derived>
skein::task_state task_part<Derived>::snapshot(detail::task_state& state) {
  return snapshot_of(state);
}

}  // namespace detail

/// A coroutine that a loop runs, and the future of its result.
///
/// One that ends with an error nobody takes is reported to the exception handler when its last handle goes.
///
/// Cancelling  `cancel()` sends a request, which the task sees as `cancelled_error` at the wait it is in
///             or at its next one.
/// Threads     All functions: any thread.
/// Lifetime    The loop owns an unfinished task: dropping the handle does not stop it.
/// Source      asyncio.Task.
template <class T = void>
class task : public future<T>, public detail::task_part<task<T>> {
 public:
  using skein_awaits = T;

  task() noexcept = default;
  template <class... U>
  void set_result(U&&...) = delete;  // the coroutine of a task gives its result
  template <class... U>
  bool try_set_result(U&&...) = delete;  // the coroutine of a task gives its result
  template <class... E>
  void set_exception(E&&...) = delete;  // the coroutine of a task gives its result
  [[nodiscard]] skein::task_state state() const { return this->state_now(); }

  /// For skein itself.
  explicit task(detail::state_ref<> state) noexcept : future<T>{std::move(state)} {}
};

/// A handle to a task of any type; null when default-made.
class any_task : public any_future, public detail::task_part<any_task> {
 public:
  any_task() noexcept = default;
  template <class T>
  any_task(task<T> const& t) noexcept : any_future{t} {}  // NOLINT: meant to convert
  [[nodiscard]] skein::task_state state() const { return this->state_now(); }

  /// For skein itself.
  explicit any_task(detail::state_ref<> state) noexcept : any_future{std::move(state)} {}
};

/// Returns     The task that runs on this thread; null in callbacks and outside of loops.
[[nodiscard]] any_task current_task() noexcept;

/// Returns     A snapshot of the unfinished tasks of the running runtime.
/// Throws      `no_running_loop_error`.
[[nodiscard]] std::vector<any_task> all_tasks();

/// Returns     A snapshot of the unfinished tasks that were made on that loop.
[[nodiscard]] std::vector<any_task> all_tasks(event_loop& loop);

}  // namespace skein
