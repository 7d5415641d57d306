// SPDX-License-Identifier: Apache-2.0
// doorbell.hpp: where one coroutine waits until it is rung for, or until a deadline.
#pragma once

#include <skein/core/detail/task_state.hpp>
#include <skein/core/lowlevel/spinlock.hpp>
#include <skein/core/lowlevel/timer_heap.hpp>
#include <skein/core/lowlevel/wait_node.hpp>

#include <coroutine>
#include <source_location>

namespace skein::detail {

class doorbell_wait;
class worker;

/// Rung by any thread, heard by one coroutine at a time: a ring that nobody waits for is remembered, several
/// are one. What it means stands elsewhere: who is rung for looks.
///
/// Threads     ring: any. wait: one task at a time.
/// Lifetime    Whoever rings keeps it alive meanwhile.
/// Source      A future that is made and completed for one wait, in asyncio's wait and TaskGroup; differs: no
///             allocation.
class doorbell {
 public:
  class [[nodiscard("co_await it")]] operation {
   public:
    using skein_awaits = bool;
    operation(doorbell& bell, lowlevel::instant deadline, lowlevel::work_ops const& kind) noexcept
        : bell_{&bell}, deadline_{deadline}, kind_{&kind} {}
    [[nodiscard]] doorbell_wait make_awaiter(std::source_location where) const noexcept;

   private:
    doorbell* bell_;
    lowlevel::instant deadline_;
    lowlevel::work_ops const* kind_;
  };

  doorbell() noexcept = default;
  doorbell(doorbell const&) = delete;
  doorbell& operator=(doorbell const&) = delete;

  /// Wakes who waits, or the next who will.
  void ring() noexcept;
  /// Waits for a ring.
  ///
  /// Returns     True.
  /// Cancelling  A ring that came in the same moment is kept for the next wait.
  [[nodiscard]] operation wait() noexcept;
  /// The same, for the owner of a group, whom nobody but its children rings for: reports of deadlocks know.
  ///
  /// Cancelling  As above.
  [[nodiscard]] operation wait_for_children() noexcept;
  /// Waits for a ring until a deadline.
  ///
  /// Returns     False when there was none.
  /// Cancelling  As above.
  [[nodiscard]] operation wait_until(lowlevel::instant deadline) noexcept;

  /// Returns     The task that waits; null when none does. A snapshot.
  [[nodiscard]] state_ref<> waiting_task() noexcept;

 private:
  friend class doorbell_wait;

  lowlevel::spinlock lock_;
  doorbell_wait* waiter_ = nullptr;  // guarded by lock_
  bool rung_ = false;                // guarded by lock_
};

/// One wait at a doorbell. While its timer is armed, who takes the timer out of the heap ends the wait: the
/// ringer, the canceller, or the timer itself.
class doorbell_wait : public lowlevel::wait_node, public lowlevel::timer_node {
 public:
  doorbell_wait(doorbell& bell, lowlevel::instant deadline, lowlevel::work_ops const& kind,
                std::source_location where) noexcept
      : wait_node{kind, where}, timer_node{&fire}, bell_{bell}, deadline_{deadline} {}
  doorbell_wait(doorbell_wait const&) = delete;
  doorbell_wait& operator=(doorbell_wait const&) = delete;
  ~doorbell_wait() { leave(); }

  [[nodiscard]] bool await_ready() const noexcept { return false; }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> coroutine) {
    prepare(coroutine);
    return suspend();
  }
  bool await_resume();

 private:
  friend class doorbell;
  static lowlevel::work_ops const ops;
  static lowlevel::work_ops const ops_of_group;
  static void fire(lowlevel::timer_node& timer) noexcept;
  static void run_or_hop(lowlevel::work_item& item) noexcept;
  static bool cancel_wait(lowlevel::wait_node& node) noexcept;
  static void abandon_wait(lowlevel::wait_node& node) noexcept;
  [[nodiscard]] bool suspend();
  [[nodiscard]] bool take_locked() noexcept;

  doorbell& bell_;
  lowlevel::instant deadline_;
  worker* loop_ = nullptr;  // where the timer is armed
  bool hops_ = false;       // the loop's thread only: the timer fired, and the wait ends one turn later
};

inline doorbell_wait doorbell::operation::make_awaiter(std::source_location where) const noexcept {
  return doorbell_wait{*bell_, deadline_, *kind_, where};
}
inline doorbell::operation doorbell::wait() noexcept { return {*this, lowlevel::never, doorbell_wait::ops}; }
inline doorbell::operation doorbell::wait_for_children() noexcept {
  return {*this, lowlevel::never, doorbell_wait::ops_of_group};
}
inline doorbell::operation doorbell::wait_until(lowlevel::instant deadline) noexcept {
  return {*this, deadline, doorbell_wait::ops};
}

}  // namespace skein::detail
