// SPDX-License-Identifier: Apache-2.0
// semaphore.hpp: a number of permits, handed out first come, first served.
#pragma once

#include <skein/sync/detail/permit_wait.hpp>

#include <skein/core/coro.hpp>

#include <cstddef>
#include <exception>
#include <limits>
#include <string>

namespace skein {

/// Permits for tasks.
///
/// Threads     acquire and scoped are awaited in tasks of any loop; the rest may be called from any thread.
/// Lifetime    It outlives whoever waits for it.
/// Source      asyncio.Semaphore; differs: usable from several loops; the value cannot be negative by its
/// type.
class semaphore {
 public:
  explicit semaphore(std::size_t value = 1) noexcept : permits_{value} {}
  semaphore(semaphore const&) = delete;
  semaphore& operator=(semaphore const&) = delete;

  /// Takes a permit, waiting until there is one.
  ///
  /// Cancelling  The place in line is lost; a permit that was handed over already goes to the next.
  /// Order       First come, first served: nobody overtakes.
  /// Cost        No allocation.
  [[nodiscard]] detail::acquire_operation acquire() noexcept {
    return {permits_, detail::semaphore_wait_ops};
  }
  /// As acquire.
  ///
  /// Returns     A permit that is released at the end of its scope.
  /// Cancelling  As acquire.
  [[nodiscard]] detail::scoped_operation scoped() noexcept {
    return {permits_, detail::semaphore_wait_ops, this, &release_quietly};
  }
  /// Takes a permit if there is one and nobody waits.
  [[nodiscard]] bool try_acquire() noexcept { return permits_.try_take(); }
  /// Gives a permit back, or adds one. Never waits.
  ///
  /// Throws      `std::invalid_argument` for a bounded semaphore that has all its permits.
  void release();
  /// Returns     True when acquire would wait; a snapshot.
  [[nodiscard]] bool locked() const noexcept { return permits_.contended(); }
  /// Returns     How many permits are free; a snapshot.
  [[nodiscard]] std::size_t value() const noexcept { return permits_.value(); }
  /// Returns     How many wait; a snapshot.
  [[nodiscard]] std::size_t waiting() const noexcept { return permits_.waiting(); }
  /// Returns     `<semaphore [unlocked, value:2]>`.
  [[nodiscard]] std::string repr() const;

  /// For `with`: acquires, and releases at the end.
  ///
  /// Cancelling  As acquire.
  coro<void> aenter();
  coro<bool> aexit(std::exception_ptr error);

 protected:
  semaphore(std::size_t value, std::size_t max) noexcept : permits_{value}, max_{max} {}

 private:
  static void release_quietly(void* self) noexcept;

  detail::permits permits_;
  std::size_t const max_ = std::numeric_limits<std::size_t>::max();
};

/// A semaphore that cannot have more permits than it began with.
///
/// Source      asyncio.BoundedSemaphore.
class bounded_semaphore : public semaphore {
 public:
  explicit bounded_semaphore(std::size_t value = 1) noexcept : semaphore{value, value} {}
};

}  // namespace skein
