// SPDX-License-Identifier: Apache-2.0
// event.hpp: something that happens once, until it is cleared; tasks wait for it.
#pragma once

#include <skein/sync/detail/waiter.hpp>

#include <skein/core/lowlevel/spinlock.hpp>

#include <coroutine>
#include <cstddef>
#include <source_location>
#include <string>

namespace skein {

class event;

namespace detail {

class event_wait final : public waiter {
 public:
  event_wait(event& e, std::source_location at) noexcept;
  event_wait(event_wait const&) = delete;
  event_wait& operator=(event_wait const&) = delete;
  ~event_wait() { leave(); }

  [[nodiscard]] bool await_ready() const noexcept;
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> coroutine) {
    prepare(coroutine);
    return suspend();
  }
  void await_resume();

 private:
  static lowlevel::work_ops const ops;
  static bool cancel_wait(lowlevel::wait_node& node) noexcept;
  static void abandon_wait(lowlevel::wait_node& node) noexcept;
  [[nodiscard]] bool suspend() noexcept;

  event& event_;
};

class [[nodiscard("co_await it to wait")]] event_operation {
 public:
  using skein_awaits = void;
  explicit event_operation(event& e) noexcept : event_{&e} {}
  [[nodiscard]] auto make_awaiter(std::source_location at) const { return event_wait{*event_, at}; }

 private:
  event* event_;
};

}  // namespace detail

/// A flag to wait for.
///
/// Threads     wait is awaited in tasks of any loop; the rest may be called from any thread.
/// Lifetime    It outlives whoever waits for it.
/// Source      asyncio.Event; differs: usable from several loops.
class event {
 public:
  event() noexcept = default;
  event(event const&) = delete;
  event& operator=(event const&) = delete;
  ~event() { line_.disband(); }

  /// Sets the flag and wakes everybody who waits, in the order they came.
  void set();
  /// Clears the flag. Who was woken by a set before it has not waited in vain.
  void clear() noexcept;
  [[nodiscard]] bool is_set() const noexcept { return set_.load(lowlevel::memory_order_acquire); }
  /// Waits until the flag is set.
  ///
  /// Cancelling  Nothing is lost: an event is not consumed.
  /// Cost        No allocation; one atomic load when it is set.
  [[nodiscard]] detail::event_operation wait() noexcept { return detail::event_operation{*this}; }
  /// Returns     How many wait; a snapshot.
  [[nodiscard]] std::size_t waiting() const noexcept;
  /// Returns     `<event [unset, waiters:1]>`.
  [[nodiscard]] std::string repr() const;

 private:
  friend class detail::event_wait;

  mutable lowlevel::spinlock lock_;
  lowlevel::atomic<bool> set_{false};  // written under lock_
  detail::waiter_line line_;           // guarded by lock_
};

}  // namespace skein
