// SPDX-License-Identifier: Apache-2.0
// rw_lock.cpp: entering and leaving, for readers and writers.
#include <skein/sync/rw_lock.hpp>

#include <fmt/core.h>

#include <stdexcept>
#include <utility>

namespace skein {
namespace detail {

// ---- the line --------------------------------------------------------------------------------------------

rw_core::~rw_core() {
  std::size_t waiters = 0;
  {
    lowlevel::biased_guard const guard{lock_};  // a release that let somebody go on may not have unlocked yet
    waiters = line_.disband();
    static_cast<void>(called_.disband());
  }
  report_disbanded("rw_lock", waiters);
}

void rw_core::enter(rw_mode mode, std::uint64_t task) noexcept {
  if (mode == rw_mode::write) {
    writer_ = true;
    writing_task_ = task;
  } else {
    ++readers_;
  }
}

void rw_core::leave(rw_mode mode) noexcept {
  if (mode == rw_mode::write) {
    writer_ = false;
  } else {
    --readers_;
  }
}

void rw_core::call_waiters(wake_chain& chain) noexcept {
  while (!line_.empty()) {
    rw_mode const mode = static_cast<rw_wait*>(line_.first())->mode_;
    if (!may_enter(mode)) {
      return;
    }
    enter(mode, lowlevel::id_of_waiting_task(*line_.first()));
    chain.add(line_.call_first(called_));
  }
}

bool rw_core::try_take(rw_mode mode) noexcept {
  lowlevel::biased_guard const guard{lock_};
  if (!may_enter(mode) || !line_.empty()) {
    return false;
  }
  enter(mode, lowlevel::running_task_id());
  return true;
}

bool rw_core::release(rw_mode mode) noexcept {
  wake_chain chain;
  {
    lowlevel::biased_guard const guard{lock_};
    std::size_t const holders = mode == rw_mode::write ? (writer_ ? 1 : 0) : readers_;
    std::size_t const called = writer_ == (mode == rw_mode::write) ? called_.size() : 0;
    if (holders <= called) {
      return false;
    }
    leave(mode);
    call_waiters(chain);
  }
  chain.wake();
  return true;
}

rw_core::snapshot rw_core::look() const noexcept {
  lowlevel::biased_guard const guard{lock_};
  return {readers_, writer_, line_.size()};
}

// ---- the wait --------------------------------------------------------------------------------------------

constinit lowlevel::work_ops const rw_wait::read_ops = place_ops<&rw_wait::give_back, &rw_wait::close_ranks>(
    "rw_lock.acquire_read", &rw_wait::depends, &rw_wait::run);
constinit lowlevel::work_ops const rw_wait::write_ops = place_ops<&rw_wait::give_back, &rw_wait::close_ranks>(
    "rw_lock.acquire_write", &rw_wait::depends, &rw_wait::run);

bool rw_wait::may_enter() const noexcept { return from_.may_enter(mode_) && from_.line_.empty(); }

bool rw_wait::take_or_enter() noexcept {
  if (!may_enter()) {
    return from_.line_.enter(*this);
  }
  from_.enter(mode_, lowlevel::id_of_waiting_task(*this));
  return false;
}

bool rw_wait::suspend() noexcept {
  {
    lowlevel::biased_guard const guard{from_.lock_};
    if (!yields_ || !may_enter()) {
      yields_ = false;
      return take_or_enter();
    }
  }
  return give_way();
}

void rw_wait::run(lowlevel::work_item& item) noexcept {
  auto& self = static_cast<rw_wait&>(item);
  run_again(self, self.from_.lock_);
}

void rw_wait::give_back(waiter& from, wake_chain& chain) noexcept {
  auto& self = static_cast<rw_wait&>(from);
  self.from_.leave(self.mode_);
  self.from_.call_waiters(chain);
}

// A writer that leaves the line no longer stops the readers behind it.
void rw_wait::close_ranks(waiter& from, wake_chain& chain) noexcept {
  static_cast<rw_wait&>(from).from_.call_waiters(chain);
}

// Of readers it is not known who they are.
void rw_wait::depends(lowlevel::wait_node& node, lowlevel::dependency& into) noexcept {
  auto& self = static_cast<rw_wait&>(node);
  held_place const place{self};
  if (place.line() == &self.from_.line_ && self.from_.writer_ && self.from_.called_.empty()) {
    into.held_by(self.from_.writing_task_);
  }
}

void rw_wait::finish() {
  if (ended()) [[unlikely]] {
    lowlevel::throw_cancelled();
  }
  if (line() != nullptr) {
    lowlevel::biased_guard const guard{from_.lock_};
    from_.called_.remove(*this);
  }
}

}  // namespace detail

// ---- the lock --------------------------------------------------------------------------------------------

void rw_lock::release_read() {
  if (!core_.release(detail::rw_mode::read)) {
    throw std::runtime_error{"rw_lock is not held by a reader: release_read() follows acquire_read()"};
  }
}

void rw_lock::release_write() {
  if (!core_.release(detail::rw_mode::write)) {
    throw std::runtime_error{"rw_lock is not held by a writer: release_write() follows acquire_write()"};
  }
}

bool rw_lock::locked() const noexcept {
  auto const now = core_.look();
  return now.writer || now.readers != 0;
}

std::string rw_lock::repr() const {
  auto const now = core_.look();
  std::string text = "<rw_lock [unlocked";
  if (now.writer) {
    text = "<rw_lock [write";
  } else if (now.readers != 0) {
    text = fmt::format("<rw_lock [read, readers:{}", now.readers);
  }
  if (now.waiting != 0) {
    text += fmt::format(", waiters:{}", now.waiting);
  }
  return text + "]>";
}

template <detail::rw_mode Mode>
coro<void> rw_lock::side<Mode>::aenter() {
  co_await detail::rw_operation{lock_->core_, Mode};
}

template <detail::rw_mode Mode>
coro<bool> rw_lock::side<Mode>::aexit(std::exception_ptr) {
  if constexpr (Mode == detail::rw_mode::write) {
    lock_->release_write();
  } else {
    lock_->release_read();
  }
  co_return false;
}

template class rw_lock::side<detail::rw_mode::read>;
template class rw_lock::side<detail::rw_mode::write>;

}  // namespace skein
