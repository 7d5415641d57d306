// SPDX-License-Identifier: Apache-2.0
// timeout_core.hpp: the deadline of a timeout scope, and what happens when it comes.
#pragma once

#include <skein/core/clock.hpp>
#include <skein/core/detail/cancel_scope.hpp>
#include <skein/core/lowlevel/frame_block.hpp>
#include <skein/core/lowlevel/spinlock.hpp>
#include <skein/core/lowlevel/timer_heap.hpp>
#include <skein/core/lowlevel/work_item.hpp>

#include <cstddef>
#include <cstdint>
#include <exception>
#include <optional>

namespace skein::detail {

class worker;

/// One timeout. Its timer is in the heap of the loop that set it, or, with one worker, in the loop's queue
/// after it fired; `armed_` says that it is in either. When it comes out it looks at the deadline anew, so
/// that a change while it was under way counts.
///
/// Threads     All functions: any thread; enter and leave: the task.
/// Lifetime    Counted: by the scope, and by the heap or queue while armed.
class timeout_core : public lowlevel::frame_block, public lowlevel::work_item, public lowlevel::timer_node {
 public:
  enum class phase : std::uint8_t { created, active, expiring, expired, finished };

  explicit timeout_core(std::optional<clock::time_point> when) noexcept
      : work_item{ops_of_it}, timer_node{&fire}, when_{when} {}

  void retain() noexcept { references_.fetch_add(1, lowlevel::memory_order_relaxed); }
  void release() noexcept {
    if (references_.fetch_sub(1, lowlevel::memory_order_acq_rel) == 1) {
      delete this;
    }
  }

  /// Throws      `std::runtime_error` when entered before, or outside of a task.
  void enter();
  /// Throws      `timeout_error` in place of a cancellation that is this timeout's own.
  void leave(std::exception_ptr const& error);
  /// The scope goes without having been left: its task is destroyed.
  void abandon() noexcept;
  /// Throws      `std::runtime_error` unless it is active.
  void reschedule(std::optional<clock::time_point> when);
  [[nodiscard]] std::optional<clock::time_point> when() noexcept;
  [[nodiscard]] bool expired() noexcept;

 private:
  static lowlevel::work_ops const ops_of_it;
  static void fire(lowlevel::timer_node& timer) noexcept;
  void arm();
  void disarm() noexcept;
  void come_out() noexcept;

  lowlevel::atomic<std::uint32_t> references_{1};
  lowlevel::spinlock lock_;
  // Guarded by lock_, which is held while the task is cancelled: who leaves sees all of that or nothing.
  phase phase_ = phase::created;
  bool armed_ = false;
  worker* loop_ = nullptr;  // whose heap the timer is in
  std::optional<clock::time_point> when_;
  cancel_scope scope_;
};

}  // namespace skein::detail
