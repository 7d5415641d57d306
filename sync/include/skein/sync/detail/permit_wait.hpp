// SPDX-License-Identifier: Apache-2.0
// permit_wait.hpp: permits, and waiting for one. A lock is the semaphore with one permit.
//
// What       A permit that is released goes to the first in line. Until that one has run, nobody else can
//            have a permit; if it is cancelled meanwhile, the permit goes to the next at once.
// Source     asyncio.Semaphore of CPython 3.13 (Lib/asyncio/locks.py), whose state after each step it shows.
// Threads    Any.
// Progress   Spinlock; see waiter.hpp.
// Lifetime   Outlives every await of it and whoever holds a permit.
//
// Invariants (guarded by lock_)
//   I1  A called waiter's permit is not in value_.
//   I2  While nobody is called, value_ is 0 or nobody stands in line.
//
// Checked    tests/sync/handoff_cancel_test.cpp; tests/stress/sync_stress.cpp under ThreadSanitizer.
#pragma once

#include <skein/sync/detail/place.hpp>
#include <skein/sync/scoped_permit.hpp>

#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <source_location>

namespace skein::detail {

class permits {
 public:
  explicit permits(std::size_t value) noexcept : value_{value} {}
  permits(permits const&) = delete;
  permits& operator=(permits const&) = delete;
  ~permits() = default;

  /// What they look like at one moment.
  struct snapshot {
    std::size_t value;    // free
    std::size_t waiting;  // in line and not called
    bool available;       // an acquire would not wait
    bool all_taken;       // none is free, and none is on its way to a waiter
  };

  /// Returns     True when it took one. Does not touch the lock when there plainly is none, as in a line that
  ///             is handed on: each pass of it would be another cache miss and atomic exchange.
  [[nodiscard]] bool try_take() noexcept {
    if (value() == 0) {
      return false;
    }
    lowlevel::biased_guard const guard{lock_};
    if (!available()) {
      return false;
    }
    take(lowlevel::running_task_id());
    return true;
  }
  /// Says who holds the last permit that was taken, with the lock held.
  void say_holder(lowlevel::dependency& into) const noexcept;
  /// Returns     False when that would make more than `max` permits; nothing was released.
  bool release(std::size_t max) noexcept;
  [[nodiscard]] snapshot look() const noexcept;
  /// For the destructor of the primitive.
  void disband(char const* primitive) noexcept;

 private:
  friend class permit_wait;
  friend class notice_board;
  friend class condition_wait;

  [[nodiscard]] std::size_t value() const noexcept { return value_.load(lowlevel::memory_order_relaxed); }

  // All with lock_ held.
  [[nodiscard]] bool available() const noexcept { return value() > 0 && line_.empty() && called_.empty(); }
  void set_value(std::size_t to) noexcept { value_.store(to, lowlevel::memory_order_relaxed); }
  void call_waiters(wake_chain& chain) noexcept;
  void take(std::uint64_t task) noexcept {
    set_value(value() - 1);
    holder_ = task;
  }

  void arrived(waiter& w) noexcept;

  mutable lowlevel::biased_lock lock_;
  lowlevel::atomic<std::size_t> value_;  // written with lock_ held
  std::uint64_t holder_ = 0;             // the task that took the last one and ran since; 0: a thread
  waiter_line line_{lock_};
  waiter_line called_{lock_};  // have been given a permit and did not run yet
};

/// The await of a permit.
class permit_wait : public waiter {
 public:
  permit_wait(permits& from, lowlevel::work_ops const& kind, std::source_location at) noexcept
      : waiter{kind, at}, from_{from} {}

  [[nodiscard]] bool await_ready() noexcept {
    yields_ = !lowlevel::spend_budget();
    return !yields_ && from_.try_take();
  }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> coroutine) {
    prepare(coroutine);
    return suspend();
  }

  static void run(lowlevel::work_item& item) noexcept;
  static void give_back(waiter& from, wake_chain& chain) noexcept;
  /// For waits for a lock.
  static void depends(lowlevel::wait_node& node, lowlevel::dependency& into) noexcept;

 protected:
  ~permit_wait() { leave(); }

  /// What await_resume begins with: throws, or has the permit.
  void finish() {
    if (ended()) [[unlikely]] {
      lowlevel::throw_cancelled();
    }
    if (line() != nullptr) {
      from_.arrived(*this);
    }
  }

  permits& from_;

 private:
  friend class waiter;
  /// With the lock held. Returns true when it stands in line.
  [[nodiscard]] bool take_or_enter() noexcept;
  [[nodiscard]] bool suspend() noexcept;
};

class acquire_awaiter final : public permit_wait {
 public:
  using permit_wait::permit_wait;
  void await_resume() { finish(); }
};

/// How a permit is given back at the end of a scope.
struct permit_owner {
  void* owner;
  void (*release)(void*) noexcept;
};

class scoped_awaiter final : public permit_wait {
 public:
  scoped_awaiter(permits& from, lowlevel::work_ops const& kind, std::source_location at,
                 permit_owner owner) noexcept
      : permit_wait{from, kind, at}, owner_{owner} {}
  [[nodiscard]] scoped_permit await_resume() {
    finish();
    return {owner_.owner, owner_.release};
  }

 private:
  permit_owner owner_;
};

/// What acquire returns.
class [[nodiscard("co_await it to acquire")]] acquire_operation {
 public:
  using skein_awaits = void;
  acquire_operation(permits& from, lowlevel::work_ops const& kind) noexcept : from_{&from}, kind_{&kind} {}
  [[nodiscard]] auto make_awaiter(std::source_location at) const {
    return acquire_awaiter{*from_, *kind_, at};
  }

 private:
  permits* from_;
  lowlevel::work_ops const* kind_;
};

/// What scoped returns.
class [[nodiscard("co_await it to acquire")]] scoped_operation {
 public:
  using skein_awaits = scoped_permit;
  scoped_operation(permits& from, lowlevel::work_ops const& kind, permit_owner owner) noexcept
      : from_{&from}, kind_{&kind}, owner_{owner} {}
  [[nodiscard]] auto make_awaiter(std::source_location at) const {
    return scoped_awaiter{*from_, *kind_, at, owner_};
  }

 private:
  permits* from_;
  lowlevel::work_ops const* kind_;
  permit_owner owner_;
};

extern lowlevel::work_ops const lock_wait_ops;
extern lowlevel::work_ops const semaphore_wait_ops;

}  // namespace skein::detail
