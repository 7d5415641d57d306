// SPDX-License-Identifier: Apache-2.0
// worker.cpp: the order of a turn.
//
// With one worker: passes, as asyncio makes them. A pass collects what arrived and what is due, and then runs
// as many items as were ready at that moment; what they queue comes in the next pass.
// With several: the next slot (a few in a row), then by turns the pinned items and the run queue; every 31
// turns the inbox, the inject queue, timers and the driver.
#include "worker.hpp"

#include "loop_table.hpp"
#include "runtime_core.hpp"
#include "stack_bounds.hpp"

#include <unistd.h>

#include <array>
#include <limits>
#include <mutex>

namespace skein::detail {
namespace {

constexpr int upkeep_interval = 31;    // as Seastar and Tokio: a prime near 2^5; see notes/turns.md
constexpr int woken_in_a_row_max = 3;  // then others get a turn, so that a ping-pong starves nobody
constexpr int poll_interval = 31;      // turns between two looks at the driver while there is other work

}  // namespace

worker::worker(runtime_core& rt, unsigned i, loop_id number)
    : runtime{rt},
      index{i},
      id{number},
      face{nullptr},
      forks_{rt.options.workers > 1 ? lowlevel::fork_deque::thieves::some
                                    : lowlevel::fork_deque::thieves::none} {
  thread.owner = this;
  thread.forks = &forks_;
  // Without heavy fences nobody could end what lone loops do without atomic exchanges.
  thread.lone_loop = rt.options.workers == 1 && lowlevel::asymmetric_fence::of_process().expedited() ? id : 0;
  look_at_mode_.store(rt.debugs(), lowlevel::memory_order_relaxed);
  add_loop(id, *this);
}

worker::~worker() {
  remove_loop(id);
  if (thread.tracking != nullptr) {
    thread.frames.swap(tracking_.frames);
  }
  thread.frames.flush_all();
}

thread_binding::thread_binding(worker& w) : worker_{w}, before_{&this_thread()} {
  stack_bounds const stack = bounds_of_this_stack();
  w.thread.stack_limit = stack.lowest + stack.reserve;
  w.thread.guard.store(w.thread.stack_limit, lowlevel::memory_order_relaxed);
  skein_thread_state = &w.thread;
  w.thread_number_.store(::gettid(), lowlevel::memory_order_relaxed);
  w.running_.exchange(true, lowlevel::memory_order_seq_cst);  // before [B] of stall_monitor.hpp
}

thread_binding::~thread_binding() {
  worker_.running_.store(false, lowlevel::memory_order_release);
  skein_thread_state = before_;
}

lowlevel::instant worker::now() const noexcept {
  if (runtime.options.virtual_time) {
    return runtime.virtual_now.load(lowlevel::memory_order_relaxed);
  }
  return std::chrono::steady_clock::now().time_since_epoch().count();
}

worker_metrics worker::metrics() const noexcept {
  using lowlevel::memory_order_relaxed;
  return {.turns = turns_.load(memory_order_relaxed),
          .steals = steals_.load(memory_order_relaxed),
          .parks = parks_.load(memory_order_relaxed),
          .spills = spills_.load(memory_order_relaxed),
          .searches = searches_.load(memory_order_relaxed),
          .probes = probes_.load(memory_order_relaxed),
          .notified = notified_.load(memory_order_relaxed),
          .injected = injected_.load(memory_order_relaxed),
          .stalls = stalls_.load(memory_order_relaxed)};
}

bool worker::looks_quiet() const noexcept {
  return run_queue_.empty() && inbox_.looks_empty() &&
         next_slot_.load(lowlevel::memory_order_relaxed) == nullptr;
}

bool worker::must_leave() const noexcept {
  return leaving_.load(lowlevel::memory_order_relaxed) || runtime.stopping() || runtime.failed();
}

void worker::run() {
  thread_binding const binding{*this};
  add_one(rests_);
  runtime.monitor.worker_woke();
  passed_ = false;
  for (;;) {
    if (lowlevel::work_item* const item = next_item()) {
      run_item(*item);
    } else if (must_leave()) {
      break;
    } else {
      idle();  // runs what it steals
    }
    if (runtime.failed() && index == 0) [[unlikely]] {
      break;
    }
  }
  stop_searching();
  add_one(rests_);
  leaving_.store(false, lowlevel::memory_order_relaxed);
  pass_left_ = 0;
}

void worker::run_item(lowlevel::work_item& item) noexcept {
  if (searching_) [[unlikely]] {
    stop_searching();
  }
  begin_turn();
  if (look_at_mode_.load(lowlevel::memory_order_relaxed)) [[unlikely]] {
    run_in_debug_mode(item);
    return;
  }
  item.run();
  drain();
}

void worker::begin_turn() noexcept {
  add_one(turns_);
  thread.budget = runtime.lone() ? std::numeric_limits<std::int32_t>::max()
                                 : static_cast<std::int32_t>(runtime.options.budget);
}

void worker::go_on() noexcept {
  while (has_more()) {
    continuation more = thread.next;
    if (more.coroutine) {
      thread.next.coroutine = nullptr;
    } else {
      more = thread.spilled.back();
      thread.spilled.pop_back();
    }
    thread.flow = more.flow;
    thread.resumed = more.coroutine;
    if (more.where.line() != 0 && thread.task() != nullptr) {
      thread.task()->note_wait(more.where);  // the child waited last, but has ended
    }
    more.coroutine.resume();
  }
}

void worker::drain() noexcept {
  if (has_more()) {
    go_on();
  }
  thread.set_task(nullptr);
  thread.flow = nullptr;
}

// The inbox, timers that are due, I/O. The inbox first: a neighbour has put there what was due before.
// Not inlined: that costs a yield 1.7 %.
[[gnu::noinline]] void worker::collect_here(bool with_driver) {
  inbox_.take_all(ready_);
  if (timers.next_deadline() != lowlevel::never) {
    fired_ += timers.fire_due(now());
  }
  if (with_driver) {
    turns_since_poll_ = 0;
    if (driver_ != nullptr) {
      driver_->poll(0);
    }
  }
}

lowlevel::work_item* worker::next_item() { return runtime.lone() ? next_of_lone() : next_of_many(); }

lowlevel::work_item* worker::next_of_lone() {
  if (pass_left_ == 0) {
    if (passed_ && must_leave()) {
      return nullptr;
    }
    collect_here(ready_.empty() || ++turns_since_poll_ >= poll_interval);
    pass_left_ = ready_.size();
    if (pass_left_ == 0) {
      passed_ = passed_ || leaving_.load(lowlevel::memory_order_relaxed);
      return nullptr;
    }
    passed_ = true;
  }
  --pass_left_;
  return ready_.pop_front();
}

lowlevel::work_item* worker::next_of_many() {
  if (--until_upkeep_ <= 0) {
    if (must_leave()) {
      return nullptr;
    }
    until_upkeep_ = upkeep_interval;
    collect(true);
    static_cast<void>(take_injected());
  }
  if (woken_in_a_row_ < woken_in_a_row_max) {
    if (lowlevel::work_item* const item = take_woken()) {
      ++woken_in_a_row_;
      return item;
    }
  }
  woken_in_a_row_ = 0;
  ready_first_ = !ready_first_;
  lowlevel::work_item* item = ready_first_ ? ready_.pop_front() : run_queue_.pop();
  if (item == nullptr) {
    item = ready_first_ ? run_queue_.pop() : ready_.pop_front();
  }
  return item != nullptr ? item : take_woken();
}

// Only the owner fills the slot; the owner and thieves empty it.
lowlevel::work_item* worker::take_woken() noexcept {
  if (next_slot_.load(lowlevel::memory_order_relaxed) == nullptr) {
    return nullptr;
  }
  return next_slot_.exchange(nullptr, lowlevel::memory_order_acquire);
}

void worker::push_woken(lowlevel::work_item& item) noexcept {
  if (next_slot_.load(lowlevel::memory_order_relaxed) == nullptr) {
    next_slot_.store(&item, lowlevel::memory_order_release);
    if (hungry_others_) [[unlikely]] {
      hungry_others_ = false;
      knock();  // if this task goes on for long, another worker shall take the item
    }
    return;
  }
  lowlevel::work_item* const displaced = next_slot_.exchange(&item, lowlevel::memory_order_acq_rel);
  if (displaced != nullptr) {
    push_stealable(*displaced);
  }
}

void worker::push_stealable(lowlevel::work_item& item) noexcept {
  if (!run_queue_.push(item)) [[unlikely]] {
    // Full: half of the queue and the new item go where every worker finds them.
    std::array<lowlevel::work_item*, lowlevel::run_queue::capacity / 2 + 1> moved;
    std::size_t count = 0;
    while (count + 1 < moved.size()) {
      lowlevel::work_item* const oldest = run_queue_.pop();
      if (oldest == nullptr) {
        break;
      }
      moved[count++] = oldest;
    }
    moved[count++] = &item;
    runtime.inject.push({moved.data(), count}, index);
  }
  if (runtime.idle.should_notify()) {
    runtime.notify_one();
  }
}

// With several workers: brings in what came from outside, unless a neighbour is at it.
void worker::collect(bool with_driver) {
  if (upkeep_.try_lock()) [[likely]] {
    std::lock_guard const guard{upkeep_, std::adopt_lock};
    collect_here(with_driver);
  } else {
    inbox_.take_all(ready_);  // a neighbour sees to the rest just now
  }
}

void worker::poll_driver() {
  std::lock_guard const guard{upkeep_};
  if (driver_ != nullptr) {
    driver_->poll(0);
  }
}

void worker::set_driver(std::unique_ptr<lowlevel::driver> d) noexcept {
  std::lock_guard const guard{upkeep_};
  driver_ = std::move(d);
}

}  // namespace skein::detail
