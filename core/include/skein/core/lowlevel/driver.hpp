// SPDX-License-Identifier: Apache-2.0
// driver.hpp: what a loop needs from its source of I/O events.
//
// A loop has no driver until somebody needs one: it then parks on a futex. The first I/O operation on a loop
// installs one, and from then on the loop parks inside the driver.
#pragma once

#include <skein/core/lowlevel/timer_heap.hpp>

#include <memory>

namespace skein::lowlevel {

/// A source of I/O events, owned by one loop. Events may be delivered on the thread of another loop.
class driver {
 public:
  virtual ~driver() = default;

  /// Collects events and wakes those who wait for them.
  ///
  /// `timeout`   Nanoseconds to wait when nothing is ready: 0 is not at all, `never` is until wake.
  /// Threads     The loop's own; while a step holds it up that of another loop. One at a time.
  virtual void poll(instant timeout) = 0;

  /// Makes a poll that waits return soon; remembered when none does.
  ///
  /// Threads     Any.
  virtual void wake() noexcept = 0;

  /// Returns     For people: "epoll", "io_uring".
  [[nodiscard]] virtual char const* name() const noexcept = 0;

  /// Returns     True while somebody waits for an event of this driver.
  [[nodiscard]] virtual bool has_waiters() const noexcept = 0;
};

/// Returns     The driver of the loop that runs on this thread, or null when it has none.
/// Throws      `no_running_loop_error`.
[[nodiscard]] driver* running_driver();

/// Gives the loop that runs on this thread its driver.
///
/// Throws      `no_running_loop_error`; `std::logic_error` when it has one.
void install_driver(std::unique_ptr<driver> d);

}  // namespace skein::lowlevel
