// SPDX-License-Identifier: Apache-2.0
// latch.cpp: counting down, and waiting for zero.
#include <skein/sync/latch.hpp>

#include <fmt/core.h>

#include <cstdint>
#include <stdexcept>

namespace skein {
namespace {

std::size_t checked(std::size_t count) {
  if (count > static_cast<std::size_t>(PTRDIFF_MAX)) {
    throw std::invalid_argument{"the count of a latch must be >= 0"};
  }
  return count;
}

}  // namespace

latch::latch(std::size_t count) : count_{checked(count)} {}

latch::~latch() {
  std::size_t waiters = 0;
  {
    lowlevel::biased_guard const guard{lock_};  // who let its waiter go on may not have unlocked yet
    waiters = line_.disband();
  }
  detail::report_disbanded("latch", waiters);
}

void latch::count_down(std::size_t k) {
  detail::wake_chain chain;
  std::size_t left = 0;
  bool too_often = false;
  {
    lowlevel::biased_guard const guard{lock_};
    left = count_.load(lowlevel::memory_order_relaxed);
    too_often = k > left;
    if (!too_often) {
      count_.store(left - k, lowlevel::memory_order_release);  // [A]
      while (left == k && !line_.empty()) {
        chain.add(line_.call_first());
      }
    }
  }
  if (too_often) {
    throw std::invalid_argument{fmt::format("count_down({}) of a latch with {} left", k, left)};
  }
  chain.wake();
}

std::size_t latch::waiting() const noexcept {
  lowlevel::biased_guard const guard{lock_};
  return line_.size();
}

std::string latch::repr() const {
  std::size_t count = 0;
  std::size_t waiters = 0;
  {
    lowlevel::biased_guard const guard{lock_};
    count = count_.load(lowlevel::memory_order_relaxed);
    waiters = line_.size();
  }
  return fmt::format("<latch [count:{}{}]>", count, waiters == 0 ? "" : fmt::format(", waiters:{}", waiters));
}

namespace detail {

constinit lowlevel::work_ops const latch_wait::ops = place_ops<&gives_nothing_back>("latch.wait");

bool latch_wait::await_ready() {
  if (arrives_ != 0) {
    latch_.count_down(arrives_);
  }
  if (!latch_.try_wait()) {
    return false;
  }
  yields_ = !lowlevel::spend_budget();
  return !yields_;
}

bool latch_wait::suspend() noexcept {
  {
    lowlevel::biased_guard const guard{latch_.lock_};
    if (!latch_.try_wait()) {
      return latch_.line_.enter(*this);
    }
    if (!yields_ || !begin()) {
      return false;
    }
  }
  lowlevel::yield(*this);
  return true;
}

}  // namespace detail
}  // namespace skein
