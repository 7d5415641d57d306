// SPDX-License-Identifier: Apache-2.0
// await_future.cpp: waiting for a future in a task, in a thread, by a callback.
#include "await_trace.hpp"
#include "loop_table.hpp"
#include "runtime_core.hpp"
#include "worker.hpp"

#include <skein/core/detail/await_future.hpp>
#include <skein/core/detail/done_callback.hpp>
#include <skein/core/errors.hpp>
#include <skein/core/future.hpp>
#include <skein/core/lowlevel/dependency.hpp>
#include <skein/core/report.hpp>

#include <condition_variable>
#include <mutex>
#include <stdexcept>

namespace skein::detail {

// ---- in a task -------------------------------------------------------------------------------------------

lowlevel::work_ops const await_future::ops{
    &lowlevel::wait_node::resume,
    &lowlevel::drop_wait,
    &await_future::cancel_wait,
    &await_future::abandon_wait,
    "future",
    [](lowlevel::wait_node& node, lowlevel::dependency& into) noexcept {
      into.completed_by(*static_cast<await_future&>(node).state_);
    }};

void await_future::completed_wait(completion_node& node, future_state&) noexcept {
  lowlevel::wake(static_cast<await_future&>(node));
}

// A cancel request goes to what is awaited (rule G5).
bool await_future::cancel_wait(lowlevel::wait_node& node) noexcept {
  auto& self = static_cast<await_future&>(node);
  future_state& awaited = *self.state_;
  if (task_state const* const task = awaited.as_task(); task != nullptr && task->being_cancelled_here()) {
    // Tasks that wait for each other in a circle: this await, which closes it, ends.
    if (!awaited.unsubscribe(self)) {
      return false;
    }
    self.set_cancelled();
    lowlevel::wake(self);
    return true;
  }
  try {
    return awaited.cancel(task_of_flow(node.flow()).message_of_cancel());
  } catch (std::bad_alloc const&) {
    return awaited.cancel({});  // the text was too much
  }
}

void await_future::abandon_wait(lowlevel::wait_node& node) noexcept {
  auto& self = static_cast<await_future&>(node);
  self.state_->unsubscribe(self);
}

void await_future::check() const {
  thread_state& thread = this_thread();
  if (state_->done() || thread.owner == nullptr) {
    return;
  }
  if (state_.get() == static_cast<future_state*>(thread.task())) {
    throw std::runtime_error{"Task cannot await on itself: " + state_->repr()};
  }
  if (!thread.owner->runtime.owns(state_->loop())) {
    throw std::runtime_error{"the future is attached to a different loop (another runtime): " +
                             state_->repr() + "; wait for it with get() on a thread of its own"};
  }
}

bool await_future::suspend() {
  for (;;) {
    bool yields = false;
    {
      std::lock_guard const guard{state_->mutex()};
      yields = state_->done();
      if (yields && this_thread().budget > 0) {
        return false;  // it was completed meanwhile
      }
      if (begin()) {
        if (!yields) {
          static_cast<void>(state_->subscribe_locked(*this));
          return true;
        }
      } else if (yields) {
        return false;
      }
    }
    if (yields) {
      lowlevel::yield(*this);  // ready, but the budget is spent
      return true;
    }
    // A request was pending: what is awaited takes it, as if it had come during the wait.
    this_thread().task()->cancel_was_thrown();
    if (!cancel_wait(*this)) {
      return false;
    }
    static_cast<void>(ended());
  }
}

void await_future::finish() {
  if (ended()) {
    if (state_->status() == future_status::cancelled) {
      state_->throw_cancelled();  // with the text of the request that did it
    }
    lowlevel::throw_cancelled();
  }
  future_status const outcome = state_->status();
  if (outcome == future_status::finished) [[likely]] {
    return;
  }
  if (outcome == future_status::failed) {
    trace_await_of(state_->error_, *state_, where());
  }
  state_->throw_unless_finished();
}

// ---- in a thread -----------------------------------------------------------------------------------------

namespace {

struct blocked_thread : completion_node {
  blocked_thread() : completion_node{&completed_wait} {}
  static void completed_wait(completion_node& node, future_state&) noexcept {
    auto& self = static_cast<blocked_thread&>(node);
    std::lock_guard const guard{self.mutex};
    self.ready = true;
    self.condition.notify_one();
  }
  std::mutex mutex;
  std::condition_variable condition;
  bool ready = false;
};

}  // namespace

void block_until_done(future_state& state, delay limit) {
  if (state.done()) {
    return;
  }
  if (this_thread().owner != nullptr) {
    throw std::runtime_error{"future::get() would block the thread of a loop: co_await the future instead"};
  }
  blocked_thread me;
  if (!state.subscribe(me)) {
    return;
  }
  std::unique_lock guard{me.mutex};
  auto const deadline = std::chrono::steady_clock::time_point{std::chrono::nanoseconds{
      deadline_after(std::chrono::steady_clock::now().time_since_epoch().count(), limit.nanoseconds())}};
  if (!me.condition.wait_until(guard, deadline, [&] { return me.ready; })) {
    guard.unlock();
    if (state.unsubscribe(me)) {
      throw timeout_error{"the future was not done in time: " + state.repr()};
    }
    guard.lock();
    me.condition.wait(guard, [&] { return me.ready; });
  }
}

// ---- by a callback ---------------------------------------------------------------------------------------

void done_callback::schedule(completion_node& node, future_state& state) noexcept {
  auto& self = static_cast<done_callback&>(node);
  self.state = state_ref<>::share(&state);
  pinned_loop const target{self.loop};
  if (target.get() == nullptr || !target.get()->post(self)) {
    self.drop();
  }
}

std::uint64_t add_callback_node(future_state& state, call_ref callback) {
  static lowlevel::atomic<std::uint64_t> next_id{1};
  auto& node = static_cast<done_callback&>(*callback);
  std::uint64_t const id = next_id.fetch_add(1, lowlevel::memory_order_relaxed);
  node.id = id;
  worker* const here = this_thread().owner;
  node.loop = here != nullptr ? here->id : state.loop();
  node.retain();  // the list's reference, which the queue takes over
  if (!state.subscribe(node)) {
    done_callback::schedule_now(node, state);
  }
  return id;
}

std::size_t remove_callback(future_state& state, std::uint64_t id) {
  call_ref found;
  {
    std::lock_guard const guard{state.mutex()};
    for (completion_node* node = state.waiters_; node != nullptr; node = node->next) {
      if (done_callback* const callback = done_callback::from(*node);
          callback != nullptr && callback->id == id) {
        found = call_ref::share(callback);
        break;
      }
    }
  }
  if (!found || !state.unsubscribe(static_cast<done_callback&>(*found))) {
    return 0;
  }
  found->cancel();
  found->release();  // the list's reference
  return 1;
}

}  // namespace skein::detail

namespace skein {

std::size_t any_future::remove_done_callback(callback_id id) const {
  return detail::remove_callback(checked(), id);
}

}  // namespace skein
