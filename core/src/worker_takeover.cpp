// SPDX-License-Identifier: Apache-2.0
// worker_takeover.cpp: what is done for a worker that a step holds up.
#include "runtime_core.hpp"
#include "worker.hpp"

#include <mutex>

namespace skein::detail {

bool worker::holds_others_up() noexcept {
  std::size_t const running = thread.task() != nullptr ? 1 : 0;
  return runtime.task_count() > running || timers.next_deadline() != lowlevel::never || !looks_quiet();
}

// The next slot first: it would have been the next to run.
bool worker::give_away(lowlevel::run_queue& through) noexcept {
  bool gave = false;
  auto const give = [&](lowlevel::work_item* item) {
    if (item != nullptr) {
      runtime.inject.push_foreign(*item);
      gave = true;
    }
    return item != nullptr;
  };
  if (next_slot_.load(lowlevel::memory_order_relaxed) != nullptr) {
    give(next_slot_.exchange(nullptr, lowlevel::memory_order_acq_rel));
  }
  while (give(run_queue_.steal_half(through))) {
    while (give(through.pop())) {
    }
  }
  return gave;
}

bool worker::needs_looking_after() noexcept {
  if (timers.next_deadline() <= now()) {
    return true;
  }
  if (!upkeep_.try_lock()) {
    return false;  // somebody is at it, or it sleeps after all
  }
  std::lock_guard const guard{upkeep_, std::adopt_lock};
  return driver_ != nullptr && driver_->has_waiters();
}

void worker::look_after() {
  if (upkeep_.try_lock()) {
    std::lock_guard const guard{upkeep_, std::adopt_lock};
    timers.fire_due(now());
    if (driver_ != nullptr) {
      driver_->poll(0);
    }
  }
}

lowlevel::work_ops const relief::ops_table{
    [](lowlevel::work_item& item) noexcept {
      auto& self = static_cast<relief&>(item);
      self.worker_.look_after();
      self.done();
    },
    [](lowlevel::work_item& item) noexcept { static_cast<relief&>(item).done(); }, nullptr, nullptr,
    "relief"};

void relief::ask() noexcept {
  if (!queued_.load(lowlevel::memory_order_acquire)) {  // pairs with [A]
    queued_.store(true, lowlevel::memory_order_relaxed);
    worker_.runtime.inject.push_foreign(*this);
    worker_.runtime.notify_one();
  }
}

}  // namespace skein::detail
