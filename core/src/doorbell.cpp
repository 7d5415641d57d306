// SPDX-License-Identifier: Apache-2.0
// doorbell.cpp: ringing, and the wait for it with its deadline.
#include "runtime_core.hpp"
#include "worker.hpp"

#include <skein/core/detail/doorbell.hpp>
#include <skein/core/lowlevel/dependency.hpp>

#include <mutex>
#include <utility>

namespace skein::detail {

lowlevel::work_ops const doorbell_wait::ops{&doorbell_wait::run_or_hop, &lowlevel::drop_wait,
                                            &doorbell_wait::cancel_wait, &doorbell_wait::abandon_wait,
                                            "completion"};

lowlevel::work_ops const doorbell_wait::ops_of_group{
    &doorbell_wait::run_or_hop,
    &lowlevel::drop_wait,
    &doorbell_wait::cancel_wait,
    &doorbell_wait::abandon_wait,
    "task_group",
    [](lowlevel::wait_node&, lowlevel::dependency& into) noexcept { into.ended_by_children(); }};

void doorbell::ring() noexcept {
  doorbell_wait* woken = nullptr;
  {
    std::lock_guard const guard{lock_};
    rung_ = true;
    if (waiter_ != nullptr && waiter_->take_locked()) {
      woken = waiter_;
      waiter_ = nullptr;
    }
  }
  if (woken != nullptr) {
    lowlevel::wake(*woken);
  }
}

state_ref<> doorbell::waiting_task() noexcept {
  std::lock_guard const guard{lock_};
  return waiter_ != nullptr ? state_ref<>::share(&task_of_flow(waiter_->flow())) : state_ref<>{};
}

// Wins the right to end the wait; the bell's lock is held.
bool doorbell_wait::take_locked() noexcept { return loop_ == nullptr || loop_->timers.disarm(*this); }

bool doorbell_wait::suspend() {
  bool yields = false;
  {
    std::lock_guard const guard{bell_.lock_};
    yields = bell_.rung_;
    if (yields && lowlevel::spend_budget()) {
      return false;
    }
    if (yields || deadline_ == lowlevel::never) {
      if (!begin()) {
        return false;
      }
    } else {
      worker& here = *this_thread().owner;
      std::lock_guard const timers{here.timers.mutex()};
      here.timers.arm_locked(*this, deadline_);
      if (!begin()) {
        here.timers.disarm_locked(*this);
        return false;
      }
      loop_ = &here;
    }
    if (!yields) {
      bell_.waiter_ = this;
    }
  }
  if (yields) {
    lowlevel::yield(*this);
  }
  return true;
}

bool doorbell_wait::await_resume() {
  if (ended()) {
    lowlevel::throw_cancelled();
  }
  std::lock_guard const guard{bell_.lock_};
  return std::exchange(bell_.rung_, false);
}

// With one worker the wait ends one turn later, as asyncio's timer-future-task chain makes it.
void doorbell_wait::fire(lowlevel::timer_node& timer) noexcept {
  auto& self = static_cast<doorbell_wait&>(timer);
  {
    std::lock_guard const guard{self.bell_.lock_};
    self.bell_.waiter_ = nullptr;
  }
  if (self.loop_->runtime.lone()) {
    self.hops_ = true;
    self.loop_->push_ready(self);
  } else {
    lowlevel::wake(self);
  }
}

void doorbell_wait::run_or_hop(lowlevel::work_item& item) noexcept {
  auto& self = static_cast<doorbell_wait&>(item);
  if (std::exchange(self.hops_, false)) {
    self.loop_->push_ready(self);
  } else {
    resume(self);
  }
}

bool doorbell_wait::cancel_wait(lowlevel::wait_node& node) noexcept {
  auto& self = static_cast<doorbell_wait&>(node);
  {
    std::lock_guard const guard{self.bell_.lock_};
    if (self.bell_.waiter_ != &self || !self.take_locked()) {
      return false;
    }
    self.bell_.waiter_ = nullptr;
    self.set_cancelled();
  }
  lowlevel::wake(self);
  return true;
}

void doorbell_wait::abandon_wait(lowlevel::wait_node& node) noexcept {
  auto& self = static_cast<doorbell_wait&>(node);
  std::lock_guard const guard{self.bell_.lock_};
  if (self.bell_.waiter_ == &self) {
    static_cast<void>(self.take_locked());
    self.bell_.waiter_ = nullptr;
  }
}

}  // namespace skein::detail
