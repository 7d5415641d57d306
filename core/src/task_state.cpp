// SPDX-License-Identifier: Apache-2.0
// task_state.cpp: the life of a task: launch, first step, cancel, finish.
#include "await_trace.hpp"
#include "debug_mode.hpp"
#include "loop_table.hpp"
#include "runtime_core.hpp"
#include "worker.hpp"

#include <skein/core/create_task.hpp>
#include <skein/core/detail/context_cell.hpp>
#include <skein/core/detail/join.hpp>
#include <skein/core/detail/task_state.hpp>
#include <skein/core/errors.hpp>
#include <skein/core/report.hpp>
#include <skein/core/task.hpp>

#include <sched.h>

#include <cstddef>
#include <mutex>
#include <typeinfo>
#include <utility>

namespace skein::detail {

using lowlevel::memory_order_acquire;
using lowlevel::memory_order_relaxed;
using lowlevel::memory_order_release;

// The allocator of frames counts in steps of 32 bytes: a task with a small result takes five.
static_assert(sizeof(task_of<std::uint64_t>) <= 160);

namespace {

enum class ending { error, cancelled, stops_the_loop };

ending classify(std::exception_ptr const& error) noexcept {
  try {
    std::rethrow_exception(error);
  } catch (cancelled_error const&) {
    return ending::cancelled;
  } catch (keyboard_interrupt const&) {
    return ending::stops_the_loop;
  } catch (system_exit const&) {
    return ending::stops_the_loop;
  } catch (...) {
    return ending::error;
  }
}

std::string message_of(std::exception_ptr const& error) {
  try {
    std::rethrow_exception(error);
  } catch (cancelled_error const& e) {
    return e.message();
  } catch (...) {
    return {};
  }
}

std::uint64_t next_task_id() noexcept {
  static lowlevel::atomic<std::uint64_t> next{1};
  return next.fetch_add(1, memory_order_relaxed);
}

}  // namespace

lowlevel::work_ops const task_state::start_ops{&task_state::start, &task_state::drop_start, nullptr, nullptr,
                                               "start"};

task_state::task_state(worker& home, bool pinned)
    : future_state{home.id, true},
      work_item{start_ops},
      home_{&home},
      id_{next_task_id()},
      pinned_{pinned || home.runtime.lone()} {}

task_state::~task_state() {
  if (root_) {
    destroy_unfinished(root_);  // it was never launched
  }
}

void task_state::launch(task_state& task, std::coroutine_handle<> root, slot_base& result,
                        task_options* options) {
  task.root_ = root;
  task.result_offset_ =
      static_cast<std::uint16_t>(reinterpret_cast<std::byte*>(&result) - reinterpret_cast<std::byte*>(&task));
  if (options != nullptr) {
    task.apply(*options);
  } else {
    task.own_context.inherit(current_slot());
  }
  worker& home = *task.home_;
  if (home.runtime.debugs()) [[unlikely]] {
    note_made(task);
  }
  if (home.closed()) {
    throw loop_closed_error{"Event loop is closed: make tasks before close(), or on another loop"};
  }
  task.retain_unshared();  // the runtime's reference; finish gives it back
  home.registry.add(task);
  if (options != nullptr && options->eager_start && task.may_start_here()) {
    task.start_here();
  } else {
    schedule(task, task, true);
  }
}

void task_state::apply(task_options& options) {
  if (!options.name.empty()) {
    set_text(&future_texts::name, std::move(options.name));
  }
  if (options.context) {
    own_context.enter(options.context->inner());
  } else {
    own_context.inherit(current_slot());
  }
}

bool task_state::may_start_here() const noexcept {
  thread_state& thread = this_thread();
  worker* const here = thread.owner;
  return here != nullptr && here->running() && &here->runtime == &home_->runtime &&
         (!pinned_ || here == home_) && !stack_low(thread);
}

void task_state::run_first_piece(thread_state& thread) noexcept {
  std::optional<watched_step> step;
  if (thread.tracking != nullptr) [[unlikely]] {
    step.emplace(*thread.owner, *this);
  }
  root_.resume();
  thread.owner->go_on();
}

// An eager start: the first piece runs inside the piece of the creator, which may be in the middle of a fork,
// with coroutines of its own waiting to be gone on with.
void task_state::start_here() noexcept {
  thread_state& thread = this_thread();
  task_state* const creator = thread.task();
  lowlevel::flow* const flow_before = thread.flow;
  context_slot* const context_before = std::exchange(thread.context, nullptr);
  continuation const next_before = std::exchange(thread.next, {});
  std::coroutine_handle<> const resumed_before = std::exchange(thread.resumed, root_);
  std::vector<continuation> spilled_before;
  spilled_before.swap(thread.spilled);
  thread.set_task(this);
  thread.flow = this;
  run_first_piece(thread);
  thread.set_task(creator);
  thread.flow = flow_before;
  thread.context = context_before;
  thread.next = next_before;
  thread.resumed = resumed_before;
  thread.spilled.swap(spilled_before);
}

void task_state::start(lowlevel::work_item& item) noexcept {
  auto& self = static_cast<task_state&>(item);
  thread_state& thread = this_thread();
  if (self.take_cancel()) {
    destroy_unfinished(self.root_);  // never entered
    self.result().status.store(slot_status::skipped, memory_order_relaxed);
    self.finish();
    return;
  }
  thread.set_task(&self);
  thread.flow = &self;
  thread.resumed = self.root_;
  self.root_.resume();
}

// A closed loop destroys its tasks itself.
void task_state::drop_start(lowlevel::work_item&) noexcept {}

void task_state::root_finished() noexcept { finish(); }

void task_state::finish() noexcept {
  root_ = nullptr;
  thread_state& thread = this_thread();
  slot_status const status = result().state();
  bool const cancelled_itself = cancelled_itself_.load(memory_order_relaxed) && cancel_pending();
  future_status outcome = future_status::cancelled;
  if (status == slot_status::detached_failed) {
    error_ = take_error();
    switch (classify(error_)) {
      case ending::error:
        outcome = future_status::failed;
        trace_end_of(error_, *this);
        break;
      case ending::cancelled:
        if (std::string message = message_of(error_); !message.empty()) {
          set_text(&future_texts::cancel_message, std::move(message));
        }
        error_ = nullptr;
        break;
      case ending::stops_the_loop:
        outcome = future_status::failed;
        mark_retrieved();
        home_->runtime.fail(error_);
        break;
    }
  } else if (status == slot_status::detached_done && !cancelled_itself) {
    outcome = future_status::finished;
  }
  drop_payload();
  home_->registry.remove(*this);
  if (thread.task() == this) {
    thread.set_task(nullptr);
    thread.flow = nullptr;
  }
  publish(outcome);  // without a claim: nobody else completes a task
  release();
}

class task_state::request_under_way {
 public:
  explicit request_under_way(task_state& task) noexcept : task_{task} {
    task_.requests_under_way_.fetch_add(1, memory_order_relaxed);
  }
  request_under_way(request_under_way const&) = delete;
  request_under_way& operator=(request_under_way const&) = delete;
  ~request_under_way() { task_.requests_under_way_.fetch_sub(1, memory_order_release); }

 private:
  task_state& task_;
};

bool task_state::cancel(std::string message) {
  if (done()) {
    mark_retrieved();
    return false;
  }
  std::string earlier;
  request_under_way const request{*this};
  if (cancelling_.fetch_add(1, memory_order_release) > 0) {
    earlier = message_of_cancel();
  }
  set_text(&future_texts::cancel_message, std::move(message));
  if (this_thread().task() == this) {
    cancelled_itself_.store(true, memory_order_relaxed);
  }
  if (request_cancel() == delivery::again) {
    set_text(&future_texts::cancel_message, std::move(earlier));
  }
  return true;
}

int task_state::uncancel() noexcept {
  int count = cancelling_.load(memory_order_relaxed);
  while (count > 0 && !cancelling_.compare_exchange_weak(count, count - 1, memory_order_relaxed)) {
  }
  if (count == 1) {
    cancelled_itself_.store(false, memory_order_relaxed);
    if (withdraw() && cancelling() > 0) {
      request_cancel();  // that was a request that came just now
    }
  }
  return count > 0 ? count - 1 : 0;
}

void task_state::send(scope_request& request) noexcept {
  request_under_way const sending{*this};
  if (request.strand == static_cast<lowlevel::flow*>(this)) {
    cancelling_.fetch_add(1, memory_order_release);
    clear_text(&future_texts::cancel_message);
  } else {
    std::lock_guard const guard{mutex()};
    request.next = std::exchange(texts_locked()->sent, &request);
  }
  request.strand->request_cancel();
}

void task_state::take_back(scope_request& request) noexcept {
  if (request.strand == static_cast<lowlevel::flow*>(this)) {
    static_cast<void>(uncancel());
    return;
  }
  std::lock_guard const guard{mutex()};
  for (scope_request** at = &texts_locked()->sent; *at != nullptr; at = &(*at)->next) {
    if (*at == &request) {
      *at = request.next;
      return;
    }
  }
}

int task_state::cancelling_of(lowlevel::flow& strand) noexcept {
  std::lock_guard const guard{mutex()};
  scope_request const* const sent = texts_locked() != nullptr ? texts_locked()->sent : nullptr;
  int count = 0;
  for (lowlevel::flow* at = &strand;;) {
    for (scope_request const* request = sent; request != nullptr; request = request->next) {
      count += request->strand == at ? 1 : 0;
    }
    if (!at->is_branch()) {
      return count + cancelling();
    }
    auto const& fork = static_cast<fork_join const&>(*slot_of_branch(*at).owner);
    if (fork.shields()) {
      return count;
    }
    at = fork.parent_flow;
  }
}

// A count that includes a request which was counted, but not delivered yet, would take it for one that was
// seen: the strand waits until none is under way. They are short: a strand that runs has no wait to end.
task_state::standing task_state::standing_of(lowlevel::flow& strand) noexcept {
  for (;;) {
    int const count = cancelling_of(strand);
    if (requests_under_way_.load(memory_order_acquire) == 0) {
      bool const pending = strand.cancel_pending();
      if (cancelling_of(strand) == count) {
        return {count - (pending ? 1 : 0), pending};
      }
    }
    sched_yield();
  }
}

void task_state::hold_cancel(lowlevel::flow& strand) noexcept {
  if (&strand == static_cast<lowlevel::flow*>(this)) {
    cancelled_itself_.store(true, memory_order_relaxed);
  }
  strand.request_cancel();
}

std::string task_state::name() const {
  std::string given = text(&future_texts::name);
  return given.empty() ? "Task-" + std::to_string(id_) : given;
}

void task_state::destroy_pending() noexcept {
  exception_context context{.message =
                                "Task was destroyed but it is pending! Its loop was closed before it "
                                "ended: await it, or cancel and await it, before close()",
                            .future = any_future{state_ref<>::share(this)},
                            .task = any_task{state_ref<>::share(this)}};
  report(loop(), context);
  home_->registry.remove(*this);
  if (root_) {
    destroy_unfinished(std::exchange(root_, nullptr));
  }
  drop_payload();
  if (claim()) {
    publish(future_status::cancelled);
  }
  release();
}

std::optional<unsigned> task_state::runs_on() const noexcept {
  for (auto const& w : home_->runtime.workers) {
    if (w->thread.task() == this) {
      return w->index;
    }
  }
  return std::nullopt;
}

skein::task_state task_state::phase() const noexcept {
  if (runs_on()) {
    return skein::task_state::running;
  }
  return waiting() ? skein::task_state::pending : skein::task_state::scheduled;
}

task_state& task_of_branch(lowlevel::flow& flow) noexcept {
  return *static_cast<fork_join&>(*slot_of_branch(flow).owner).task;
}

std::optional<unsigned> worker_of(detail::task_state& state) noexcept {
  if (state.done()) {
    return std::nullopt;
  }
  auto const runs_on = state.runs_on();
  return !runs_on && state.pinned() ? std::optional{state.home().index} : runs_on;
}

skein::task_state snapshot_of(detail::task_state& state) noexcept {
  switch (state.status()) {
    case future_status::finished:
    case future_status::failed:
      return skein::task_state::done;
    case future_status::cancelled:
      return skein::task_state::cancelled;
    case future_status::pending:
    case future_status::setting:
      break;
  }
  return state.phase();
}

}  // namespace skein::detail
