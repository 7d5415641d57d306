// SPDX-License-Identifier: Apache-2.0
// barrier.hpp: tasks that wait for each other, again and again.
//
// What       Those who arrive stand in line until there are as many as the barrier has parties. The last one
//            calls the others and goes on. Until all of them have run the barrier drains: who arrives
//            meanwhile stands in a second line, and counts for the next round.
// Source     asyncio.Barrier of CPython 3.13 (Lib/asyncio/locks.py), whose state after each step it shows.
// Threads    Any.
// Progress   Spinlock; the last one to arrive takes as many steps under it as there are parties.
// Lifetime   Outlives every wait() of it.
//
// Invariants (guarded by lock_)
//   I1  Somebody stands in filling_ only while the state is filling, and fewer than parties_ do.
//   I2  Somebody stands in leaving_ only while the state is draining, resetting or broken; in the first two
//       somebody does.
//   I3  Somebody stands in early_ only while the state is draining or resetting.
//
// Checked    tests/sync/barrier_test.cpp, tests/sync/handoff_cancel_test.cpp; tests/stress/sync_stress.cpp
//            under ThreadSanitizer.
#pragma once

#include <skein/sync/detail/place.hpp>

#include <skein/core/coro.hpp>

#include <coroutine>
#include <cstddef>
#include <exception>
#include <source_location>
#include <stdexcept>
#include <string>

namespace skein {

/// The barrier was aborted, or reset while this task waited.
struct broken_barrier_error : std::runtime_error {
  using std::runtime_error::runtime_error;
};

class barrier;

namespace detail {

class barrier_wait final : public waiter {
 public:
  barrier_wait(barrier& b, std::source_location at) noexcept : waiter{ops, at}, barrier_{b} {}
  ~barrier_wait() { leave(); }

  [[nodiscard]] bool await_ready() noexcept;
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> coroutine) {
    prepare(coroutine);
    return suspend();
  }
  std::size_t await_resume();

 private:
  friend class skein::barrier;
  enum class outcome { passed, aborted, interrupted };

  static lowlevel::work_ops const ops;
  static void give_back(waiter& from, wake_chain& chain) noexcept;
  [[nodiscard]] bool suspend() noexcept;

  barrier& barrier_;
  // Guarded by the lock of the barrier until it runs.
  std::size_t index_ = 0;
  outcome outcome_ = outcome::passed;
};

/// What barrier::wait returns.
class [[nodiscard("co_await it to wait")]] barrier_operation {
 public:
  using skein_awaits = std::size_t;
  explicit barrier_operation(barrier& b) noexcept : barrier_{&b} {}
  [[nodiscard]] auto make_awaiter(std::source_location at) const { return barrier_wait{*barrier_, at}; }

 private:
  barrier* barrier_;
};

}  // namespace detail

/// A place where a number of tasks wait until all of them are there. It can be used again and again.
///
///     while (step()) {
///       co_await all_here.wait();
///     }
///
/// Threads     wait is awaited in tasks of any loop of any runtime; the rest may be called from any thread.
/// Lifetime    It outlives every wait. Destroyed earlier, it leaves its waiters behind: they can only be
///             cancelled, and a debug build says so.
/// Source      asyncio.Barrier; differs: usable from several loops and threads; `reset` and `abort` are plain
///             functions; the indices of a round are all different, also after a cancelled wait.
class barrier {
 public:
  /// `parties`   How many have to arrive.
  ///
  /// Throws      `std::invalid_argument` "parties must be > 0", also for a negative one that was converted.
  explicit barrier(std::size_t parties);
  barrier(barrier const&) = delete;
  barrier& operator=(barrier const&) = delete;
  ~barrier();

  /// Waits until all parties have arrived; the last one does not wait. While those of the last round have not
  /// all gone on, a newcomer waits for that first.
  ///
  /// Returns     0 for the one that came first to parties() - 1 for the one that came last.
  /// Throws      `broken_barrier_error` when the barrier is or gets aborted, or is reset meanwhile; also for
  ///             those who were called to go on and did not run yet.
  /// Cancelling  Does not break the barrier: this task is not counted any more, and the others wait for
  ///             somebody else. When the round was complete already, they go on without it.
  /// Threads     A task of any loop.
  /// Order       First come, first served: a round consists of those who came first.
  /// Cost        No allocation.
  /// Source      asyncio.Barrier.wait.
  [[nodiscard]] detail::barrier_operation wait() noexcept { return detail::barrier_operation{*this}; }

  /// Makes those fail who wait for others or did not go on yet, and begins anew. Those who came for the next
  /// round are kept. A barrier that was aborted can be used again.
  ///
  /// Threads     Any.
  /// Source      asyncio.Barrier.reset.
  void reset() noexcept;
  /// Breaks the barrier: all who wait fail, and all who come, until it is reset.
  ///
  /// Threads     Any.
  /// Source      asyncio.Barrier.abort.
  void abort() noexcept;

  [[nodiscard]] std::size_t parties() const noexcept { return parties_; }
  /// Returns     How many of this round are here and wait for the others; a snapshot.
  [[nodiscard]] std::size_t n_waiting() const noexcept;
  /// Returns     How many stand in line, for this round and the next; a snapshot.
  [[nodiscard]] std::size_t waiting() const noexcept;
  /// Returns     True after abort, until reset; a snapshot.
  [[nodiscard]] bool broken() const noexcept;
  /// Returns     `<barrier [filling, waiters:1/3]>`, with draining, resetting; `<barrier [broken]>`.
  [[nodiscard]] std::string repr() const;

  /// For `with`: waits.
  ///
  /// Returns     What wait returns.
  /// Throws      As wait.
  /// Cancelling  As wait.
  coro<std::size_t> aenter();
  /// For `with`: nothing.
  ///
  /// Returns     False: an error goes on.
  /// Cancelling  Does not wait.
  coro<bool> aexit(std::exception_ptr error);

 private:
  friend class detail::barrier_wait;
  using outcome = detail::barrier_wait::outcome;
  enum class state { filling, draining, resetting, broken };

  // All with lock_ held.
  [[nodiscard]] bool draining() const noexcept {
    return state_ == state::draining || state_ == state::resetting;
  }
  [[nodiscard]] bool completes() const noexcept {
    return state_ == state::filling && filling_.size() + 1 == parties_;
  }
  void call_all(detail::wake_chain& chain) noexcept;
  void fail_all(outcome why, detail::wake_chain& chain) noexcept;
  void begin_round_if_drained(detail::wake_chain& chain) noexcept;

  std::size_t const parties_;
  mutable lowlevel::biased_lock lock_;
  state state_ = state::filling;
  detail::waiter_line filling_{lock_};  // of this round
  detail::waiter_line early_{lock_};    // of the next
  detail::waiter_line leaving_{lock_};  // were called and did not run yet
};

}  // namespace skein
