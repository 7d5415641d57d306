// SPDX-License-Identifier: Apache-2.0
// rw_wait.hpp: one line of readers and writers.
//
// What       Readers and a writer stand in one line. When nobody holds the lock, or only readers do, the
//            first in line is called if it may enter, and then the next: readers who follow each other enter
//            together, and a writer in line stops those behind it. Who is called holds the lock at once.
// Source     Courtois, Heymans, Parnas, "Concurrent control with readers and writers", CACM 14, 1971, for the
//            problem; one fair line as in Krieger et al., ICPP 1993.
// Threads    Any.
// Progress   Spinlock; a release takes as many steps under it as readers enter.
// Lifetime   Outlives every await of it and whoever holds the lock.
//
// Invariants (guarded by lock_)
//   I1  A writer holds the lock, or readers do, or nobody.
//   I2  The first in line may not enter: it is a reader and a writer holds the lock, or it is a writer and
//       somebody holds it. Therefore nobody stands in line while nobody holds the lock.
//   I3  Called waiters hold the lock. They are one writer, or readers.
//
// Checked    tests/sync/rw_lock_test.cpp, tests/sync/handoff_cancel_beyond_test.cpp;
//            tests/stress/sync_stress.cpp under ThreadSanitizer.
#pragma once

#include <skein/sync/detail/place.hpp>
#include <skein/sync/scoped_permit.hpp>

#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <source_location>

namespace skein::detail {

enum class rw_mode : bool { read, write };

class rw_core {
 public:
  rw_core() noexcept = default;
  rw_core(rw_core const&) = delete;
  rw_core& operator=(rw_core const&) = delete;
  ~rw_core();

  [[nodiscard]] bool try_take(rw_mode mode) noexcept;
  /// Returns     False when nobody who has run holds it in this mode; nothing was released.
  bool release(rw_mode mode) noexcept;

  /// What it looks like at one moment.
  struct snapshot {
    std::size_t readers;
    bool writer;
    std::size_t waiting;
  };
  [[nodiscard]] snapshot look() const noexcept;

 private:
  friend class rw_wait;

  // All with lock_ held.
  [[nodiscard]] bool may_enter(rw_mode mode) const noexcept {
    return !writer_ && (mode == rw_mode::read || readers_ == 0);
  }
  void enter(rw_mode mode, std::uint64_t task) noexcept;
  void leave(rw_mode mode) noexcept;
  void call_waiters(wake_chain& chain) noexcept;

  mutable lowlevel::biased_lock lock_;
  std::size_t readers_ = 0;
  bool writer_ = false;
  std::uint64_t writing_task_ = 0;  // the task that entered last as a writer; 0: a thread
  waiter_line line_{lock_};
  waiter_line called_{lock_};  // hold the lock and did not run yet
};

/// The await of a rw_lock.
class rw_wait : public waiter {
 public:
  rw_wait(rw_core& from, rw_mode mode, std::source_location at) noexcept
      : waiter{mode == rw_mode::read ? read_ops : write_ops, at}, from_{from}, mode_{mode} {}

  [[nodiscard]] bool await_ready() noexcept {
    yields_ = !lowlevel::spend_budget();
    return !yields_ && from_.try_take(mode_);
  }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> coroutine) {
    prepare(coroutine);
    return suspend();
  }

 protected:
  ~rw_wait() { leave(); }

  /// What await_resume begins with: throws, or holds the lock.
  void finish();

 private:
  friend class rw_core;
  friend class waiter;
  static lowlevel::work_ops const read_ops;
  static lowlevel::work_ops const write_ops;
  static void run(lowlevel::work_item& item) noexcept;
  static void give_back(waiter& from, wake_chain& chain) noexcept;
  static void close_ranks(waiter& from, wake_chain& chain) noexcept;
  static void depends(lowlevel::wait_node& node, lowlevel::dependency& into) noexcept;
  // With the lock held; take_or_enter returns true when it stands in line.
  [[nodiscard]] bool may_enter() const noexcept;
  [[nodiscard]] bool take_or_enter() noexcept;
  [[nodiscard]] bool suspend() noexcept;

  rw_core& from_;
  rw_mode mode_;
};

class rw_awaiter final : public rw_wait {
 public:
  using rw_wait::rw_wait;
  void await_resume() { finish(); }
};

class rw_scoped_awaiter final : public rw_wait {
 public:
  rw_scoped_awaiter(rw_core& from, rw_mode mode, std::source_location at, void* owner,
                    void (*release)(void*) noexcept) noexcept
      : rw_wait{from, mode, at}, owner_{owner}, release_{release} {}
  [[nodiscard]] scoped_permit await_resume() {
    finish();
    return {owner_, release_};
  }

 private:
  void* owner_;
  void (*release_)(void*) noexcept;
};

/// What acquire_read and acquire_write return.
class [[nodiscard("co_await it to acquire")]] rw_operation {
 public:
  using skein_awaits = void;
  rw_operation(rw_core& from, rw_mode mode) noexcept : from_{&from}, mode_{mode} {}
  [[nodiscard]] auto make_awaiter(std::source_location at) const { return rw_awaiter{*from_, mode_, at}; }

 private:
  rw_core* from_;
  rw_mode mode_;
};

/// What scoped_read and scoped_write return.
class [[nodiscard("co_await it to acquire")]] rw_scoped_operation {
 public:
  using skein_awaits = scoped_permit;
  rw_scoped_operation(rw_core& from, rw_mode mode, void* owner, void (*release)(void*) noexcept) noexcept
      : from_{&from}, mode_{mode}, owner_{owner}, release_{release} {}
  [[nodiscard]] auto make_awaiter(std::source_location at) const {
    return rw_scoped_awaiter{*from_, mode_, at, owner_, release_};
  }

 private:
  rw_core* from_;
  rw_mode mode_;
  void* owner_;
  void (*release_)(void*) noexcept;
};

}  // namespace skein::detail
