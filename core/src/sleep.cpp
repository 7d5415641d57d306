// SPDX-License-Identifier: Apache-2.0
// sleep.cpp: arming, firing and cancelling the timer of a sleeping coroutine.
#include "runtime_core.hpp"
#include "worker.hpp"

#include <skein/core/sleep.hpp>

#include <mutex>
#include <utility>

namespace skein::detail {

lowlevel::work_ops const sleep_wait::ops{&sleep_wait::run_or_hop, &lowlevel::drop_wait,
                                         &sleep_wait::cancel_wait, &sleep_wait::abandon_wait, "sleep"};

bool sleep_wait::start() {
  worker& here = *this_thread().owner;
  if (!absolute_ && deadline() == 0) {
    return give_way();
  }
  lowlevel::instant const now = here.now();
  lowlevel::instant const deadline = absolute_ ? this->deadline() : deadline_after(now, this->deadline());
  if (deadline <= now) {
    return give_way();
  }
  loop_ = &here;
  std::lock_guard const guard{here.timers.mutex()};
  here.timers.arm_locked(*this, deadline);
  if (!begin()) {
    here.timers.disarm_locked(*this);
    loop_ = nullptr;
    return false;
  }
  return true;
}

// With one worker the coroutine goes behind the callbacks that are due at the same time, one turn later, as
// asyncio's future-and-callback makes it.
void sleep_wait::fire(lowlevel::timer_node& timer) noexcept {
  auto& self = static_cast<sleep_wait&>(timer);
  if (self.loop_->runtime.lone()) {
    self.hops_ = true;
    self.loop_->push_ready(self);
  } else {
    lowlevel::wake(self);
  }
}

void sleep_wait::run_or_hop(lowlevel::work_item& item) noexcept {
  auto& self = static_cast<sleep_wait&>(item);
  if (std::exchange(self.hops_, false)) {
    self.loop_->push_ready(self);
  } else if (self.loop_ == nullptr) {
    resume_unpublished(self);
  } else {
    resume(self);
  }
}

bool sleep_wait::cancel_wait(lowlevel::wait_node& node) noexcept {
  auto& self = static_cast<sleep_wait&>(node);
  if (self.loop_ == nullptr || !self.loop_->timers.disarm(self)) {
    return false;
  }
  self.set_cancelled();
  lowlevel::wake(self);
  return true;
}

void sleep_wait::abandon_wait(lowlevel::wait_node& node) noexcept {
  auto& self = static_cast<sleep_wait&>(node);
  if (self.loop_ != nullptr) {
    static_cast<void>(self.loop_->timers.disarm(self));
  }
}

}  // namespace skein::detail
