// SPDX-License-Identifier: Apache-2.0
// condition.cpp: waiting, notifying, and what a cancel does to a waiter.
#include <skein/sync/condition.hpp>

#include <fmt/core.h>

#include <limits>
#include <stdexcept>
#include <utility>

namespace skein {
namespace detail {

constinit lowlevel::work_ops const condition_wait::ops{
    &lowlevel::wait_node::resume,  &lowlevel::drop_wait, &condition_wait::cancel_wait,
    &condition_wait::abandon_wait, "condition.wait",     &permit_wait::depends};

// ---- the board -------------------------------------------------------------------------------------------

notice_board::~notice_board() {
  std::size_t waiters = 0;
  {
    lowlevel::biased_guard const guard{lock_};
    lowlevel::biased_guard const inner{permits_.lock_};
    waiters = line_.disband();
    forget_notified(permits_.line_);
    forget_notified(permits_.called_);
  }
  report_disbanded("condition", waiters);
}

// A notified waiter that is cancelled passes its notification on at its board: not when that is gone.
void notice_board::forget_notified(waiter_line const& of_lock) noexcept {
  for (waiter* w = of_lock.first(); w != nullptr; w = w->behind()) {
    if (&w->ops() == &condition_wait::ops && &static_cast<condition_wait*>(w)->board_ == this) {
      static_cast<condition_wait*>(w)->notified_ = false;
    }
  }
}

void notice_board::notify(std::size_t n) noexcept {
  wake_chain chain;
  {
    lowlevel::biased_guard const guard{lock_};
    lowlevel::biased_guard const inner{permits_.lock_};
    for (; n > 0 && !line_.empty(); --n) {
      auto& w = static_cast<condition_wait&>(*line_.first());
      w.notified_ = true;
      line_.pass(w, permits_.line_);
    }
    permits_.call_waiters(chain);  // somebody may have released the lock meanwhile
  }
  chain.wake();
}

std::size_t notice_board::waiting() const noexcept {
  lowlevel::biased_guard const guard{lock_};
  return line_.size();
}

void notice_board::check_held(char const* what_cannot) const {
  if (!permits_.look().all_taken) {
    throw std::runtime_error{fmt::format("cannot {} on un-acquired lock", what_cannot)};
  }
}

// ---- the wait --------------------------------------------------------------------------------------------

// In line before the lock is released, so that a notification which follows the release finds it.
bool condition_wait::suspend() noexcept {
  permits& held = from_;  // after the unlock this object may be gone
  {
    lowlevel::biased_guard const guard{board_.lock_};
    if (!board_.line_.enter(*this)) {
      return false;
    }
  }
  held.release(1);
  return true;
}

// It keeps its place in the line of the lock, or goes to the end of that line: the lock comes first.
bool condition_wait::cancel_wait(lowlevel::wait_node& node) noexcept {
  auto& self = static_cast<condition_wait&>(node);
  wake_chain chain;
  bool passes_on = false;
  {
    held_place const place{self};
    if (place.line() == nullptr) {
      return cancel_orphan(self);
    }
    self.set_cancelled();
    if (place.line() == &self.board_.line_) {
      lowlevel::biased_guard const inner{self.from_.lock_};
      place.line()->pass(self, self.from_.line_);
      self.from_.call_waiters(chain);
    } else {
      passes_on = std::exchange(self.notified_, false);
    }
  }
  chain.wake();
  if (passes_on) {
    self.board_.notify(1);
  }
  return true;
}

void condition_wait::abandon_wait(lowlevel::wait_node& node) noexcept {
  auto& self = static_cast<condition_wait&>(node);
  abandon_place(self, &permit_wait::give_back, &changes_nothing);
  if (self.notified_ && !self.orphaned()) {
    self.board_.notify(1);
  }
}

void condition_wait::await_resume() {
  bool const cancelled = ended();
  if (line() != nullptr) {
    from_.arrived(*this);
  }
  if (cancelled) {
    lowlevel::throw_cancelled();
  }
}

}  // namespace detail

void condition::notify(std::size_t n) {
  board_.check_held("notify");
  board_.notify(n);
}

void condition::notify_all() { notify(std::numeric_limits<std::size_t>::max()); }

std::string condition::repr() const {
  std::size_t const waiters = waiting();
  return fmt::format("<condition [{}{}]>", locked() ? "locked" : "unlocked",
                     waiters == 0 ? "" : fmt::format(", waiters:{}", waiters));
}

coro<void> condition::aenter() { co_await acquire(); }

coro<bool> condition::aexit(std::exception_ptr) {
  release();
  co_return false;
}

}  // namespace skein
