// SPDX-License-Identifier: Apache-2.0
// rw_lock.hpp: a lock that many readers hold together, or one writer alone.
#pragma once

#include <skein/sync/detail/rw_wait.hpp>
#include <skein/sync/scoped_permit.hpp>

#include <skein/core/coro.hpp>

#include <cstddef>
#include <exception>
#include <string>

namespace skein {

/// A lock for tasks that only look, together, and for those that change something, alone. It is fair: a
/// writer in line stops the readers that come later.
///
///     auto const permit = co_await settings_lock.scoped_read();
///
/// It is not recursive: a task that reads and acquires again waits for itself when a writer came in between.
///
/// Threads     acquire and scoped are awaited in tasks of any loop of any runtime; the rest may be called
///             from any thread. Whoever acquired it, any task or thread may release it.
/// Lifetime    It outlives every acquire. Destroyed earlier, it leaves its waiters behind: they can only be
///             cancelled, and a debug build says so.
/// Order       First come, first served, in one line; readers who stand one behind the other enter together.
/// Source      tokio::sync::RwLock; asyncio has none.
class rw_lock {
 public:
  rw_lock() noexcept = default;
  rw_lock(rw_lock const&) = delete;
  rw_lock& operator=(rw_lock const&) = delete;
  ~rw_lock() = default;

  /// Takes the lock to read, waiting for its turn; does not suspend when no writer holds it and nobody is in
  /// line.
  ///
  /// Cancelling  The place in line is lost, and who could not enter because of it does. A lock that was
  ///             handed over already, to a task that did not run yet, is released at once.
  /// Threads     A task of any loop.
  /// Order       Behind all that came before, readers too if a writer stands between.
  /// Cost        No allocation; two atomic operations when it need not wait.
  [[nodiscard]] detail::rw_operation acquire_read() noexcept { return {core_, detail::rw_mode::read}; }
  /// Takes the lock to write, waiting for its turn; does not suspend when nobody holds it.
  ///
  /// Cancelling  As acquire_read; the readers behind it enter if others read.
  /// Threads     A task of any loop.
  /// Cost        As acquire_read.
  [[nodiscard]] detail::rw_operation acquire_write() noexcept { return {core_, detail::rw_mode::write}; }
  /// As acquire_read.
  ///
  /// Returns     A permit that releases at the end of its scope.
  /// Cancelling  As acquire_read.
  [[nodiscard]] detail::rw_scoped_operation scoped_read() noexcept {
    return {core_, detail::rw_mode::read, this, &release_quietly<detail::rw_mode::read>};
  }
  /// As acquire_write.
  ///
  /// Returns     A permit that releases at the end of its scope.
  /// Cancelling  As acquire_write.
  [[nodiscard]] detail::rw_scoped_operation scoped_write() noexcept {
    return {core_, detail::rw_mode::write, this, &release_quietly<detail::rw_mode::write>};
  }

  /// Takes the lock to read if no writer holds it and nobody is in line.
  ///
  /// Returns     Whether it was taken.
  [[nodiscard]] bool try_acquire_read() noexcept { return core_.try_take(detail::rw_mode::read); }
  /// Takes the lock to write if nobody holds it.
  ///
  /// Returns     Whether it was taken.
  [[nodiscard]] bool try_acquire_write() noexcept { return core_.try_take(detail::rw_mode::write); }
  /// One reader less; the last one lets the writer in that waits. Never waits.
  ///
  /// Throws      `std::runtime_error` when no reader holds it, apart from those who were called and did not
  ///             run yet.
  /// Threads     Any.
  void release_read();
  /// Lets those in who are first in line. Never waits.
  ///
  /// Throws      `std::runtime_error` when no writer holds it, or it is on its way to one.
  /// Threads     Any.
  void release_write();

  /// Returns     Whether somebody holds it, or is called to; a snapshot.
  [[nodiscard]] bool locked() const noexcept;
  /// Returns     Whether a writer holds it, or is called to; a snapshot.
  [[nodiscard]] bool write_locked() const noexcept { return core_.look().writer; }
  /// Returns     How many readers hold it, or are called to; a snapshot.
  [[nodiscard]] std::size_t readers() const noexcept { return core_.look().readers; }
  /// Returns     How many are in line; a snapshot.
  [[nodiscard]] std::size_t waiting() const noexcept { return core_.look().waiting; }
  /// Returns     `<rw_lock [unlocked]>`, `<rw_lock [read, readers:2, waiters:1]>`, `<rw_lock [write]>`.
  [[nodiscard]] std::string repr() const;

  /// The lock as a resource for `with`, in one of the two ways.
  template <detail::rw_mode Mode>
  class side {
   public:
    /// Acquires.
    ///
    /// Cancelling  As acquire_read or acquire_write.
    coro<void> aenter();
    /// Releases.
    ///
    /// Returns     False: an error goes on.
    /// Throws      As release_read or release_write.
    /// Cancelling  Does not wait.
    coro<bool> aexit(std::exception_ptr error);

   private:
    friend class rw_lock;
    explicit side(rw_lock& l) noexcept : lock_{&l} {}
    rw_lock* lock_;
  };
  /// For `with(lock.reading(), …)`.
  [[nodiscard]] side<detail::rw_mode::read> reading() noexcept { return side<detail::rw_mode::read>{*this}; }
  /// For `with(lock.writing(), …)`.
  [[nodiscard]] side<detail::rw_mode::write> writing() noexcept {
    return side<detail::rw_mode::write>{*this};
  }

 private:
  template <detail::rw_mode Mode>
  static void release_quietly(void* self) noexcept {
    static_cast<rw_lock*>(self)->core_.release(Mode);
  }

  detail::rw_core core_;
};

}  // namespace skein
