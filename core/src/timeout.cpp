// SPDX-License-Identifier: Apache-2.0
// timeout.cpp: arming a timeout, expiring it, and telling whose cancellation came out of the body.
#include "runtime_core.hpp"
#include "worker.hpp"

#include <skein/core/detail/watcher.hpp>
#include <skein/core/timeout.hpp>

#include <array>
#include <mutex>
#include <stdexcept>
#include <string>

namespace skein {

timeout_scope timeout(std::optional<delay> after) {
  if (!after || after->is_forever()) {
    return timeout_scope{std::nullopt};
  }
  return timeout_scope{clock::time_point{clock::duration{detail::deadline_from_now(*after)}}};
}

timeout_scope timeout_at(std::optional<clock::time_point> when) { return timeout_scope{when}; }

namespace detail {
namespace {

constexpr std::array phase_names{"created", "active", "expiring", "expired", "finished"};

}  // namespace

lowlevel::work_ops const timeout_core::ops_of_it{
    [](lowlevel::work_item& item) noexcept { static_cast<timeout_core&>(item).come_out(); },
    [](lowlevel::work_item& item) noexcept { static_cast<timeout_core&>(item).release(); }, nullptr, nullptr,
    "timeout"};

void timeout_core::enter() {
  std::lock_guard const guard{lock_};
  if (phase_ != phase::created) {
    throw std::runtime_error{"Timeout has already been entered: make a new one for each body"};
  }
  scope_.enter("Timeout should be used inside a task");
  phase_ = phase::active;
  arm();
}

void timeout_core::reschedule(std::optional<clock::time_point> when) {
  static_cast<void>(running_worker());  // throws
  std::lock_guard const guard{lock_};
  if (phase_ == phase::created) {
    throw std::runtime_error{"Timeout has not been entered: give it to with() first"};
  }
  if (phase_ != phase::active) {
    throw std::runtime_error{std::string{"Cannot change state of "} +
                             phase_names.at(static_cast<std::size_t>(phase_)) + " Timeout"};
  }
  when_ = when;
  disarm();
  arm();
}

std::optional<clock::time_point> timeout_core::when() noexcept {
  std::lock_guard const guard{lock_};
  return when_;
}

bool timeout_core::expired() noexcept {
  std::lock_guard const guard{lock_};
  return phase_ == phase::expiring || phase_ == phase::expired;
}

void timeout_core::leave(std::exception_ptr const& error) {
  {
    std::lock_guard const guard{lock_};
    disarm();
    if (phase_ != phase::expiring) {
      phase_ = phase::finished;
      return;
    }
    phase_ = phase::expired;
  }
  scope_.leave();
  if (!scope_.others() && is_cancellation(error)) {
    throw timeout_error{"timed out: the deadline of a timeout came before its body ended"};
  }
}

void timeout_core::abandon() noexcept {
  std::lock_guard const guard{lock_};
  disarm();
  if (phase_ == phase::active) {
    phase_ = phase::finished;
  }
}

// Sets the timer, if there is a deadline and the timer is not under way already.
void timeout_core::arm() {
  if (!when_ || armed_) {
    return;
  }
  worker& here = running_worker();
  lowlevel::instant const deadline = when_->time_since_epoch().count();
  bool const due = deadline <= here.now();
  // The task must not get past its next suspension: on another worker it could outrun a queued item.
  bool const in_order = scope_.task().pinned() && &scope_.task().home() == &here;
  if (due && !in_order) {
    phase_ = phase::expiring;
    scope_.request();
    return;
  }
  armed_ = true;
  retain();
  loop_ = &here;
  if (due) {
    here.push_ready(*this);
  } else {
    here.timers.arm(*this, deadline);
  }
}

void timeout_core::disarm() noexcept {
  if (armed_ && loop_->timers.disarm(*this)) {
    armed_ = false;
    release();  // the scope holds another one
  }
}

void timeout_core::fire(lowlevel::timer_node& timer) noexcept {
  auto& self = static_cast<timeout_core&>(timer);
  if (self.loop_->runtime.lone()) {
    self.loop_->push_ready(self);
  } else {
    self.come_out();
  }
}

void timeout_core::come_out() noexcept {
  {
    std::lock_guard const guard{lock_};
    armed_ = false;
    if (phase_ == phase::active && when_) {
      lowlevel::instant const deadline = when_->time_since_epoch().count();
      worker& here = *loop_;
      if (deadline > here.now()) {
        armed_ = true;
        here.timers.arm(*this, deadline);
        return;
      }
      phase_ = phase::expiring;
      scope_.request();
    }
  }
  release();
}

}  // namespace detail
}  // namespace skein
