// SPDX-License-Identifier: Apache-2.0
// condition_wait.hpp: waiting for a notification, and then for the lock, in one wait.
//
// What       A waiter stands in the line of the condition. A notification moves it to the end of the lock's
//            line; it is woken once, when it has the lock. A cancel moves it there too: the lock comes first.
//            If it had been notified, the cancel hands the notification to the next at once.
// Source     asyncio.Condition for what is seen; the move is the "wait morphing" of POSIX threads libraries.
// Threads    wait: a task.  notify: any thread.
// Progress   Spinlock; notify(n) takes n steps under it.
// Lifetime   Board and permits outlive every await.
//
// Invariants
//   I1  Locks are taken in the order board, permits.
//   I2  A waiter that was suspended holds the lock when it is resumed, unless the primitive was destroyed.
//   I3  A waiter whose notified_ is true has left the line of its board, which lives, and was not cancelled.
//
// Checked    tests/sync/condition_test.cpp, tests/sync/handoff_cancel_test.cpp; tests/stress/sync_stress.cpp
//            under ThreadSanitizer.
#pragma once

#include <skein/sync/detail/permit_wait.hpp>

#include <coroutine>
#include <cstddef>
#include <source_location>

namespace skein::detail {

/// Those who wait for a notification.
class notice_board {
 public:
  explicit notice_board(permits& held) noexcept : permits_{held} {}
  notice_board(notice_board const&) = delete;
  notice_board& operator=(notice_board const&) = delete;
  ~notice_board();

  /// Moves up to n waiters to the line of the lock.
  void notify(std::size_t n) noexcept;
  [[nodiscard]] std::size_t waiting() const noexcept;
  /// Throws      `std::runtime_error` when the lock is free.
  void check_held(char const* what_cannot) const;

 private:
  friend class condition_wait;

  void forget_notified(waiter_line const& of_lock) noexcept;

  permits& permits_;  // of the lock
  mutable lowlevel::biased_lock lock_;
  waiter_line line_{lock_};
};

/// The await of condition::wait.
class condition_wait final : public permit_wait {
 public:
  condition_wait(notice_board& board, std::source_location at) noexcept
      : permit_wait{board.permits_, ops, at}, board_{board} {}
  ~condition_wait() { leave(); }

  [[nodiscard]] bool await_ready() const {
    board_.check_held("wait");
    return false;
  }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> coroutine) {
    prepare(coroutine);
    return suspend();
  }
  void await_resume();

 private:
  friend class notice_board;
  static lowlevel::work_ops const ops;
  static bool cancel_wait(lowlevel::wait_node& node) noexcept;
  static void abandon_wait(lowlevel::wait_node& node) noexcept;
  [[nodiscard]] bool suspend() noexcept;

  notice_board& board_;
  bool notified_ = false;  // guarded by the lock of the permits
};

/// What condition::wait returns.
class [[nodiscard("co_await it to wait")]] condition_operation {
 public:
  using skein_awaits = void;
  explicit condition_operation(notice_board& board) noexcept : board_{&board} {}
  [[nodiscard]] auto make_awaiter(std::source_location at) const { return condition_wait{*board_, at}; }

 private:
  notice_board* board_;
};

}  // namespace skein::detail
