// SPDX-License-Identifier: Apache-2.0
// event.cpp: setting, clearing, waiting; the shortest example of a wait.
#include <skein/sync/event.hpp>

#include <fmt/core.h>

#include <mutex>

namespace skein {

void event::set() {
  detail::wake_chain chain;
  {
    std::lock_guard const guard{lock_};
    set_.store(true, lowlevel::memory_order_release);
    while (detail::waiter* const next = line_.next()) {
      next->granted = true;
      chain.add(next);
    }
  }
  chain.wake();
}

void event::clear() noexcept {
  std::lock_guard const guard{lock_};
  set_.store(false, lowlevel::memory_order_release);
}

std::size_t event::waiting() const noexcept {
  std::lock_guard const guard{lock_};
  return line_.size();
}

std::string event::repr() const {
  std::size_t const waiters = waiting();
  std::string const state = is_set() ? "set" : "unset";
  return waiters == 0 ? fmt::format("<event [{}]>", state)
                      : fmt::format("<event [{}, waiters:{}]>", state, waiters);
}

namespace detail {

lowlevel::work_ops const event_wait::ops{&lowlevel::wait_node::resume, &lowlevel::drop_wait,
                                         &event_wait::cancel_wait, &event_wait::abandon_wait, "event.wait"};

event_wait::event_wait(event& e, std::source_location at) noexcept : waiter{ops, at}, event_{e} {}

bool event_wait::await_ready() const noexcept { return event_.is_set() && lowlevel::spend_budget(); }

bool event_wait::suspend() noexcept {
  bool yields = false;
  {
    std::lock_guard const guard{event_.lock_};
    yields = event_.is_set();
    if (yields && lowlevel::spend_budget()) {
      return false;
    }
    if (!begin()) {
      return false;
    }
    if (!yields) {
      event_.line_.join(*this);
    }
  }
  if (yields) {
    lowlevel::yield(*this);
  }
  return true;
}

void event_wait::await_resume() {
  if (ended()) {
    lowlevel::throw_cancelled();
  }
}

bool event_wait::cancel_wait(lowlevel::wait_node& node) noexcept {
  auto& self = static_cast<event_wait&>(node);
  {
    std::lock_guard const guard{self.event_.lock_};
    if (!self.event_.line_.leave(self)) {
      return false;
    }
    self.set_cancelled();
  }
  lowlevel::wake(self);
  return true;
}

void event_wait::abandon_wait(lowlevel::wait_node& node) noexcept {
  auto& self = static_cast<event_wait&>(node);
  if (self.linked) {
    std::lock_guard const guard{self.event_.lock_};
    static_cast<void>(self.event_.line_.leave(self));
  }
}

}  // namespace detail
}  // namespace skein
