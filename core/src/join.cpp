// SPDX-License-Identifier: Apache-2.0
// join.cpp: the slow paths of awaiting children: suspending, spilling, failing, rejoining.
#include "await_trace.hpp"
#include "worker.hpp"

#include <skein/core/detail/debug_mode.hpp>
#include <skein/core/detail/generator_core.hpp>
#include <skein/core/detail/join.hpp>
#include <skein/core/detail/task_state.hpp>
#include <skein/core/errors.hpp>
#include <skein/core/lowlevel/dependency.hpp>

#include <stdexcept>

namespace skein::detail {

using lowlevel::memory_order_acq_rel;
using lowlevel::memory_order_acquire;
using lowlevel::memory_order_relaxed;

namespace {

void set_status(slot_base& slot, slot_status status) noexcept {
  slot.status.store(status, memory_order_relaxed);
}

// The last detached child to end goes on with the parent, through its own loop.
//
// Returns     True when it was the last one.
bool meet(join& meeting, lowlevel::flow* parent_flow) noexcept {
  if (meeting.pending.fetch_sub(1, memory_order_acq_rel) == 1) {  // [A]
    this_thread().next = {meeting.continuation, parent_flow, meeting.where};
    return true;
  }
  return false;
}

void branch_ended(slot_base& slot) noexcept {
  auto& fork = static_cast<fork_join&>(*slot.owner);
  if (slot.state() != slot_status::detached_done) {
    fork.child_failed(slot);
  }
  if (meet(fork, fork.parent_flow)) {
    fork.suspended.end();
  }
}

bool cancel_fork(lowlevel::wait_node& node) noexcept {
  bool taken = false;
  fork_join& fork = static_cast<fork_join::wait&>(node).fork;
  fork.children(
      fork,
      [](child_ref const& child, void* context) {
        if (child.slot->unfinished()) {
          flow_of_branch(*child.slot).request_cancel();
          *static_cast<bool*>(context) = true;
        }
      },
      &taken);
  return taken;
}

void joins(lowlevel::wait_node& node, lowlevel::dependency& into) noexcept {
  into.joined(static_cast<fork_join::wait&>(node).fork);
}

lowlevel::work_ops const fork_ops{&lowlevel::wait_node::resume,         &lowlevel::drop_wait, &cancel_fork,
                                  [](lowlevel::wait_node&) noexcept {}, "when_all",           &joins};

// A request stays at the parent: it is delivered where the parent waits next.
lowlevel::work_ops const shield_ops{&lowlevel::wait_node::resume,
                                    &lowlevel::drop_wait,
                                    [](lowlevel::wait_node&) noexcept { return false; },
                                    [](lowlevel::wait_node&) noexcept {},
                                    "shielded",
                                    &joins};

}  // namespace

void finish_slow(slot_base& slot, std::coroutine_handle<> coroutine) noexcept {
  slot_status const before = slot.state();
  if (before == slot_status::detached) {
    coroutine.destroy();
    set_status(slot, slot_status::detached_done);
  } else {
    destroy_unfinished(coroutine);  // its error is told, not what it left behind
    if (before == slot_status::failed) {
      return;  // inline: the parent looks at the slot
    }
  }
  switch (slot.kind) {
    case slot_kind::root:
      slot.task->root_finished();
      break;
    case slot_kind::child:
      static_cast<void>(meet(*slot.owner, this_thread().flow));
      break;
    case slot_kind::branch:
      branch_ended(slot);
      break;
  }
}

void hand_over(slot_base& slot) noexcept {
  if (slot.state() == slot_status::empty) {
    set_status(slot, slot_status::done);  // inline: who asked looks at the slot
    return;
  }
  set_status(slot, slot_status::detached_done);
  static_cast<void>(meet(*slot.owner, this_thread().flow));
}

bool suspend_for_child(promise_base& parent, std::coroutine_handle<> handle, join& meeting,
                       any_coroutine child, bool spill) {
  if (spill) {
    thread_state& thread = this_thread();
    thread.spilled.push_back({child, thread.flow});
    if (thread.owner != nullptr) {
      thread.owner->count_spill();
    }
    child.promise().detach();
  }
  parent.detach();
  meeting.continuation = handle;
  return meeting.pending.fetch_add(1, memory_order_acq_rel) + 1 != 0;  // [B]
}

fork_join::wait::wait(fork_join& f, std::source_location at) noexcept
    : wait_node{f.shields() ? shield_ops : fork_ops, at}, fork{f} {}

bool fork_join::shields() const noexcept { return children == &shield_join::visit; }

void shield_join::visit(fork_join& fork, void (*visit)(child_ref const& child, void* context),
                        void* context) {
  visit(static_cast<shield_join&>(fork).child, context);
}

bool fork_join::suspend(promise_base& parent, std::coroutine_handle<> handle, std::int32_t out) {
  parent.detach();
  continuation = handle;
  ::new (&suspended) wait{*this, where};
  suspended.prepare(any_coroutine::from_address(handle.address()));
  bool untaken = false;
  while (!suspended.begin()) {
    // A request was pending: the children take it, if there are any left to take it.
    untaken = !suspended.ops().cancel(suspended) || untaken;
  }
  if (untaken) [[unlikely]] {
    parent_flow->request_cancel();  // it stays with the wait, which ends with it
  }
  if (pending.fetch_add(out, memory_order_acq_rel) + out != 0) {  // [B]
    return true;
  }
  suspended.end();
  return false;
}

void fork_join::spill(promise_base& parent, std::coroutine_handle<> handle) {
  std::size_t count = 0;
  children(*this, [](child_ref const&, void* n) { ++*static_cast<std::size_t*>(n); }, &count);
  thread_state& thread = this_thread();
  thread.spilled.reserve(thread.spilled.size() + count);
  children(
      *this,
      [](child_ref const& child, void* spilled) {
        child.coroutine.promise().detach();
        static_cast<std::vector<detail::continuation>*>(spilled)->push_back(
            {child.coroutine, &flow_of_branch(*child.slot)});
      },
      &thread.spilled);
  if (thread.owner != nullptr) {
    thread.owner->count_spill();
  }
  // They run after this coroutine has suspended, on this thread: the sum cannot be 0 yet.
  path = await_path::waiting;
  static_cast<void>(suspend(parent, handle, static_cast<std::int32_t>(count)));
}

// Destroys the errors of children: of all, or of all but the one that is going to be thrown.
void fork_join::drop_errors(slot_base const* keep) noexcept {
  struct target {
    slot_base const* keep;
  } context{keep};
  children(
      *this,
      [](child_ref const& child, void* kept) {
        if (child.slot != static_cast<target*>(kept)->keep && child.slot->has_error()) {
          std::destroy_at(&error_of(*child.slot));
          set_status(*child.slot, slot_status::empty);
        }
      },
      &context);
}

void fork_join::rejoin() {
  bool const was_waiting = path == await_path::waiting;
  path = await_path::finished;
  bool cancelled = false;
  if (was_waiting) {
    cancelled = suspended.ended();
    suspended.~wait();
    if (cancelled && shields()) {
      task->hold_cancel(*parent_flow);
      cancelled = false;
    }
  }
  if (slot_base* const failed = first_failed.load(memory_order_acquire)) {
    drop_errors(failed);
    if (failed->has_error()) {
      rethrow(*failed);
    }
    cancelled = true;  // it was cancelled before its first step
  }
  if (cancelled) {
    lowlevel::throw_cancelled();
  }
}

void fork_join::child_failed(slot_base& child) noexcept {
  slot_base* none = nullptr;
  if (!first_failed.compare_exchange_strong(none, &child, memory_order_acq_rel, memory_order_relaxed)) {
    return;
  }
  children(
      *this,
      [](child_ref const& sibling, void* failed) {
        if (sibling.slot != failed && sibling.slot->unfinished()) {
          flow_of_branch(*sibling.slot).request_cancel();
        }
      },
      &child);
}

std::int32_t fork_join::not_done(slot_base& child) noexcept {
  if (child.state() != slot_status::failed) {
    return 1;
  }
  child_failed(child);
  return one_failed;
}

void fork_join::skip(child_ref const& child) noexcept {
  set_status(*child.slot, slot_status::skipped);
  destroy_unfinished(child.coroutine);
}

void fork_join::abandon() noexcept {
  if (path == await_path::waiting) {
    suspended.~wait();
  }
  children(
      *this,
      [](child_ref const& child, void*) {
        if (child.slot->unfinished()) {
          skip(child);
        }
      },
      nullptr);
  drop_errors(nullptr);
}

void run_stolen(void* entry) noexcept {
  auto const child = any_coroutine::from_address(entry);
  slot_base& slot = *child.promise().slot;
  auto& fork = static_cast<fork_join&>(*slot.owner);
  thread_state& thread = this_thread();
  thread.set_task(fork.task);
  child.promise().detach();
  thread.flow = &flow_of_branch(slot);
  if (thread.flow->take_cancel()) {
    destroy_unfinished(child);
    set_status(slot, slot_status::skipped);
    branch_ended(slot);
    return;
  }
  thread.resumed = child;
  child.resume();
}

void rethrow(slot_base& slot) {
  std::exception_ptr const taken = std::move(error_of(slot));
  std::destroy_at(&error_of(slot));
  set_status(slot, slot_status::empty);
  trace_await(taken, slot.owner->where);
  std::rethrow_exception(taken);
}

void throw_awaited_already() {
  throw std::runtime_error{
      "coroutine is being awaited already: a coro is awaited once, and not after it was moved from"};
}

}  // namespace skein::detail
