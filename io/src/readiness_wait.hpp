// SPDX-License-Identifier: Apache-2.0
// readiness_wait.hpp: a coroutine that waits until a descriptor can be read or written.
#pragma once

#include "watch_table.hpp"

#include <skein/core/lowlevel/wait_node.hpp>

#include <coroutine>
#include <cstdint>
#include <source_location>

namespace skein::detail {

/// The await of a side of a slot. It ends when a call may succeed, and when the descriptor is closed.
class readiness_wait final : public lowlevel::wait_node {
 public:
  readiness_wait(watch_table::entry where, side s, std::source_location at) noexcept
      : wait_node{s == side::read ? read_ops : write_ops, at}, where_{where}, side_{s} {}
  readiness_wait(readiness_wait const&) = delete;
  readiness_wait& operator=(readiness_wait const&) = delete;
  ~readiness_wait() { leave(); }

  [[nodiscard]] bool await_ready() const noexcept { return false; }  // the caller has just looked
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> coroutine) {
    prepare(coroutine);
    return suspend();
  }
  /// Throws      `std::runtime_error` when somebody else waits for that side.
  void await_resume();

  /// Goes behind everything that is ready, so that events are handled in their order and can be stolen.
  void on_ready() noexcept { lowlevel::yield(*this); }

 private:
  static lowlevel::work_ops const read_ops;
  static lowlevel::work_ops const write_ops;
  static bool cancel_wait(lowlevel::wait_node& node) noexcept;
  static void abandon_wait(lowlevel::wait_node& node) noexcept;
  [[nodiscard]] bool suspend() noexcept;

  watch_table::entry where_;
  side side_;
  bool occupied_ = false;
};

/// What descriptor::ready returns.
class [[nodiscard("co_await it to wait")]] readiness_operation {
 public:
  using skein_awaits = void;
  readiness_operation(watch_table::entry where, side s) noexcept : where_{where}, side_{s} {}
  [[nodiscard]] auto make_awaiter(std::source_location at) const { return readiness_wait{where_, side_, at}; }

 private:
  watch_table::entry where_;
  side side_;
};

}  // namespace skein::detail
