// SPDX-License-Identifier: Apache-2.0
// event.cpp: setting, clearing, waiting: the shortest example of a wait.
#include <skein/sync/event.hpp>

#include <fmt/core.h>

namespace skein {

event::~event() {
  std::size_t waiters = 0;
  {
    lowlevel::biased_guard const guard{lock_};  // a set() that let its waiter go on may not have unlocked yet
    waiters = line_.disband();
  }
  detail::report_disbanded("event", waiters);
}

void event::set() noexcept {
  detail::wake_chain chain;
  {
    lowlevel::biased_guard const guard{lock_};
    set_.store(true, lowlevel::memory_order_release);  // [A]
    while (!line_.empty()) {
      chain.add(line_.call_first());
    }
  }
  chain.wake();
}

void event::clear() noexcept {
  lowlevel::biased_guard const guard{lock_};
  set_.store(false, lowlevel::memory_order_release);  // [A]
}

std::size_t event::waiting() const noexcept {
  lowlevel::biased_guard const guard{lock_};
  return line_.size();
}

std::string event::repr() const {
  bool set = false;
  std::size_t waiters = 0;
  {
    lowlevel::biased_guard const guard{lock_};
    set = is_set();
    waiters = line_.size();
  }
  return fmt::format("<event [{}{}]>", set ? "set" : "unset",
                     waiters == 0 ? "" : fmt::format(", waiters:{}", waiters));
}

namespace detail {

constinit lowlevel::work_ops const event_wait::ops = place_ops<&gives_nothing_back>("event.wait");

bool event_wait::await_ready() noexcept {
  if (!event_.is_set()) {
    return false;
  }
  yields_ = !lowlevel::spend_budget();
  return !yields_;
}

bool event_wait::suspend() noexcept {
  {
    lowlevel::biased_guard const guard{event_.lock_};
    if (!event_.is_set()) {
      return event_.line_.enter(*this);
    }
    if (!yields_ || !begin()) {
      return false;
    }
  }
  lowlevel::yield(*this);  // it is set: only the other tasks have to have their turn
  return true;
}

}  // namespace detail
}  // namespace skein
