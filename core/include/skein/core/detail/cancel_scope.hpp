// SPDX-License-Identifier: Apache-2.0
// cancel_scope.hpp: cancelling the strand that entered a scope, and telling this request from those of
// others.
#pragma once

#include <skein/core/detail/task_state.hpp>

#include <exception>

namespace skein::detail {

/// A scope of a task, or of one branch of a `when_all`, that may end before its body does: a timeout, a
/// group.
///
/// It counts requests as asyncio does: what was outstanding at entry does not matter to it, what came later
/// from others is never swallowed.
///
/// Threads     enter, leave, others, rearm: the strand. request: any thread, while the owner keeps the strand
///             from leaving.
class cancel_scope {
 public:
  cancel_scope() noexcept = default;
  cancel_scope(cancel_scope const&) = delete;
  cancel_scope& operator=(cancel_scope const&) = delete;

  /// Remembers the running strand.
  ///
  /// Throws      `std::runtime_error` with this text when no task runs.
  void enter(char const* without_task);
  /// Cancels the strand; at most once.
  void request() noexcept;
  [[nodiscard]] bool requested() const noexcept { return requested_; }
  /// Takes the request back, if there was one, delivered or not.
  void leave() noexcept;
  /// Returns     True when others have asked for cancellation since enter; called after leave.
  [[nodiscard]] bool others() const noexcept { return task_->cancelling_of(*request_.strand) > before_; }
  /// Has the strand see the request of others again, where it waits next.
  void rearm() noexcept { task_->hold_cancel(*request_.strand); }

  [[nodiscard]] task_state& task() const noexcept { return *task_; }

 private:
  // Constant after enter.
  task_state* task_ = nullptr;
  int before_ = 0;
  bool pending_before_ = false;
  // The owner orders request and leave.
  bool requested_ = false;
  scope_request request_;
};

/// Returns     True when the error is a `cancelled_error`.
[[nodiscard]] bool is_cancellation(std::exception_ptr const& error) noexcept;
/// Returns     True when the error ends the loop: `keyboard_interrupt` or `system_exit`.
[[nodiscard]] bool stops_the_loop(std::exception_ptr const& error) noexcept;

}  // namespace skein::detail
