// SPDX-License-Identifier: Apache-2.0
// task_group.hpp: tasks that end before the block does that they were made in.
#pragma once

#include <skein/core/create_task.hpp>
#include <skein/core/detail/group_core.hpp>
#include <skein/core/exception_group.hpp>
#include <skein/core/task.hpp>
#include <skein/core/with.hpp>

#include <cstddef>
#include <exception>
#include <utility>

namespace skein {

/// Waits for all tasks that are made in it: `co_await with(task_group{}, [&](task_group& group) -> coro<>
/// {…})`.
///
/// When a task or the body ends with an error, the others are cancelled and awaited, and then the errors are
/// thrown together: an `exception_group`, or a `base_exception_group` when one is no `std::exception`; first
/// those of the tasks in the order they ended, the body's last. A task that is cancelled is no error. In a
/// branch of `when_all` only the branch is cancelled, not its task.
///
/// Cancelling  Cancels the tasks, waits for them, and then throws `cancelled_error`, unless there are errors:
///             then these are thrown, and the request is delivered at the next wait.
/// Threads     create_task and cancel: any task of the runtime, also tasks of the group.
/// Lifetime    Movable until it is entered. Destroyed without having been left, it cancels its tasks and
///             reports that.
/// Source      asyncio.TaskGroup; differs: usable from several threads; requests from before the entry do not
///             count; leaving an empty group takes one turn, so that a loop around it can be cancelled.
class task_group {
 public:
  /// For skein itself: how leaving treats cancel requests.
  static constexpr bool exit_sees_cancel = true;

  task_group() : core_{detail::state_ref<detail::group_core>::adopt(new detail::group_core)} {}
  task_group(task_group&&) noexcept = default;
  task_group& operator=(task_group&&) = delete;
  task_group(task_group const&) = delete;
  task_group& operator=(task_group const&) = delete;
  ~task_group() {
    if (core_) {
      core_->abandon();
    }
  }

  /// Makes a task of the group, as `skein::create_task` does.
  ///
  /// Throws      `std::runtime_error` before the group is entered, when it is shutting down after an error or
  ///             a cancel, and when it is finished; what is given is destroyed unstarted.
  /// Threads     Any task of the runtime.
  template <awaitable A>
  auto create_task(A&& operation) -> task<await_result_t<A>> {
    detail::group_place place{*core_};
    auto made = skein::create_task(std::forward<A>(operation));
    place.fill(*made.shared_state());
    return made;
  }
  template <awaitable A>
  auto create_task(A&& operation, task_options options) -> task<await_result_t<A>> {
    detail::group_place place{*core_};
    auto made = skein::create_task(std::forward<A>(operation), std::move(options));
    place.fill(*made.shared_state());
    return made;
  }
  template <class F, class... Args>
    requires detail::coro_callable<std::decay_t<F>&, std::decay_t<Args>&...>
  auto create_task(F&& f, Args&&... args)
      -> task<detail::coro_result<std::decay_t<F>&, std::decay_t<Args>&...>> {
    detail::group_place place{*core_};
    auto made = skein::create_task(std::forward<F>(f), std::forward<Args>(args)...);
    place.fill(*made.shared_state());
    return made;
  }
  template <class F, class... Args>
    requires detail::coro_callable<std::decay_t<F>&, std::decay_t<Args>&...>
  auto create_task(task_options options, F&& f, Args&&... args)
      -> task<detail::coro_result<std::decay_t<F>&, std::decay_t<Args>&...>> {
    detail::group_place place{*core_};
    auto made = skein::create_task(std::move(options), std::forward<F>(f), std::forward<Args>(args)...);
    place.fill(*made.shared_state());
    return made;
  }
  template <class... What>
  void create_task(What&&...) = delete;  // give a coro, or what returns one and its arguments

  /// Cancels the tasks and the body; leaving is then no error, unless there are others. A group that is
  /// cancelled before it is entered is cancelled at its entry; one that is finished stays as it is.
  ///
  /// Threads     Any.
  /// Source      asyncio.TaskGroup.cancel (3.15).
  void cancel() noexcept { core_->cancel(); }

  /// Returns     How many tasks of the group have not ended; a snapshot.
  [[nodiscard]] std::size_t size() const noexcept { return core_->size(); }

  /// Enters; called by `with`.
  ///
  /// Throws      `std::runtime_error` the second time.
  /// Cancelling  Does not wait.
  [[nodiscard]] coro<void> aenter() {
    core_->enter();
    co_return;
  }
  /// Waits for all tasks; called by `with`.
  ///
  /// Returns     True when the error is the cancellation of the group's own.
  /// Throws      The errors; `keyboard_interrupt` and `system_exit` as they are.
  /// Cancelling  As the group.
  [[nodiscard]] coro<bool> aexit(std::exception_ptr error) { return core_->exit(std::move(error)); }

 private:
  detail::state_ref<detail::group_core> core_;
};

}  // namespace skein
