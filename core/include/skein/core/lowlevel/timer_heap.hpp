// SPDX-License-Identifier: Apache-2.0
// timer_heap.hpp: the deadlines of one loop, soonest first.
//
// A 4-ary heap of (deadline, node) pairs: the four children of an entry share a cache line, so a pop costs
// about log4(n) line loads, and deadlines that only grow are pushed in O(1). The nodes are intrusive and know
// their index, so a cancelled timer leaves at once. Equal deadlines fire in the order they were set.
// The lock makes arming, cancelling and firing safe from any thread: a canceller takes the timer out where it
// is, and a neighbour can fire the timers of a loop that is blocked.
#pragma once

#include <skein/core/lowlevel/spinlock.hpp>

#include <cstdint>
#include <limits>
#include <vector>

namespace skein::lowlevel {

/// Nanoseconds of `skein::clock`.
using instant = std::int64_t;

/// The instant that never comes.
inline constexpr instant never = std::numeric_limits<instant>::max();

/// A timer; lives in whatever waits for it.
class timer_node {
 public:
  /// `fire` runs on the thread that calls `fire_due`, without the heap's lock. The node is not in the heap
  /// then and may be destroyed by it.
  explicit timer_node(void (*fire)(timer_node&) noexcept, instant deadline = never) noexcept
      : deadline_{deadline}, fire_{fire} {}
  timer_node(timer_node const&) = delete;
  timer_node& operator=(timer_node const&) = delete;

  [[nodiscard]] instant deadline() const noexcept { return deadline_; }

 protected:
  ~timer_node() = default;

 private:
  friend class timer_heap;
  static constexpr std::uint32_t not_armed = std::numeric_limits<std::uint32_t>::max();

  instant deadline_;
  void (*fire_)(timer_node&) noexcept;
  timer_node* next_due_ = nullptr;
  std::uint32_t index_ = not_armed;
  std::uint32_t sequence_ = 0;  // wraps around: tells equal deadlines apart that were set close together
};

/// The armed timers of one loop.
///
/// Threads     All functions: any thread.
class timer_heap {
 public:
  timer_heap() = default;
  timer_heap(timer_heap const&) = delete;
  timer_heap& operator=(timer_heap const&) = delete;

  /// Arms a timer.
  ///
  /// Returns     True when it is now the soonest, so that whoever sleeps until the old one must look again.
  /// Throws      `std::bad_alloc`; the timer is then not armed.
  bool arm(timer_node& timer, instant deadline);

  /// As `arm`, but with the lock held by the caller, who can so do more in the same step.
  bool arm_locked(timer_node& timer, instant deadline);

  /// Takes a timer out.
  ///
  /// Returns     False when it was not armed, or is being fired already.
  bool disarm(timer_node& timer) noexcept;

  /// As `disarm`, with the lock held by the caller.
  bool disarm_locked(timer_node& timer) noexcept;

  /// Fires every timer whose deadline is at or before now, in deadline order.
  ///
  /// Returns     How many fired.
  std::size_t fire_due(instant now) noexcept;

  /// The soonest deadline, or `never`. Another thread may arm a sooner one at any time.
  [[nodiscard]] instant next_deadline() const noexcept { return next_.load(memory_order_relaxed); }

  [[nodiscard]] std::size_t size() noexcept;

  [[nodiscard]] spinlock& mutex() noexcept { return lock_; }

 private:
  struct entry {
    instant deadline;
    timer_node* timer;
  };

  [[nodiscard]] static bool sooner(entry const& a, entry const& b) noexcept {
    return a.deadline != b.deadline ? a.deadline < b.deadline
                                    : static_cast<std::int32_t>(a.timer->sequence_ - b.timer->sequence_) < 0;
  }
  void place(std::size_t index, entry e) noexcept;
  void sift_up(std::size_t index, entry e) noexcept;
  void sift_down(std::size_t index, entry e) noexcept;
  void remove(std::size_t index) noexcept;

  spinlock lock_;
  std::uint32_t next_sequence_ = 0;  // guarded by lock_
  std::vector<entry> heap_;          // guarded by lock_
  atomic<instant> next_{never};      // written under lock_
};

}  // namespace skein::lowlevel
