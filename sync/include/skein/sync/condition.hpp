// SPDX-License-Identifier: Apache-2.0
// condition.hpp: waiting, with a lock released meanwhile, until somebody says that something changed.
#pragma once

#include <skein/sync/detail/condition_wait.hpp>
#include <skein/sync/lock.hpp>

#include <skein/core/coro.hpp>

#include <cstddef>
#include <exception>
#include <functional>
#include <string>
#include <type_traits>

namespace skein {

/// A condition variable for tasks.
///
///     auto const permit = co_await changed.scoped();
///     co_await changed.wait_for([&] { return !jobs.empty(); });
///
/// Threads     Waited for in tasks of any loop of any runtime; the rest may be called from any thread, notify
///             while somebody holds the lock.
/// Lifetime    It outlives every wait, and a borrowed lock outlives it. Destroyed earlier, it leaves its
///             waiters behind: they can only be cancelled, then without the lock, and a debug build says so.
/// Source      asyncio.Condition; differs: usable from several loops and threads; never woken without a
///             notification; a notified waiter stands in the lock's line at once, not one turn later.
class condition {
 public:
  /// With a lock of its own.
  condition() noexcept : lock_{own_}, board_{own_.permits_} {}
  /// With a lock that others use too.
  explicit condition(lock& borrowed) noexcept : lock_{borrowed}, board_{borrowed.permits_} {}
  condition(condition const&) = delete;
  condition& operator=(condition const&) = delete;
  ~condition() = default;

  /// Releases the lock, waits for a notification, and takes the lock again.
  ///
  /// Throws      `std::runtime_error` "cannot wait on un-acquired lock".
  /// Cancelling  Takes the lock again before `cancelled_error` leaves; further requests meanwhile count as
  ///             one. A notification that it had got goes to the next waiter at once.
  /// Threads     A task of any loop.
  /// Order       First come, first served, for the notification and then in the lock's line.
  /// Cost        No allocation; resumed once, with the lock.
  /// Source      asyncio.Condition.wait.
  [[nodiscard]] detail::condition_operation wait() noexcept { return detail::condition_operation{board_}; }

  /// Waits until pred() is true; pred is called with the lock held, before the first wait too.
  ///
  /// Returns     What pred() returned last.
  /// Throws      As wait, if it has to wait; what pred throws.
  /// Cancelling  As wait.
  /// Source      asyncio.Condition.wait_for.
  template <class Pred>
  [[nodiscard]] auto wait_for(Pred pred) -> coro<std::decay_t<std::invoke_result_t<Pred&>>> {
    auto result = std::invoke(pred);
    while (!result) {
      co_await wait();
      result = std::invoke(pred);
    }
    co_return result;
  }

  /// Tells up to n waiters, the first in line; they go on when they have the lock. With fewer waiters the
  /// rest of n is not kept.
  ///
  /// Throws      `std::runtime_error` "cannot notify on un-acquired lock".
  /// Threads     Any, while somebody holds the lock.
  /// Source      asyncio.Condition.notify.
  void notify(std::size_t n = 1);
  /// Tells all.
  ///
  /// Throws      As notify.
  void notify_all();

  /// The lock's acquire.
  ///
  /// Cancelling  As lock::acquire.
  [[nodiscard]] auto acquire() noexcept { return lock_.acquire(); }
  /// The lock's scoped.
  ///
  /// Cancelling  As lock::acquire.
  [[nodiscard]] auto scoped() noexcept { return lock_.scoped(); }
  [[nodiscard]] bool try_acquire() noexcept { return lock_.try_acquire(); }
  /// Throws      As lock::release.
  void release() { lock_.release(); }
  [[nodiscard]] bool locked() const noexcept { return lock_.locked(); }

  /// Returns     How many wait for a notification; a snapshot.
  [[nodiscard]] std::size_t waiting() const noexcept { return board_.waiting(); }
  /// Returns     `<condition [locked, waiters:1]>`.
  [[nodiscard]] std::string repr() const;

  /// For `with`: acquires the lock.
  ///
  /// Cancelling  As lock::acquire.
  coro<void> aenter();
  /// For `with`: releases it.
  ///
  /// Returns     False: an error goes on.
  /// Throws      As release.
  /// Cancelling  Does not wait.
  coro<bool> aexit(std::exception_ptr error);

 private:
  lock own_;  // unused when it borrows
  lock& lock_;
  detail::notice_board board_;
};

}  // namespace skein
