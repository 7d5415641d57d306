// SPDX-License-Identifier: Apache-2.0
// latch.hpp: a count that goes down to zero, once, and tasks that wait for that.
//
// What       Whoever counts to zero takes everybody out of the line under the lock, and wakes them after it.
// Source     std::latch.
// Threads    Any.
// Progress   try_wait is wait-free, the rest takes a spinlock; the last count_down wakes n waiters in n
//            steps.
// Lifetime   Outlives every wait of it. It may be destroyed as soon as those have returned.
//
// Invariants (guarded by lock_)
//   I1  When count_ is zero nobody stands in line.
//
// Orders     [tag] stands at the line that carries the order.
//   [A] count_down, store, release   pairs with [B]: who sees zero sees what was done before every count_down
//                                    (those before the last are ordered by the lock).
//   [B] try_wait, load, acquire.
//   relaxed  loads with lock_ held.
//
// Checked    tests/sync/latch_test.cpp, tests/sync/handoff_cancel_beyond_test.cpp.
#pragma once

#include <skein/sync/detail/place.hpp>

#include <coroutine>
#include <cstddef>
#include <source_location>
#include <string>

namespace skein {

class latch;

namespace detail {

class latch_wait final : public waiter {
 public:
  latch_wait(latch& l, std::size_t arrives, std::source_location at) noexcept
      : waiter{ops, at}, latch_{l}, arrives_{arrives} {}
  ~latch_wait() { leave(); }

  [[nodiscard]] bool await_ready();
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> coroutine) {
    prepare(coroutine);
    return suspend();
  }
  void await_resume() {
    if (ended()) [[unlikely]] {
      lowlevel::throw_cancelled();
    }
  }

 private:
  static lowlevel::work_ops const ops;
  [[nodiscard]] bool suspend() noexcept;

  latch& latch_;
  std::size_t const arrives_;  // counted down when the await begins
};

/// What latch::wait and latch::arrive_and_wait return.
class [[nodiscard("co_await it to wait")]] latch_operation {
 public:
  using skein_awaits = void;
  latch_operation(latch& l, std::size_t arrives) noexcept : latch_{&l}, arrives_{arrives} {}
  [[nodiscard]] auto make_awaiter(std::source_location at) const { return latch_wait{*latch_, arrives_, at}; }

 private:
  latch* latch_;
  std::size_t arrives_;
};

}  // namespace detail

/// A count that tasks wait for to reach zero. It stays there: use a `barrier` to meet again and again.
///
///     skein::latch started{3};    // three tasks say started.count_down()
///     co_await started.wait();
///
/// Threads     wait and arrive_and_wait are awaited in tasks of any loop of any runtime; the rest may be
///             called from any thread.
/// Lifetime    It outlives every wait. Destroyed earlier, it leaves its waiters behind: they can only be
///             cancelled, and a debug build says so.
/// Source      std::latch; asyncio has none.
class latch {
 public:
  /// `count`     What has to be counted down; with 0 nobody waits.
  ///
  /// Throws      `std::invalid_argument` for a negative number that was converted.
  explicit latch(std::size_t count);
  latch(latch const&) = delete;
  latch& operator=(latch const&) = delete;
  ~latch();

  /// Counts down by k. At zero everybody who waits goes on. Never waits.
  ///
  /// Throws      `std::invalid_argument` when less than k is left; nothing changes.
  /// Threads     Any. What was done before is seen by those who return from wait.
  /// Order       They become ready in the order in which they came.
  /// Source      std::latch::count_down.
  void count_down(std::size_t k = 1);
  /// Returns     Whether the count is zero; a snapshot that stays true.
  [[nodiscard]] bool try_wait() const noexcept {
    return count_.load(lowlevel::memory_order_acquire) == 0;  // [B]
  }
  /// Waits until the count is zero; returns at once when it is.
  ///
  /// Cancelling  Nothing is lost.
  /// Threads     A task of any loop.
  /// Cost        No allocation; one atomic load when it is zero.
  /// Source      std::latch::wait.
  [[nodiscard]] detail::latch_operation wait() noexcept { return {*this, 0}; }
  /// Counts down by k when it is awaited, and waits until the count is zero.
  ///
  /// Throws      As count_down.
  /// Cancelling  This task has arrived, also if it is cancelled while it waits.
  /// Threads     A task of any loop.
  /// Source      std::latch::arrive_and_wait.
  [[nodiscard]] detail::latch_operation arrive_and_wait(std::size_t k = 1) noexcept { return {*this, k}; }

  /// Returns     How many wait; a snapshot.
  [[nodiscard]] std::size_t waiting() const noexcept;
  /// Returns     `<latch [count:2, waiters:1]>`.
  [[nodiscard]] std::string repr() const;

 private:
  friend class detail::latch_wait;

  mutable lowlevel::biased_lock lock_;
  lowlevel::atomic<std::size_t> count_;  // written with lock_ held
  detail::waiter_line line_{lock_};
};

}  // namespace skein
