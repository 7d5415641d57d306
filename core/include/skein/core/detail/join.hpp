// SPDX-License-Identifier: Apache-2.0
// join.hpp: how a coroutine and the children it awaits meet again.
//
// What       A child that ends without having been detached needs no meeting: its parent runs it by a nested
//            resume and sees "done". A detached child subtracts 1 from `pending` when it ends; the parent
//            adds the number of children that are out when it suspends. Whoever makes the sum 0 last goes on
//            with the parent: the child through its loop, the parent by not suspending.
// Source     Ours (design.md §2). Counting only what left the fast path is libfork's idea.
// Threads    pending: the parent and its detached children.
// Lifetime   In the parent's frame. A child does not touch it after its subtraction, unless it was the last.
//
// Invariants
//   I1  Before the parent adds, pending is minus the number of detached children that ended.
//   I2  continuation is written before the parent adds, and read only by the child that made the sum 0.
//
// Orders
//   [A] fetch_sub, acq_rel: publishes the child's result, and shows the last child those of the others.
//   [B] fetch_add, acq_rel: publishes continuation; a sum of 0 shows the parent all results.
#pragma once

#include <skein/core/detail/promise_base.hpp>
#include <skein/core/detail/thread_state.hpp>
#include <skein/core/lowlevel/wait_node.hpp>

#include <coroutine>
#include <cstdint>
#include <source_location>

namespace skein::detail {

struct join {
  std::coroutine_handle<> continuation;
  lowlevel::atomic<std::int32_t> pending{0};
  std::source_location where;

  explicit join(std::source_location at) noexcept : where{at} {}
};

/// How an await of children went; forwarded by the compiler from await_ready to await_resume, so that the
/// fast path tests nothing.
enum class await_path : std::uint8_t { fresh, finished, failed, waiting, spilled };

/// Suspends the parent of one child that is out, or that goes to the loop because the stack is low.
///
/// Returns     False when the child has ended meanwhile: go on at once.
[[nodiscard]] bool suspend_for_child(promise_base& parent, std::coroutine_handle<> handle, join& meeting,
                                     any_coroutine child, bool spill);

/// One child of a fork, without its type.
struct child_ref {
  any_coroutine coroutine;
  slot_base* slot;
};

struct fork_join;

/// Calls visit for each child of the fork; made by the template that knows their types.
using for_each_child = void (*)(fork_join& fork, void (*visit)(child_ref const& child, void* context),
                                void* context);

/// The meeting point of the children of one when_all.
struct fork_join : join {
  lowlevel::flow* parent_flow = nullptr;
  task_state* task = nullptr;
  for_each_child children;
  lowlevel::atomic<slot_base*> first_failed{nullptr};
  await_path path = await_path::fresh;
  // The suspended join as a wait of the parent's flow; it lives only on the slow path.
  struct wait : lowlevel::wait_node {
    fork_join& fork;
    wait(fork_join& f, std::source_location at) noexcept;
  };
  union {
    wait suspended;
  };

  fork_join(for_each_child all, std::source_location at) noexcept : join{at}, children{all} {}
  fork_join(fork_join const&) = delete;
  fork_join& operator=(fork_join const&) = delete;
  ~fork_join() {}

  /// Returns     True when cancel requests do not pass this join: it is a shield_join.
  [[nodiscard]] bool shields() const noexcept;

  /// Suspends the parent while `out` children are out.
  [[nodiscard]] bool suspend(promise_base& parent, std::coroutine_handle<> handle, std::int32_t out);

  /// Sends all children to the loop because the stack or the deque has no room, and suspends the parent.
  void spill(promise_base& parent, std::coroutine_handle<> handle);

  /// Ends the suspension, in await_resume of the slow path; throws the first error, or cancelled_error.
  void rejoin();

  /// A child ended with an error: remembers the first and asks the others to stop.
  void child_failed(slot_base& child) noexcept;

  /// Looks at a child that did not simply finish inline.
  ///
  /// Returns     1 when it is out; `one_failed` when it failed inline.
  [[nodiscard]] std::int32_t not_done(slot_base& child) noexcept;

  /// Destroys a child that was taken back unstarted after a sibling had failed.
  static void skip(child_ref const& child) noexcept;

  void drop_errors(slot_base const* keep) noexcept;

  /// Destroys the children that are not finished: the frame of the parent goes while it waits.
  void abandon() noexcept;

  static constexpr std::int32_t one_failed = 1 << 30;
};

/// The meeting point of a coroutine that runs shielded and of the one that awaits it.
struct shield_join : fork_join {
  child_ref child;

  shield_join(child_ref c, std::source_location at) noexcept : fork_join{&visit, at}, child{c} {}
  static void visit(fork_join& fork, void (*visit)(child_ref const& child, void* context), void* context);
};

/// Starts a child that a thief took out of a fork deque; the thief's loop goes on with what comes of it.
void run_stolen(void* entry) noexcept;

/// Throws the error in a slot; the slot is empty afterwards.
[[noreturn]] void rethrow(slot_base& slot);

[[noreturn]] void throw_awaited_already();

}  // namespace skein::detail
