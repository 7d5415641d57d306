// SPDX-License-Identifier: Apache-2.0
// epoll_driver.hpp: the driver of a loop that asks epoll which descriptors are ready.
#pragma once

#include "watch_table.hpp"

#include <skein/io/owned_socket.hpp>

#include <skein/core/lowlevel/driver.hpp>

#include <memory>
#include <utility>

namespace skein::detail {

/// Descriptors are registered once, edge-triggered, at the loop on which they were made. Calls are tried
/// first and wait only when they would block.
class epoll_driver final : public lowlevel::driver {
 public:
  /// Throws      `std::system_error`.
  epoll_driver();
  epoll_driver(epoll_driver const&) = delete;
  epoll_driver& operator=(epoll_driver const&) = delete;
  ~epoll_driver() override;

  /// Returns     The table of the running loop's driver, which is made when there is none.
  /// Throws      `no_running_loop_error`; `std::logic_error` when the loop has a driver of another kind.
  [[nodiscard]] static std::shared_ptr<watch_table> const& table_of_this_loop();

  /// Returns     The running loop's driver, which is made when there is none.
  /// Throws      As table_of_this_loop.
  [[nodiscard]] static epoll_driver& of_this_loop();
  /// Lets something live as long as the driver.
  void keep(std::shared_ptr<void> thing) noexcept { kept_ = std::move(thing); }

  void poll(lowlevel::instant timeout) override;
  void wake() noexcept override;
  [[nodiscard]] char const* name() const noexcept override { return "epoll"; }
  [[nodiscard]] bool has_waiters() const noexcept override { return table_->has_waiters(); }

 private:
  owned_socket epoll_;
  owned_socket wake_;  // an eventfd, edge-triggered and never read: every write is an event
  std::shared_ptr<watch_table> table_;
  std::shared_ptr<void> kept_;
};

}  // namespace skein::detail
