// SPDX-License-Identifier: Apache-2.0
// permit_wait.cpp: taking, handing over and giving back permits.
#include <skein/sync/detail/permit_wait.hpp>

namespace skein::detail {

constinit lowlevel::work_ops const lock_wait_ops =
    place_ops<&permit_wait::give_back>("lock.acquire", &permit_wait::depends, &permit_wait::run);
constinit lowlevel::work_ops const semaphore_wait_ops =
    place_ops<&permit_wait::give_back>("semaphore.acquire", nullptr, &permit_wait::run);

void permits::call_waiters(wake_chain& chain) noexcept {
  while (value() > 0 && !line_.empty()) {
    set_value(value() - 1);
    chain.add(line_.call_first(called_));
  }
}

// A release calls one waiter. As in asyncio, permits beyond the number of waiters stay in value_, also while
// a called waiter has not run: it calls those who came meanwhile, when it arrives.
bool permits::release(std::size_t max) noexcept {
  waiter* next = nullptr;
  {
    lowlevel::biased_guard const guard{lock_};
    if (value() + called_.size() >= max) {
      return false;
    }
    next = line_.call_first(called_);
    if (next == nullptr) {
      set_value(value() + 1);
    }
  }
  if (next != nullptr) {
    lowlevel::wake(*next);
  }
  return true;
}

permits::snapshot permits::look() const noexcept {
  lowlevel::biased_guard const guard{lock_};
  return {value(), line_.size(), available(), value() == 0 && called_.empty()};
}

void permits::disband(char const* primitive) noexcept {
  std::size_t waiters = 0;
  {
    lowlevel::biased_guard const guard{lock_};  // a release that let somebody go on may not have unlocked yet
    waiters = line_.disband();
    static_cast<void>(called_.disband());
  }
  report_disbanded(primitive, waiters);
}

// A called waiter runs. Newcomers had to wait behind it even where permits were left.
void permits::arrived(waiter& w) noexcept {
  wake_chain chain;
  {
    lowlevel::biased_guard const guard{lock_};
    called_.remove(w);
    holder_ = lowlevel::running_task_id();
    call_waiters(chain);
  }
  chain.wake();
}

void permit_wait::give_back(waiter& from, wake_chain& chain) noexcept {
  permits& p = static_cast<permit_wait&>(from).from_;
  p.set_value(p.value() + 1);
  p.call_waiters(chain);
}

void permits::say_holder(lowlevel::dependency& into) const noexcept {
  if (value() == 0 && called_.empty()) {
    into.held_by(holder_);
  }
}

// Whoever was called goes on; one that is still in line waits for the holder, with the lock held.
void permit_wait::depends(lowlevel::wait_node& node, lowlevel::dependency& into) noexcept {
  auto& self = static_cast<permit_wait&>(node);
  held_place const place{self};
  if (place.line() == &self.from_.line_) {
    self.from_.say_holder(into);
  }
}

bool permit_wait::take_or_enter() noexcept {
  if (!from_.available()) {
    return from_.line_.enter(*this);
  }
  from_.take(lowlevel::id_of_waiting_task(*this));
  return false;
}

bool permit_wait::suspend() noexcept {
  {
    lowlevel::biased_guard const guard{from_.lock_};
    if (!yields_ || !from_.available()) {
      yields_ = false;
      return take_or_enter();
    }
  }
  return give_way();
}

void permit_wait::run(lowlevel::work_item& item) noexcept {
  auto& self = static_cast<permit_wait&>(item);
  run_again(self, self.from_.lock_);
}

}  // namespace skein::detail
