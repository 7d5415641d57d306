// SPDX-License-Identifier: Apache-2.0
// permit_wait.hpp: waiting for a permit of a semaphore, of which a lock is the kind with one.
#pragma once

#include <skein/sync/detail/waiter.hpp>
#include <skein/sync/scoped_permit.hpp>

#include <skein/core/lowlevel/spinlock.hpp>

#include <coroutine>
#include <cstddef>
#include <source_location>

namespace skein::detail {

/// Permits, and the line of those who wait for one.
///
/// A permit that is released goes to the first in line, who takes it when it runs; until then nobody else can
/// have it, and if it is cancelled the permit goes to the next.
///
/// Invariants (guarded by lock_)
///   I1  value_ > 0 and a waiter in line at the same time only while a granted waiter has not run yet.
///   I2  A granted waiter's permit is not in value_.
class permits {
 public:
  explicit permits(std::size_t value) noexcept : value_{value} {}
  permits(permits const&) = delete;
  permits& operator=(permits const&) = delete;
  ~permits() { line_.disband(); }

  [[nodiscard]] bool try_take() noexcept;
  /// Returns     False when that would make more than `max` permits; nothing was released.
  [[nodiscard]] bool release(std::size_t max) noexcept;
  /// Returns     True when an acquire would have to wait.
  [[nodiscard]] bool contended() const noexcept;
  [[nodiscard]] std::size_t value() const noexcept;
  /// Returns     True when no permit is left and none is on its way to a waiter.
  [[nodiscard]] bool all_taken() const noexcept;
  [[nodiscard]] std::size_t waiting() const noexcept;

 private:
  friend class permit_wait;
  [[nodiscard]] bool available() const noexcept { return value_ > 0 && line_.empty() && granted_ == 0; }
  [[nodiscard]] waiter* grant_next() noexcept;

  mutable lowlevel::spinlock lock_;
  std::size_t value_;
  std::size_t granted_ = 0;  // woken, not run yet
  waiter_line line_;
};

/// The await of a permit.
class permit_wait : public waiter {
 public:
  permit_wait(permits& from, lowlevel::work_ops const& kind, std::source_location at) noexcept
      : waiter{kind, at}, from_{from} {}
  permit_wait(permit_wait const&) = delete;
  permit_wait& operator=(permit_wait const&) = delete;

  [[nodiscard]] bool await_ready() noexcept {
    taken_ = from_.try_take();
    return taken_ && lowlevel::spend_budget();
  }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> coroutine) {
    prepare(coroutine);
    return suspend();
  }
  void await_resume() { finish(); }

  static bool cancel_wait(lowlevel::wait_node& node) noexcept;
  static void abandon_wait(lowlevel::wait_node& node) noexcept;

 protected:
  ~permit_wait() { leave(); }
  void finish();

 private:
  [[nodiscard]] bool suspend() noexcept;

  permits& from_;
  bool taken_ = false;
};

class acquire_awaiter final : public permit_wait {
 public:
  using permit_wait::permit_wait;
};

class scoped_awaiter final : public permit_wait {
 public:
  scoped_awaiter(permits& from, lowlevel::work_ops const& kind, std::source_location at, void* owner,
                 void (*release)(void*) noexcept) noexcept
      : permit_wait{from, kind, at}, owner_{owner}, release_{release} {}
  [[nodiscard]] scoped_permit await_resume() {
    finish();
    return {owner_, release_};
  }

 private:
  void* owner_;
  void (*release_)(void*) noexcept;
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
  scoped_operation(permits& from, lowlevel::work_ops const& kind, void* owner,
                   void (*release)(void*) noexcept) noexcept
      : from_{&from}, kind_{&kind}, owner_{owner}, release_{release} {}
  [[nodiscard]] auto make_awaiter(std::source_location at) const {
    return scoped_awaiter{*from_, *kind_, at, owner_, release_};
  }

 private:
  permits* from_;
  lowlevel::work_ops const* kind_;
  void* owner_;
  void (*release_)(void*) noexcept;
};

extern lowlevel::work_ops const lock_wait_ops;
extern lowlevel::work_ops const semaphore_wait_ops;

}  // namespace skein::detail
