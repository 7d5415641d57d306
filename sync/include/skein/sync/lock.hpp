// SPDX-License-Identifier: Apache-2.0
// lock.hpp: mutual exclusion of tasks, handed over first come, first served.
#pragma once

#include <skein/sync/detail/permit_wait.hpp>

#include <skein/core/coro.hpp>

#include <exception>
#include <string>

namespace skein {

/// A lock for tasks. It is not recursive, and any task or thread may release it.
///
/// Threads     acquire and scoped are awaited in tasks of any loop; the rest may be called from any thread.
/// Lifetime    It outlives whoever waits for it.
/// Source      asyncio.Lock; differs: usable from several loops.
class lock {
 public:
  lock() noexcept = default;
  lock(lock const&) = delete;
  lock& operator=(lock const&) = delete;

  /// Takes the lock, waiting for its turn.
  ///
  /// Cancelling  The place in line is lost; a lock that was handed over already goes to the next.
  /// Order       First come, first served: nobody overtakes.
  /// Cost        No allocation.
  [[nodiscard]] detail::acquire_operation acquire() noexcept { return {permits_, detail::lock_wait_ops}; }
  /// As acquire.
  ///
  /// Returns     A permit that releases the lock at the end of its scope.
  /// Cancelling  As acquire.
  [[nodiscard]] detail::scoped_operation scoped() noexcept {
    return {permits_, detail::lock_wait_ops, this, &release_quietly};
  }
  /// Takes the lock if it is free and nobody waits for it.
  [[nodiscard]] bool try_acquire() noexcept { return permits_.try_take(); }
  /// Gives the lock to the first in line, or frees it. Never waits.
  ///
  /// Throws      `std::runtime_error` when it is not locked.
  void release();
  /// Returns     A snapshot. After release with waiters it is false until the woken one has run, as in
  /// asyncio.
  [[nodiscard]] bool locked() const noexcept { return permits_.all_taken(); }
  /// Returns     How many wait; a snapshot.
  [[nodiscard]] std::size_t waiting() const noexcept { return permits_.waiting(); }
  /// Returns     `<lock [locked, waiters:2]>`.
  [[nodiscard]] std::string repr() const;

  /// For `with`: acquires, and releases at the end.
  ///
  /// Cancelling  As acquire.
  coro<void> aenter();
  coro<bool> aexit(std::exception_ptr error);

 private:
  static void release_quietly(void* self) noexcept;

  detail::permits permits_{1};
};

}  // namespace skein
