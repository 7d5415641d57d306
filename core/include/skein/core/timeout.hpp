// SPDX-License-Identifier: Apache-2.0
// timeout.hpp: cancelling a body when its time is up, and turning that into timeout_error.
#pragma once

#include <skein/core/clock.hpp>
#include <skein/core/coro.hpp>
#include <skein/core/detail/timeout_core.hpp>
#include <skein/core/errors.hpp>

#include <exception>
#include <optional>
#include <utility>

namespace skein {

/// A deadline for a body: `co_await with(timeout(2s), body)`. The body may take it by reference, to move the
/// deadline.
///
/// When the deadline comes, the task is cancelled once, where the body waits. If that `cancelled_error`
/// leaves the body, `timeout_error` is thrown in its place; a body that ends in another way keeps its
/// outcome. A request of somebody else is never turned into `timeout_error`; when several scopes are due
/// before the task resumes, only the outermost one converts. In a branch of `when_all` only the branch is
/// cancelled.
///
/// Threads     All but entering and leaving: any task of the runtime.
/// Lifetime    Movable until it is entered; a reference to it is good until the body has ended.
/// Source      asyncio.Timeout; differs: a deadline that has passed at entry cancels the first suspension of
///             the body also when tasks run in parallel.
class timeout_scope {
 public:
  /// For skein itself: how leaving treats cancel requests.
  static constexpr bool exit_sees_cancel = true;

  explicit timeout_scope(std::optional<clock::time_point> when)
      : core_{detail::state_ref<detail::timeout_core>::adopt(new detail::timeout_core{when})} {}
  timeout_scope(timeout_scope&& other) noexcept = default;
  timeout_scope& operator=(timeout_scope&&) = delete;
  timeout_scope(timeout_scope const&) = delete;
  timeout_scope& operator=(timeout_scope const&) = delete;
  ~timeout_scope() {
    if (core_) {
      core_->abandon();
    }
  }

  /// Sets another deadline; none: it never comes. One that has passed comes in the next turn.
  ///
  /// Throws      `std::runtime_error` before entry, when it has come already, and after leaving.
  void reschedule(std::optional<clock::time_point> when) { core_->reschedule(when); }
  /// Returns     The deadline, if there is one.
  [[nodiscard]] std::optional<clock::time_point> when() const { return core_->when(); }
  /// Returns     True when the deadline came before the body ended.
  [[nodiscard]] bool expired() const { return core_->expired(); }

  /// Enters; called by `with`.
  ///
  /// Throws      `std::runtime_error` the second time.
  /// Cancelling  Does not wait.
  [[nodiscard]] coro<void> aenter() {
    core_->enter();
    co_return;
  }
  /// Leaves; called by `with`.
  ///
  /// Returns     False.
  /// Throws      `timeout_error` when the body ended with the cancellation of this scope.
  /// Cancelling  Does not wait.
  [[nodiscard]] coro<bool> aexit(std::exception_ptr error) {
    core_->leave(error);
    co_return false;
  }

  /// For skein itself: the same without a coroutine.
  [[nodiscard]] detail::timeout_core& core() const noexcept { return *core_; }

 private:
  detail::state_ref<detail::timeout_core> core_;
};

/// A scope whose deadline is so long after this call; none when there is no delay.
[[nodiscard]] timeout_scope timeout(std::optional<delay> after);
timeout_scope timeout(int seconds) = delete;  // a number has no unit: write 2s
/// A scope with this deadline, or with none.
[[nodiscard]] timeout_scope timeout_at(std::optional<clock::time_point> when);

}  // namespace skein
