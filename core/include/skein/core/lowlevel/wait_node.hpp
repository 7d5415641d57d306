// SPDX-License-Identifier: Apache-2.0
// wait_node.hpp: how a coroutine waits for something. Every primitive of skein is built on this.
//
// An awaiter derives from wait_node and follows four steps (sync/src/event.cpp is the shortest example):
//
//   await_suspend   1. prepare(coroutine)          from here on the coroutine counts as suspended
//                   2. take the primitive's lock; is it ready by now? → unlock, ready(), return false
//                   3. if (!begin()) → unlock, return false    a cancel was pending; ended() will say so
//                   4. link the node, unlock, return true      do not touch the frame after the unlock
//   whoever ends the wait   unlinks the node under the lock, unlocks, calls wake(node)
//   ops.cancel      takes the lock; if still linked: unlink, unlock, set_cancelled(), wake, return true.
//                   Else returns false: the wait has ended, and ended() will report the request.
//   await_resume    if (ended()) → give back what was granted, throw_cancelled()
//   destructor      leave()                        the frame may be destroyed while it waits
#pragma once

#include <skein/core/detail/promise_base.hpp>
#include <skein/core/detail/thread_state.hpp>
#include <skein/core/lowlevel/flow.hpp>
#include <skein/core/lowlevel/work_item.hpp>

#include <coroutine>
#include <source_location>
#include <type_traits>
#include <utility>

namespace skein::lowlevel {

/// A suspended await. It lives in the frame of the awaiting coroutine and allocates nothing.
///
/// Threads     prepare, begin, ended: the awaiting coroutine. set_cancelled: under the primitive's lock.
/// Lifetime    From prepare until await_resume; when the frame is destroyed before, leave() unlinks it.
class wait_node : public work_item {
 public:
  wait_node(work_ops const& ops, std::source_location where) noexcept : work_item{ops}, where_{where} {}

  /// Marks the coroutine as suspended and remembers it and its flow.
  template <class Promise>
  void prepare(std::coroutine_handle<Promise> coroutine) noexcept {
    static_assert(std::is_base_of_v<detail::promise_base, Promise>,
                  "operations of skein are awaited in a coroutine that returns skein::coro");
    coroutine.promise().detach();
    coroutine_ = coroutine;
    flow_ = detail::this_thread().flow;
  }

  /// Publishes the wait, with the primitive's lock held.
  ///
  /// Returns     False when a cancel request was pending: do not suspend.
  [[nodiscard]] bool begin() noexcept {
    phase_ = phase::waiting;  // before it is published: a canceller looks at it
    if (flow_->begin_wait(*this)) [[likely]] {
      return true;
    }
    phase_ = phase::cancelled;
    return false;
  }

  /// As begin, for a wait that only the loop ends, with resume_unpublished: a yield. A canceller and a call
  /// graph see a task that is ready to run.
  [[nodiscard]] bool begin_unpublished() noexcept {
    phase_ = flow_->take_cancel() ? phase::cancelled : phase::idle;
    return phase_ == phase::idle;
  }

  /// Ends the wait: called by whoever resumes the coroutine, before it does, and when a wait that was begun
  /// turns out not to suspend. Not in await_resume: in `co_await a + co_await b` a compiler may call both
  /// after both waits (g++ 12 does).
  void end() noexcept {
    bool const cancel = flow_->end_wait();
    phase_ = cancel || phase_ == phase::cancelled_waiting ? phase::cancelled : phase::idle;
  }

  /// Asks in await_resume how the wait ended; false when there was none.
  ///
  /// Returns     True when the await has to throw `cancelled_error`.
  [[nodiscard]] bool ended() noexcept { return std::exchange(phase_, phase::idle) == phase::cancelled; }

  /// Records, under the primitive's lock, that a canceller ended the wait.
  void set_cancelled() noexcept { phase_ = phase::cancelled_waiting; }
  [[nodiscard]] bool is_cancelled() const noexcept {
    return phase_ == phase::cancelled_waiting || phase_ == phase::cancelled;
  }

  [[nodiscard]] std::coroutine_handle<> coroutine() const noexcept { return coroutine_; }
  [[nodiscard]] lowlevel::flow& flow() const noexcept { return *flow_; }
  [[nodiscard]] std::source_location const& where() const noexcept { return where_; }

  /// Ends the wait and resumes the coroutine on this worker, now: the `run` of every wait.
  static void resume(work_item& item) noexcept;
  /// The same for a wait that begin_unpublished began.
  static void resume_unpublished(work_item& item) noexcept;

  wait_node* previous = nullptr;  // for the primitive's list

 protected:
  ~wait_node() = default;

  /// Goes behind everything that is ready now, without publishing the wait, which saves two atomic
  /// operations: a turn of the loop is nothing that a cancel could end. `run` of the wait is called next.
  ///
  /// Returns     False when a cancel was pending: do not suspend.
  [[nodiscard]] bool give_way() noexcept;

  /// Resumes the coroutine on this worker, now, after a wait that ended (or did not begin) in `run`.
  void resume_now() noexcept;

  /// For the destructor of every awaiter: if the wait did not end, unlinks it from the primitive.
  void leave() noexcept {
    if (phase_ == phase::waiting || phase_ == phase::cancelled_waiting) [[unlikely]] {
      phase_ = phase::idle;
      ops().abandon(*this);
    }
  }

 private:
  /// Makes this thread the one that runs the coroutine.
  void take_over() noexcept;

  enum class phase : std::uint8_t { idle, waiting, cancelled, cancelled_waiting };

  std::coroutine_handle<> coroutine_;
  lowlevel::flow* flow_ = nullptr;
  std::source_location where_;
  phase phase_ = phase::idle;
};

/// Makes the coroutine of an ended wait ready: on the loop that its task is pinned to, else on this worker,
/// else on any worker of its runtime.
///
/// Threads     Any. The node may be gone when this returns.
void wake(wait_node& node) noexcept;

/// Makes the coroutine ready behind everything that is ready now: a yield.
void yield(wait_node& node) noexcept;

/// The `drop` of a wait: nothing. Its frame is destroyed with its task.
void drop_wait(work_item& item) noexcept;

/// Throws `cancelled_error` with the message of the current task's cancel request.
[[noreturn]] void throw_cancelled();

/// Counts one await that finished without suspending.
///
/// Returns     False when the budget of this turn is used up: the await should yield (design.md §4).
[[nodiscard, gnu::always_inline]] inline bool spend_budget() noexcept {
  return --detail::this_thread().budget > 0;
}

/// A FIFO of waits, for primitives. The caller locks.
class wait_list {
 public:
  [[nodiscard]] bool empty() const noexcept { return head_ == nullptr; }
  [[nodiscard]] wait_node* front() const noexcept { return head_; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }

  void push_back(wait_node& node) noexcept {
    node.next = nullptr;
    node.previous = tail_;
    if (tail_ != nullptr) {
      tail_->next = &node;
    } else {
      head_ = &node;
    }
    tail_ = &node;
    ++size_;
  }

  void remove(wait_node& node) noexcept {
    auto* const after = static_cast<wait_node*>(node.next);
    if (node.previous != nullptr) {
      node.previous->next = after;
    } else {
      head_ = after;
    }
    if (after != nullptr) {
      after->previous = node.previous;
    } else {
      tail_ = node.previous;
    }
    node.next = nullptr;
    node.previous = nullptr;
    --size_;
  }

  [[nodiscard]] wait_node* pop_front() noexcept {
    wait_node* const node = head_;
    if (node != nullptr) {
      remove(*node);
    }
    return node;
  }

 private:
  wait_node* head_ = nullptr;
  wait_node* tail_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace skein::lowlevel
