// SPDX-License-Identifier: Apache-2.0
// bulletin.cpp: posting and reading messages, and waiting for them.
#include <skein/sync/detail/bulletin.hpp>

#include <utility>

namespace skein::detail {

bulletin::~bulletin() { report_disbanded("broadcast or watch", line_.disband()); }

// The message that falls out of the ring is destroyed after the unlock, when `fresh` goes: its destructor is
// code of the user.
bool bulletin::post(message fresh) {
  wake_chain chain;
  {
    lowlevel::biased_guard const guard{lock_};
    if (closed_) {
      return false;
    }
    ring_[end_ % ring_.size()].swap(fresh);
    ++end_;
    while (!line_.empty()) {
      chain.add(line_.call_first());
    }
  }
  chain.wake();
  return true;
}

void bulletin::close() noexcept {
  wake_chain chain;
  {
    lowlevel::biased_guard const guard{lock_};
    closed_ = true;
    while (!line_.empty()) {
      chain.add(line_.call_first());
    }
  }
  chain.wake();
}

bulletin::found bulletin::look(std::uint64_t& next, message& into, std::uint64_t& missed) const noexcept {
  lowlevel::biased_guard const guard{lock_};
  std::uint64_t const oldest = end_ - kept();
  if (next < oldest) {
    missed = oldest - next;
    next = oldest;
    return found::lagging;
  }
  if (next != end_) {
    into = ring_[next % ring_.size()];
    return found::message;
  }
  return closed_ ? found::end : found::nothing;
}

bulletin::message bulletin::newest() const noexcept {
  lowlevel::biased_guard const guard{lock_};
  return ring_[(end_ - 1) % ring_.size()];
}

void bulletin::add_reader(std::uint64_t& next) noexcept {
  lowlevel::biased_guard const guard{lock_};
  ++readers_;
  next = end_;
}

void bulletin::remove_reader() noexcept {
  lowlevel::biased_guard const guard{lock_};
  --readers_;
}

std::uint64_t bulletin::end() const noexcept {
  lowlevel::biased_guard const guard{lock_};
  return end_;
}

bool bulletin::closed() const noexcept {
  lowlevel::biased_guard const guard{lock_};
  return closed_;
}

std::size_t bulletin::readers() const noexcept {
  lowlevel::biased_guard const guard{lock_};
  return readers_;
}

std::size_t bulletin::waiting() const noexcept {
  lowlevel::biased_guard const guard{lock_};
  return line_.size();
}

// ---- the wait --------------------------------------------------------------------------------------------

constinit lowlevel::work_ops const bulletin_wait::ops = place_ops<&gives_nothing_back>("bulletin.wait");

bool bulletin_wait::await_ready() noexcept {
  yields_ = !lowlevel::spend_budget();
  if (yields_) {
    return false;
  }
  lowlevel::biased_guard const guard{from_.lock_};
  return from_.has_news(wanted_);
}

bool bulletin_wait::suspend() noexcept {
  {
    lowlevel::biased_guard const guard{from_.lock_};
    if (!from_.has_news(wanted_)) {
      return from_.line_.enter(*this);
    }
    if (!yields_ || !begin()) {
      return false;
    }
  }
  lowlevel::yield(*this);
  return true;
}

}  // namespace skein::detail
