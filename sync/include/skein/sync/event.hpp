// SPDX-License-Identifier: Apache-2.0
// event.hpp: a flag that tasks wait for.
//
// What       set() takes everybody out of the line under the lock, and wakes them after it.
// Source     asyncio.Event.
// Threads    Any.
// Progress   is_set is wait-free, the rest takes a spinlock; set wakes n waiters in n steps.
// Lifetime   Outlives every wait() of it. It may be destroyed as soon as those have returned: the destructor
//            takes the lock, and unlocking is the last that set() does to it.
//
// Invariants (guarded by lock_)
//   I1  When set_ is true nobody stands in line.
//
// Orders     [tag] stands at the line that carries the order.
//   [A] set and clear, store, release   pairs with [B]: who sees the flag sees what was done before set().
//   [B] is_set, load, acquire.
//
// Checked    tests/sync/event_test.cpp; tests/stress/sync_stress.cpp under ThreadSanitizer.
#pragma once

#include <skein/sync/detail/place.hpp>

#include <coroutine>
#include <cstddef>
#include <source_location>
#include <string>

namespace skein {

class event;

namespace detail {

class event_wait final : public waiter {
 public:
  event_wait(event& e, std::source_location at) noexcept : waiter{ops, at}, event_{e} {}
  ~event_wait() { leave(); }

  [[nodiscard]] bool await_ready() noexcept;
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> coroutine) {
    prepare(coroutine);
    return suspend();
  }
  void await_resume() {
    if (ended()) [[unlikely]] {
      lowlevel::throw_cancelled();
    }
  }

 private:
  static lowlevel::work_ops const ops;
  [[nodiscard]] bool suspend() noexcept;

  event& event_;
};

/// What event::wait returns.
class [[nodiscard("co_await it to wait")]] event_operation {
 public:
  using skein_awaits = void;
  explicit event_operation(event& e) noexcept : event_{&e} {}
  [[nodiscard]] auto make_awaiter(std::source_location at) const { return event_wait{*event_, at}; }

 private:
  event* event_;
};

}  // namespace detail

/// A flag that tasks wait for.
///
/// Threads     wait is awaited in tasks of any loop of any runtime; the rest may be called from any thread.
/// Lifetime    It outlives every wait. Destroyed earlier, it leaves its waiters behind: they can only be
///             cancelled, and a debug build says so.
/// Source      asyncio.Event; differs: usable from several loops and threads.
class event {
 public:
  event() noexcept = default;
  event(event const&) = delete;
  event& operator=(event const&) = delete;
  ~event();

  /// Sets the flag and wakes everybody who waits. Setting it again does nothing.
  ///
  /// Threads     Any. What was done before is seen by those who return from wait.
  /// Order       They become ready in the order in which they came.
  /// Cost        Linear in the number of waiters.
  /// Source      asyncio.Event.set.
  void set() noexcept;
  /// Clears the flag. Who waited when it was set has not waited in vain, even if it did not run yet.
  ///
  /// Source      asyncio.Event.clear.
  void clear() noexcept;
  /// Returns     Whether the flag is set; a snapshot.
  [[nodiscard]] bool is_set() const noexcept {
    return set_.load(lowlevel::memory_order_acquire);  // [B]
  }
  /// Waits until the flag is set; returns at once when it is.
  ///
  /// Cancelling  Throws `cancelled_error`, also when the flag was set in the same turn. Nothing is lost: an
  ///             event is not consumed.
  /// Threads     A task of any loop.
  /// Cost        No allocation; one atomic load when it is set.
  /// Source      asyncio.Event.wait.
  [[nodiscard]] detail::event_operation wait() noexcept { return detail::event_operation{*this}; }

  /// Returns     How many wait; a snapshot.
  [[nodiscard]] std::size_t waiting() const noexcept;
  /// Returns     `<event [unset, waiters:1]>`.
  [[nodiscard]] std::string repr() const;

 private:
  friend class detail::event_wait;

  mutable lowlevel::biased_lock lock_;
  lowlevel::atomic<bool> set_{false};  // written with lock_ held
  detail::waiter_line line_{lock_};
};

}  // namespace skein
