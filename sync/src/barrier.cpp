// SPDX-License-Identifier: Apache-2.0
// barrier.cpp: arriving, going on, breaking.
#include <skein/sync/barrier.hpp>

#include <fmt/core.h>

#include <cstdint>

namespace skein {
namespace {

std::size_t checked(std::size_t parties) {
  if (parties == 0 || parties > static_cast<std::size_t>(PTRDIFF_MAX)) {
    throw std::invalid_argument{"parties must be > 0"};
  }
  return parties;
}

}  // namespace

barrier::barrier(std::size_t parties) : parties_{checked(parties)} {}

barrier::~barrier() {
  std::size_t waiters = 0;
  {
    lowlevel::biased_guard const guard{lock_};  // who let others go on may not have unlocked yet
    waiters = filling_.disband() + early_.disband();
    static_cast<void>(leaving_.disband());
  }
  detail::report_disbanded("barrier", waiters);
}

// ---- under the lock --------------------------------------------------------------------------------------

void barrier::call_all(detail::wake_chain& chain) noexcept {
  for (std::size_t index = 0; !filling_.empty(); ++index) {
    static_cast<detail::barrier_wait*>(filling_.first())->index_ = index;
    chain.add(filling_.call_first(leaving_));
  }
  if (!leaving_.empty()) {
    state_ = state::draining;
  }
}

// Those who were called and did not run are told as well, as in asyncio.
void barrier::fail_all(outcome why, detail::wake_chain& chain) noexcept {
  call_all(chain);
  for (detail::waiter* w = leaving_.first(); w != nullptr; w = w->behind()) {
    auto& mine = static_cast<detail::barrier_wait&>(*w);
    if (mine.outcome_ == outcome::passed) {
      mine.outcome_ = why;
    }
  }
}

// The last one of a round has gone on, or was cancelled: those who came early make up the next.
void barrier::begin_round_if_drained(detail::wake_chain& chain) noexcept {
  if (!leaving_.empty() || !draining()) {
    return;
  }
  state_ = state::filling;
  while (!early_.empty() && state_ == state::filling) {
    early_.pass(*early_.first(), filling_);
    if (filling_.size() == parties_) {
      call_all(chain);
    }
  }
}

// ---- without waiting -------------------------------------------------------------------------------------

void barrier::reset() noexcept {
  detail::wake_chain chain;
  {
    lowlevel::biased_guard const guard{lock_};
    fail_all(outcome::interrupted, chain);
    state_ = leaving_.empty() ? state::filling : state::resetting;
  }
  chain.wake();
}

void barrier::abort() noexcept {
  detail::wake_chain chain;
  {
    lowlevel::biased_guard const guard{lock_};
    fail_all(outcome::interrupted, chain);
    while (!early_.empty()) {
      static_cast<detail::barrier_wait*>(early_.first())->outcome_ = outcome::aborted;
      chain.add(early_.call_first());
    }
    state_ = state::broken;
  }
  chain.wake();
}

std::size_t barrier::n_waiting() const noexcept {
  lowlevel::biased_guard const guard{lock_};
  return filling_.size();
}

std::size_t barrier::waiting() const noexcept {
  lowlevel::biased_guard const guard{lock_};
  return filling_.size() + early_.size();
}

bool barrier::broken() const noexcept {
  lowlevel::biased_guard const guard{lock_};
  return state_ == state::broken;
}

std::string barrier::repr() const {
  state now = state::filling;
  std::size_t waiters = 0;
  {
    lowlevel::biased_guard const guard{lock_};
    now = state_;
    waiters = filling_.size();
  }
  static constexpr char const* names[] = {"filling", "draining", "resetting", "broken"};
  std::string text = fmt::format("<barrier [{}", names[static_cast<int>(now)]);
  if (now != state::broken) {
    text += fmt::format(", waiters:{}/{}", waiters, parties_);
  }
  return text + "]>";
}

coro<std::size_t> barrier::aenter() { co_return co_await wait(); }

coro<bool> barrier::aexit(std::exception_ptr) { co_return false; }

// ---- the wait --------------------------------------------------------------------------------------------

namespace detail {

constinit lowlevel::work_ops const barrier_wait::ops = place_ops<&barrier_wait::give_back>("barrier.wait");

// The last one to arrive calls the others.
bool barrier_wait::await_ready() noexcept {
  yields_ = !lowlevel::spend_budget();
  if (yields_) {
    return false;
  }
  wake_chain chain;
  {
    lowlevel::biased_guard const guard{barrier_.lock_};
    if (barrier_.state_ == barrier::state::broken) {
      outcome_ = outcome::aborted;
      return true;
    }
    if (!barrier_.completes()) {
      return false;
    }
    index_ = barrier_.parties_ - 1;
    barrier_.call_all(chain);
  }
  chain.wake();
  return true;
}

bool barrier_wait::suspend() noexcept {
  wake_chain chain;
  {
    lowlevel::biased_guard const guard{barrier_.lock_};
    if (barrier_.state_ == barrier::state::broken) {
      outcome_ = outcome::aborted;
      return false;
    }
    if (barrier_.draining()) {
      return barrier_.early_.enter(*this);
    }
    if (!barrier_.completes()) {
      return barrier_.filling_.enter(*this);
    }
    if (yields_) {
      if (!barrier_.leaving_.enter_called(*this)) {
        return false;
      }
    }
    index_ = barrier_.parties_ - 1;
    barrier_.call_all(chain);
  }
  bool const suspends = yields_;  // once others are woken and it can run, this object may be gone
  if (suspends) {
    lowlevel::yield(*this);
  }
  chain.wake();
  return suspends;
}

// Called, and cancelled before it ran: the round goes on without it.
void barrier_wait::give_back(waiter& from, wake_chain& chain) noexcept {
  static_cast<barrier_wait&>(from).barrier_.begin_round_if_drained(chain);
}

std::size_t barrier_wait::await_resume() {
  if (ended()) [[unlikely]] {
    lowlevel::throw_cancelled();
  }
  if (line() != nullptr) {
    wake_chain chain;
    {
      lowlevel::biased_guard const guard{barrier_.lock_};
      barrier_.leaving_.remove(*this);
      barrier_.begin_round_if_drained(chain);
    }
    chain.wake();
  }
  switch (outcome_) {
    case outcome::passed:
      break;
    case outcome::aborted:
      throw broken_barrier_error{"Barrier aborted"};
    case outcome::interrupted:
      throw broken_barrier_error{"Abort or reset of barrier"};
  }
  return index_;
}

}  // namespace detail
}  // namespace skein
