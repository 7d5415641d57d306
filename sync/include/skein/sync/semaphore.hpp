// SPDX-License-Identifier: Apache-2.0
// semaphore.hpp: a number of permits, handed out first come, first served.
#pragma once

#include <skein/sync/detail/permit_wait.hpp>
#include <skein/sync/scoped_permit.hpp>

#include <skein/core/coro.hpp>

#include <cstddef>
#include <exception>
#include <limits>
#include <string>

namespace skein {

/// Permits for tasks.
///
/// Threads     acquire and scoped are awaited in tasks of any loop of any runtime; the rest may be called
///             from any thread.
/// Lifetime    It outlives every acquire. Destroyed earlier, it leaves its waiters behind: they can only be
///             cancelled, and a debug build says so.
/// Source      asyncio.Semaphore; differs: usable from several loops and threads.
class semaphore {
 public:
  /// `value`     The permits at the beginning; with none, acquire waits for a release.
  ///
  /// Throws      `std::invalid_argument` for a value above PTRDIFF_MAX: a negative number that was converted.
  explicit semaphore(std::size_t value = 1);
  semaphore(semaphore const&) = delete;
  semaphore& operator=(semaphore const&) = delete;
  ~semaphore() { permits_.disband("semaphore"); }

  /// Takes a permit, waiting for its turn; does not suspend when there is one and nobody waits.
  ///
  /// Cancelling  The place in line is lost. A permit that was handed over already, to a task that did not run
  ///             yet, goes to the next in line at once.
  /// Threads     A task of any loop.
  /// Order       First come, first served: nobody overtakes.
  /// Cost        No allocation; two atomic operations when there is a permit.
  /// Source      asyncio.Semaphore.acquire.
  [[nodiscard]] detail::acquire_operation acquire() noexcept {
    return {permits_, detail::semaphore_wait_ops};
  }
  /// As acquire.
  ///
  /// Returns     A permit that is released at the end of its scope.
  /// Cancelling  As acquire.
  [[nodiscard]] detail::scoped_operation scoped() noexcept {
    return {permits_, detail::semaphore_wait_ops, {this, &release_quietly}};
  }
  /// Takes a permit if there is one and nobody is in line or woken for one.
  ///
  /// Returns     Whether it was taken.
  [[nodiscard]] bool try_acquire() noexcept { return permits_.try_take(); }
  /// Gives a permit to the first in line, or adds it to those that are free. Never waits.
  ///
  /// Throws      `std::invalid_argument` "BoundedSemaphore released too many times" when a bounded one has
  ///             all its permits; nothing changes.
  /// Threads     Any, whoever acquired it.
  /// Source      asyncio.Semaphore.release.
  void release();
  /// Returns     True when acquire would wait: none is free, or others come first; a snapshot.
  [[nodiscard]] bool locked() const noexcept { return !permits_.look().available; }
  /// Returns     How many permits are free, without those on their way to a waiter; a snapshot.
  [[nodiscard]] std::size_t value() const noexcept { return permits_.look().value; }
  /// Returns     How many are in line; a snapshot.
  [[nodiscard]] std::size_t waiting() const noexcept { return permits_.look().waiting; }
  /// Returns     `<semaphore [unlocked, value:2]>`, `<semaphore [locked, waiters:1]>`.
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

 protected:
  semaphore(std::size_t value, std::size_t max);

 private:
  static void release_quietly(void* self) noexcept;

  detail::permits permits_;
  std::size_t const max_ = std::numeric_limits<std::size_t>::max();
};

/// A semaphore that cannot have more permits than it began with.
///
/// Source      asyncio.BoundedSemaphore; differs: a permit on its way to a waiter counts as there, so a
///             release too many is found before that waiter runs.
class bounded_semaphore : public semaphore {
 public:
  /// Throws      As semaphore.
  explicit bounded_semaphore(std::size_t value = 1) : semaphore{value, value} {}
};

}  // namespace skein
