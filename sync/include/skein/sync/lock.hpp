// SPDX-License-Identifier: Apache-2.0
// lock.hpp: mutual exclusion of tasks, handed over first come, first served.
#pragma once

#include <skein/sync/detail/permit_wait.hpp>
#include <skein/sync/scoped_permit.hpp>

#include <skein/core/coro.hpp>

#include <cstddef>
#include <exception>
#include <string>

namespace skein {

/// A lock for tasks. It is not recursive, and it belongs to nobody: any task or thread may release it.
///
///     auto const permit = co_await lock.scoped();
///
/// Threads     acquire and scoped are awaited in tasks of any loop of any runtime; the rest may be called
///             from any thread.
/// Lifetime    It outlives every acquire. Destroyed earlier, it leaves its waiters behind: they can only be
///             cancelled, and a debug build says so.
/// Source      asyncio.Lock; differs: usable from several loops and threads.
class lock {
 public:
  lock() noexcept = default;
  lock(lock const&) = delete;
  lock& operator=(lock const&) = delete;
  ~lock() { permits_.disband("lock"); }

  /// Takes the lock, waiting for its turn; does not suspend when it is free and nobody waits.
  ///
  /// Cancelling  The place in line is lost. A lock that was handed over already, to a task that did not run
  ///             yet, goes to the next in line at once.
  /// Threads     A task of any loop.
  /// Order       First come, first served: nobody overtakes.
  /// Cost        No allocation; two atomic operations when it is free.
  /// Source      asyncio.Lock.acquire.
  [[nodiscard]] detail::acquire_operation acquire() noexcept { return {permits_, detail::lock_wait_ops}; }
  /// As acquire.
  ///
  /// Returns     A permit that releases the lock at the end of its scope.
  /// Cancelling  As acquire.
  [[nodiscard]] detail::scoped_operation scoped() noexcept {
    return {permits_, detail::lock_wait_ops, {this, &release_quietly}};
  }
  /// Takes the lock if it is free and nobody is in line or woken for it.
  ///
  /// Returns     Whether it was taken.
  [[nodiscard]] bool try_acquire() noexcept { return permits_.try_take(); }
  /// Gives the lock to the first in line, or frees it. Never waits.
  ///
  /// Throws      `std::runtime_error` "Lock is not acquired." when it is free or on its way to a waiter.
  /// Threads     Any.
  /// Source      asyncio.Lock.release.
  void release();
  /// Returns     A snapshot. After a release with waiters it is false until the woken one has run, as in
  ///             asyncio, though try_acquire fails.
  [[nodiscard]] bool locked() const noexcept { return permits_.look().all_taken; }
  /// Returns     How many are in line; a snapshot.
  [[nodiscard]] std::size_t waiting() const noexcept { return permits_.look().waiting; }
  /// Returns     `<lock [locked, waiters:2]>`.
  [[nodiscard]] std::string repr() const;

  /// For `with`: acquires.
  ///
  /// Cancelling  As acquire.
  coro<void> aenter();
  /// For `with`: releases.
  ///
  /// Returns     False: an error goes on.
  /// Throws      As release.
  /// Cancelling  Does not wait.
  coro<bool> aexit(std::exception_ptr error);

 private:
  friend class condition;
  static void release_quietly(void* self) noexcept;

  detail::permits permits_{1};
};

}  // namespace skein
