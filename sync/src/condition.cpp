// SPDX-License-Identifier: Apache-2.0
// condition.cpp: waiting and notifying.
//
// A waiter stands in line before it releases the lock, so that a notification which comes right after the
// release finds it.
#include <skein/sync/condition.hpp>

#include <skein/core/errors.hpp>

#include <fmt/core.h>

#include <limits>
#include <mutex>
#include <stdexcept>

namespace skein {

/// The wait for a notification. Sets `released` before the lock is released.
class condition::notification final : public detail::waiter {
 public:
  notification(condition& c, bool& released, std::source_location at) noexcept
      : waiter{ops, at}, condition_{c}, released_{released} {}
  notification(notification const&) = delete;
  notification& operator=(notification const&) = delete;
  ~notification() { leave(); }

  // As an operation: what is awaited is made where the compiler wants it.
  struct operation {
    using skein_awaits = void;
    condition* c;
    bool* released;
    [[nodiscard]] auto make_awaiter(std::source_location at) const { return notification{*c, *released, at}; }
  };

  [[nodiscard]] bool await_ready() const noexcept { return false; }

  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> coroutine) {
    prepare(coroutine);
    skein::lock& held = condition_.lock_;  // this object may be gone after the unlock
    {
      std::lock_guard const guard{condition_.mutex_};
      if (!begin()) {
        return false;
      }
      released_ = true;
      condition_.line_.join(*this);
    }
    held.release();
    return true;
  }

  void await_resume() {
    if (ended()) {
      lowlevel::throw_cancelled();
    }
  }

 private:
  static lowlevel::work_ops const ops;

  static bool cancel_wait(lowlevel::wait_node& node) noexcept {
    auto& self = static_cast<notification&>(node);
    {
      std::lock_guard const guard{self.condition_.mutex_};
      if (!self.condition_.line_.leave(self)) {
        return false;
      }
      self.set_cancelled();
    }
    lowlevel::wake(self);
    return true;
  }

  static void abandon_wait(lowlevel::wait_node& node) noexcept {
    auto& self = static_cast<notification&>(node);
    if (self.linked) {
      std::lock_guard const guard{self.condition_.mutex_};
      static_cast<void>(self.condition_.line_.leave(self));
    }
  }

  condition& condition_;
  bool& released_;
};

lowlevel::work_ops const condition::notification::ops{&lowlevel::wait_node::resume, &lowlevel::drop_wait,
                                                      &notification::cancel_wait, &notification::abandon_wait,
                                                      "condition.wait"};

coro<void> condition::wait() {
  check_held("wait");
  bool released = false;
  std::exception_ptr error;
  try {
    co_await notification::operation{this, &released};
  } catch (cancelled_error const&) {
    error = std::current_exception();
  }
  while (released) {
    try {
      co_await lock_.acquire();
      released = false;
    } catch (cancelled_error const&) {
      error = std::current_exception();  // the lock comes first
    }
  }
  if (error != nullptr) {
    wake_some(1);  // a notification may have been meant for this waiter
    std::rethrow_exception(error);
  }
}

void condition::check_held(char const* call) const {
  if (!lock_.locked()) {
    throw std::runtime_error{fmt::format("condition::{}: the lock is not acquired: acquire it first", call)};
  }
}

void condition::wake_some(std::size_t n) noexcept {
  detail::wake_chain chain;
  {
    std::lock_guard const guard{mutex_};
    for (; n > 0; --n) {
      detail::waiter* const next = line_.next();
      if (next == nullptr) {
        break;
      }
      chain.add(next);
    }
  }
  chain.wake();
}

void condition::notify(std::size_t n) {
  check_held("notify");
  wake_some(n);
}

void condition::notify_all() {
  check_held("notify_all");
  wake_some(std::numeric_limits<std::size_t>::max());
}

std::size_t condition::waiting() const noexcept {
  std::lock_guard const guard{mutex_};
  return line_.size();
}

std::string condition::repr() const {
  std::size_t const waiters = waiting();
  std::string const state = locked() ? "locked" : "unlocked";
  return waiters == 0 ? fmt::format("<condition [{}]>", state)
                      : fmt::format("<condition [{}, waiters:{}]>", state, waiters);
}

coro<void> condition::aenter() { co_await acquire(); }

coro<bool> condition::aexit(std::exception_ptr) {
  release();
  co_return false;
}

}  // namespace skein
