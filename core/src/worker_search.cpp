// SPDX-License-Identifier: Apache-2.0
// worker_search.cpp: what a worker does that has nothing to do: steal, search for a while, park.
#include "deadlock.hpp"
#include "runtime_core.hpp"
#include "worker.hpp"

#include <skein/core/detail/join.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <mutex>
#include <utility>

namespace skein::detail {
namespace {

constexpr int search_rounds =
    60;                           // with few others: about 10 µs of looking before a sleep that costs as much
constexpr int polite_rounds = 2;  // rounds in which the next slots of others are left alone
constexpr int pauses_between_rounds = 4;
constexpr int looks_as_long_as_pauses = 32;  // at so many others; notes/growth.md

// The more others there are, the longer a round takes: then fewer, so that a search takes as long as ever.
constexpr int rounds_of_search(std::size_t others) noexcept {
  int const rounds =
      search_rounds * (looks_as_long_as_pauses + 1) / (looks_as_long_as_pauses + static_cast<int>(others));
  return std::max(rounds, 2 * polite_rounds);
}
constexpr std::size_t many_fired = 4;       // timers in one wake-up: they are dense
constexpr lowlevel::instant gap = 400'000;  // then, between two wake-ups for timers
constexpr lowlevel::instant outside_poll =
    1'000'000;  // virtual time: how long to wait for what takes real time

}  // namespace

void worker::idle() {
  add_one(rests_);
  if (runtime.lone()) {
    idle_alone();
  } else {
    idle_among_others();
  }
  add_one(rests_);
}

void worker::idle_among_others() {
  collect(true);
  if (!quiet() || take_injected()) {
    return;
  }
  if (!search()) {
    park();
  }
}

// With one worker there is nobody to steal from: sleep until something is due or arrives.
void worker::idle_alone() {
  if (runtime.options.virtual_time && jump_in_time()) {
    return;
  }
  if (!parker_.announce(driver_ != nullptr)) {
    return;
  }
  if (!inbox_.looks_empty() || must_leave()) {
    retract();
    return;
  }
  if (!runtime.options.virtual_time) {
    sleep_until_due(lowlevel::never);
    return;
  }
  // What is not outstanding now only another thread can bring: not for ever, or a test would hang.
  lowlevel::instant const patience = nothing_outstanding() ? patience_of(runtime) : lowlevel::never;
  auto const since = std::chrono::steady_clock::now();
  sleep_until_due(patience);
  if (patience != lowlevel::never && nothing_outstanding() &&
      std::chrono::steady_clock::now() - since >= std::chrono::nanoseconds{patience}) {
    give_up(runtime);
  }
}

bool worker::nothing_outstanding() const noexcept {
  return quiet() && timers.next_deadline() == lowlevel::never && !runtime.jobs_running() &&
         (driver_ == nullptr || !driver_->has_waiters());
}

// Virtual time: goes to the next timer when nothing else is to come. A job of an executor is waited for; I/O
// gets a moment, in which what a loopback connection carries arrives.
bool worker::jump_in_time() {
  lowlevel::instant const due = timers.next_deadline();
  if (due == lowlevel::never || !inbox_.looks_empty() || runtime.jobs_running()) {
    return false;
  }
  if (driver_ != nullptr && driver_->has_waiters()) {
    driver_->poll(outside_poll);
    if (!quiet() || runtime.jobs_running()) {
      return true;
    }
  }
  runtime.virtual_now.store(due, lowlevel::memory_order_relaxed);
  return true;
}

// Where timers are dense, a loop that slept for each would do little else (20 µs a wake-up): it lets some
// come together. A lone timer, however short and often, is not late by this.
lowlevel::instant worker::due_together(lowlevel::instant due, lowlevel::instant at) noexcept {
  lowlevel::instant const woken = std::min(last_due_, at);
  if (std::exchange(fired_, 0) >= many_fired) {
    due = std::max(due, woken + gap);
  }
  last_due_ = due;
  return due;
}

// Sleeps, in the driver or on the futex, until the next timer or an unpark, or for as long as the limit says
// when nothing is due; after announce.
void worker::sleep_until_due(lowlevel::instant limit) {
  add_one(parks_);
  lowlevel::instant timeout = limit;
  lowlevel::instant const due = timers.next_deadline();
  if (runtime.options.virtual_time) {
    timeout = due == lowlevel::never ? limit : outside_poll;
  } else if (due != lowlevel::never) {
    lowlevel::instant const at = now();
    lowlevel::instant const until = due_together(due, at);
    timeout = until > at ? until - at : 0;
  }
  if (driver_ != nullptr) {
    driver_->poll(timeout);
  } else if (timeout > 0) {
    parker_.wait(timeout);
  }
  retract();
}

void worker::retract() noexcept {
  parker_.retract();  // before [B] of stall_monitor.hpp
  runtime.monitor.worker_woke();
}

// Looks at the others for a while.
//
// Returns     True when something was run or queued here.
bool worker::search() {
  add_one(searches_);
  if (!searching_ && !runtime.idle.start_searching()) {
    return try_steal(false);
  }
  searching_ = true;
  int const rounds = rounds_of_search(runtime.workers.size() - 1);
  for (int round = 0; round < rounds; ++round) {
    if (try_steal(round >= polite_rounds) || !quiet() || take_injected()) {
      stop_searching();
      return true;
    }
    if (must_leave()) {
      break;
    }
    for (int i = 0; i < pauses_between_rounds; ++i) {
      lowlevel::cpu_relax();
    }
  }
  return false;
}

// Found something, or leaves: the last one that searched gets another one to search.
void worker::stop_searching() noexcept {
  if (searching_) {
    searching_ = false;
    if (runtime.idle.stop_searching()) {
      runtime.notify_one();
    }
  }
}

bool worker::try_steal(bool take_next_slot) {
  std::size_t const n = runtime.workers.size();
  for (std::size_t i = 0; i < n; ++i) {
    worker& victim = *runtime.workers[(last_victim_ + i) % n];
    if (&victim == this) {
      continue;
    }
    add_one(probes_);
    if (steal_from(victim, take_next_slot)) {
      last_victim_ = victim.index;
      return true;
    }
  }
  return false;
}

bool worker::steal_from(worker& victim, bool take_next_slot) {
  if (!victim.forks_.looks_empty()) {
    if (void* const fork = victim.forks_.steal()) {
      add_one(steals_);
      if (victim.forks_.looks_empty()) {
        victim.knock();  // the next thief should find something too
      }
      run_fork(fork);
      return true;
    }
  }
  // Run at once: in a list of this worker it could wait behind another one that blocks, and nobody sees it.
  if (lowlevel::work_item* const item = victim.run_queue_.steal_half(run_queue_)) {
    add_one(steals_);
    run_found(*item);
    return true;
  }
  if (take_next_slot && victim.next_slot_.load(lowlevel::memory_order_relaxed) != nullptr) {
    if (lowlevel::work_item* const item =
            victim.next_slot_.exchange(nullptr, lowlevel::memory_order_acq_rel)) {
      add_one(steals_);
      run_found(*item);
      return true;
    }
  }
  return false;
}

// Interrupts the rest for a stolen task.
void worker::run_found(lowlevel::work_item& item) noexcept {
  add_one(rests_);
  run_item(item);
  add_one(rests_);
}

// The same for a stolen child.
void worker::run_fork(void* fork) noexcept {
  stop_searching();
  add_one(rests_);
  begin_turn();
  if (look_at_mode_.load(lowlevel::memory_order_relaxed)) [[unlikely]] {
    run_stolen_in_debug_mode(fork);
  } else {
    run_stolen(fork);
    drain();
  }
  add_one(rests_);
}

// Brings a batch of the inject queue into the run queue.
bool worker::take_injected() noexcept {
  if (runtime.inject.empty()) {
    return false;
  }
  // A fair share, so that the others find something too; never more than the run queue holds.
  std::array<lowlevel::work_item*, lowlevel::run_queue::capacity / 4> batch;
  if (run_queue_.size() + batch.size() > lowlevel::run_queue::capacity) {
    return false;
  }
  std::size_t const count = runtime.inject.take(batch, index);
  for (std::size_t i = 0; i < count; ++i) {
    static_cast<void>(run_queue_.push(*batch[i]));
  }
  add(injected_, count);
  return count != 0;
}

// Work that this worker could take. Looked at after it said that it parks.
bool worker::work_is_visible() const noexcept {
  if (!quiet() || !runtime.inject.empty() || must_leave()) {
    return true;
  }
  for (auto const& other : runtime.workers) {
    if (other.get() != this && (!other->run_queue_.empty() || !other->forks_.looks_empty())) {
      return true;
    }
  }
  return false;
}

// Asks a worker to look up at its next fork: somebody wants work (stack_attention).
void worker::knock() noexcept { thread.guard.store(detail::knock, lowlevel::memory_order_release); }

// Wakes nobody for nothing: he would find nothing, sleep, knock again, and be woken again.
void worker::answer_knock() noexcept {
  forks_.expose(runtime.idle.anyone_parked());
  if (!forks_.looks_empty() || next_slot_.load(lowlevel::memory_order_relaxed) != nullptr) {
    runtime.notify_one();
  } else {
    hungry_others_ = true;
  }
}

void worker::knock_at_others() noexcept {
  for (auto const& other : runtime.workers) {
    if (other.get() != this) {
      other->knock();
    }
  }
}

void worker::park() {
  std::lock_guard const mine{upkeep_};  // a neighbour that is at it leaves at once
  bool const announced = parker_.announce(driver_ != nullptr);
  if (!announced) {
    return;  // a token: somebody sent something
  }
  runtime.idle.park(index, searching_);
  searching_ = false;
  knock_at_others();
  if (work_is_visible()) {
    retract();
  } else {
    sleep_until_due(lowlevel::never);
  }
  // Whoever took us out of the set has counted us as searching.
  searching_ = !runtime.idle.unpark(index);
  if (searching_) {
    add_one(notified_);
  }
}

}  // namespace skein::detail
