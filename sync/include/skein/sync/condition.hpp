// SPDX-License-Identifier: Apache-2.0
// condition.hpp: waiting, with a lock released meanwhile, until somebody says that something changed.
#pragma once

#include <skein/sync/lock.hpp>

#include <skein/core/coro.hpp>
#include <skein/core/lowlevel/spinlock.hpp>

#include <cstddef>
#include <exception>
#include <functional>
#include <string>
#include <type_traits>

namespace skein {

/// A condition variable for tasks.
///
/// Threads     Waited for in tasks of any loop; notify from any thread that holds the lock for somebody.
/// Lifetime    It outlives whoever waits for it, and a borrowed lock outlives it.
/// Source      asyncio.Condition; differs: usable from several loops.
class condition {
 public:
  /// With a lock of its own.
  condition() noexcept : lock_{own_} {}
  /// With a lock that others use too.
  explicit condition(lock& borrowed) noexcept : lock_{borrowed} {}
  condition(condition const&) = delete;
  condition& operator=(condition const&) = delete;
  ~condition() { line_.disband(); }

  /// Releases the lock, waits for a notification, and takes the lock again.
  ///
  /// Throws      `std::runtime_error` when the lock is not held.
  /// Cancelling  Takes the lock again before `cancelled_error` leaves, and passes a notification on.
  /// Order       First come, first served. It may return without a notification of its own: wait in a loop,
  ///             or use wait_for.
  [[nodiscard]] coro<void> wait();

  /// Waits until pred() is true; returns at once when it is.
  ///
  /// Returns     What pred() returned last.
  /// Throws      As wait, and what pred throws.
  /// Cancelling  As wait.
  template <class Pred>
  [[nodiscard]] auto wait_for(Pred pred) -> coro<std::decay_t<std::invoke_result_t<Pred&>>> {
    auto result = std::invoke(pred);
    while (!result) {
      co_await wait();
      result = std::invoke(pred);
    }
    co_return result;
  }

  /// Wakes up to n waiters, the first in line; they go on when they have the lock.
  ///
  /// Throws      `std::runtime_error` when the lock is not held.
  void notify(std::size_t n = 1);
  /// Wakes all.
  void notify_all();

  /// Cancelling  The lock's.
  [[nodiscard]] auto acquire() noexcept { return lock_.acquire(); }
  [[nodiscard]] auto scoped() noexcept { return lock_.scoped(); }
  [[nodiscard]] bool try_acquire() noexcept { return lock_.try_acquire(); }
  void release() { lock_.release(); }
  [[nodiscard]] bool locked() const noexcept { return lock_.locked(); }
  /// Returns     How many wait for a notification; a snapshot.
  [[nodiscard]] std::size_t waiting() const noexcept;
  /// Returns     `<condition [locked, waiters:1]>`.
  [[nodiscard]] std::string repr() const;

  coro<void> aenter();
  coro<bool> aexit(std::exception_ptr error);

 private:
  class notification;
  void wake_some(std::size_t n) noexcept;
  void check_held(char const* call) const;

  skein::lock own_;
  skein::lock& lock_;
  mutable lowlevel::spinlock mutex_;
  detail::waiter_line line_;  // guarded by mutex_
};

}  // namespace skein
