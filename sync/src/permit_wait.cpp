// SPDX-License-Identifier: Apache-2.0
// permit_wait.cpp: taking, handing over and giving back permits.
#include <skein/sync/detail/permit_wait.hpp>

#include <mutex>

namespace skein::detail {

lowlevel::work_ops const lock_wait_ops{&lowlevel::wait_node::resume, &lowlevel::drop_wait,
                                       &permit_wait::cancel_wait, &permit_wait::abandon_wait, "lock.acquire"};
lowlevel::work_ops const semaphore_wait_ops{&lowlevel::wait_node::resume, &lowlevel::drop_wait,
                                            &permit_wait::cancel_wait, &permit_wait::abandon_wait,
                                            "semaphore.acquire"};

bool permits::try_take() noexcept {
  std::lock_guard const guard{lock_};
  if (!available()) {
    return false;
  }
  --value_;
  return true;
}

// With lock_ held.
waiter* permits::grant_next() noexcept {
  if (value_ == 0 || line_.empty()) {
    return nullptr;
  }
  waiter* const next = line_.next();
  next->granted = true;
  --value_;
  ++granted_;
  return next;
}

bool permits::release(std::size_t max) noexcept {
  waiter* next = nullptr;
  {
    std::lock_guard const guard{lock_};
    if (value_ + granted_ >= max) {
      return false;
    }
    ++value_;
    next = grant_next();
  }
  if (next != nullptr) {
    lowlevel::wake(*next);
  }
  return true;
}

bool permits::contended() const noexcept {
  std::lock_guard const guard{lock_};
  return !available();
}

std::size_t permits::value() const noexcept {
  std::lock_guard const guard{lock_};
  return value_;
}

bool permits::all_taken() const noexcept {
  std::lock_guard const guard{lock_};
  return value_ == 0 && granted_ == 0;
}

std::size_t permits::waiting() const noexcept {
  std::lock_guard const guard{lock_};
  return line_.size();
}

bool permit_wait::suspend() noexcept {
  bool const yields = taken_;  // it has a permit, but the budget is spent
  {
    std::lock_guard const guard{from_.lock_};
    if (!yields && from_.available()) {
      --from_.value_;
      taken_ = true;
      return false;
    }
    if (!begin()) {
      return false;
    }
    if (!yields) {
      from_.line_.join(*this);
    }
  }
  if (yields) {
    lowlevel::yield(*this);
  }
  return true;
}

void permit_wait::finish() {
  bool const cancelled = ended();
  if (!granted && !cancelled) {
    return;
  }
  wake_chain chain;
  {
    std::lock_guard const guard{from_.lock_};
    if (granted) {
      --from_.granted_;
    }
    if (cancelled && (granted || taken_)) {
      ++from_.value_;
    }
    // Permits that came while this one was in front, and the one it gives back.
    while (waiter* const woken = from_.grant_next()) {
      chain.add(woken);
    }
  }
  chain.wake();
  if (cancelled) {
    lowlevel::throw_cancelled();
  }
}

bool permit_wait::cancel_wait(lowlevel::wait_node& node) noexcept {
  auto& self = static_cast<permit_wait&>(node);
  {
    std::lock_guard const guard{self.from_.lock_};
    if (!self.from_.line_.leave(self)) {
      return false;
    }
    self.set_cancelled();
  }
  lowlevel::wake(self);
  return true;
}

void permit_wait::abandon_wait(lowlevel::wait_node& node) noexcept {
  auto& self = static_cast<permit_wait&>(node);
  if (self.linked) {
    std::lock_guard const guard{self.from_.lock_};
    static_cast<void>(self.from_.line_.leave(self));
  }
}

}  // namespace skein::detail
