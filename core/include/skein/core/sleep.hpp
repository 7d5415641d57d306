// SPDX-License-Identifier: Apache-2.0
// sleep.hpp: waiting for time to pass.
#pragma once

#include <skein/core/clock.hpp>
#include <skein/core/coro.hpp>
#include <skein/core/lowlevel/timer_heap.hpp>
#include <skein/core/lowlevel/wait_node.hpp>

#include <coroutine>
#include <source_location>
#include <type_traits>
#include <utility>

namespace skein {
namespace detail {

class worker;

/// A sleeping coroutine: a timer of the loop it went to sleep on, or an entry of its queue.
class sleep_wait : public lowlevel::wait_node, public lowlevel::timer_node {
 public:
  /// `target` is a delay, or an instant when `absolute`.
  sleep_wait(lowlevel::instant target, bool absolute, std::source_location where) noexcept
      : wait_node{ops, where}, timer_node{&fire}, target_{target}, absolute_{absolute} {}

  [[nodiscard]] bool await_ready() const noexcept { return false; }

  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> coroutine) {
    prepare(coroutine);
    return start();
  }

  sleep_wait(sleep_wait const&) = delete;
  sleep_wait& operator=(sleep_wait const&) = delete;

 protected:
  ~sleep_wait() { leave(); }
  void finish() {
    if (ended()) {
      lowlevel::throw_cancelled();
    }
  }

 private:
  static lowlevel::work_ops const ops;
  static void fire(lowlevel::timer_node& timer) noexcept;
  static void run_or_hop(lowlevel::work_item& item) noexcept;
  static bool cancel_wait(lowlevel::wait_node& node) noexcept;
  static void abandon_wait(lowlevel::wait_node& node) noexcept;
  bool start();
  bool give_way() noexcept;

  lowlevel::instant target_;
  worker* loop_ = nullptr;  // where the timer is armed
  bool absolute_;
  bool hops_ = false;  // the loop's thread only: fired, and goes to the end of the line once more
};

template <class T>
class sleep_awaiter : public sleep_wait {
 public:
  sleep_awaiter(lowlevel::instant target, bool absolute, std::source_location where, T value)
      : sleep_wait{target, absolute, where}, value_{std::move(value)} {}
  T await_resume() {
    finish();
    return std::move(value_);
  }

 private:
  T value_;
};

template <>
class sleep_awaiter<void> : public sleep_wait {
 public:
  using sleep_wait::sleep_wait;
  void await_resume() { finish(); }
};

/// What sleep returns: awaited, it waits.
template <class T>
class [[nodiscard("co_await it to sleep")]] sleep_operation {
 public:
  using skein_awaits = T;
  sleep_operation(lowlevel::instant target, bool absolute, T value)
      : target_{target}, absolute_{absolute}, value_{std::move(value)} {}
  [[nodiscard]] auto make_awaiter(std::source_location where) {
    return sleep_awaiter<T>{target_, absolute_, where, std::move(value_)};
  }
  [[nodiscard]] auto operator co_await() { return make_awaiter(std::source_location::current()); }

 private:
  lowlevel::instant target_;
  bool absolute_;
  T value_;
};

template <>
class [[nodiscard("co_await it to sleep")]] sleep_operation<void> {
 public:
  using skein_awaits = void;
  sleep_operation(lowlevel::instant target, bool absolute) noexcept : target_{target}, absolute_{absolute} {}
  [[nodiscard]] auto make_awaiter(std::source_location where) const {
    return sleep_awaiter<void>{target_, absolute_, where};
  }
  [[nodiscard]] auto operator co_await() const { return make_awaiter(std::source_location::current()); }

 private:
  lowlevel::instant target_;
  bool absolute_;
};

}  // namespace detail

/// Waits for a time, counted from the co_await. Zero or less is one turn: everything that is ready
/// runs first.
///
/// Throws      `std::invalid_argument` when the delay is NaN, before anything is armed.
/// Cancelling  Wakes it at once.
/// Cost        No allocation.
/// Source      asyncio.sleep.
[[nodiscard]] inline detail::sleep_operation<void> sleep(delay d) noexcept {
  return {d.nanoseconds(), false};
}
/// As above.
///
/// Returns     The value, after the wait.
/// Cancelling  Wakes it at once; the value is destroyed.
template <class T>
[[nodiscard]] detail::sleep_operation<T> sleep(delay d, T value) {
  return {d.nanoseconds(), false, std::move(value)};
}
void sleep(int seconds) = delete;  // a number has no unit: write 2s

/// Waits until an instant of `skein::clock`; one turn when it has passed.
///
/// Cancelling  Wakes it at once.
[[nodiscard]] inline detail::sleep_operation<void> sleep_until(clock::time_point when) noexcept {
  return {when.time_since_epoch().count(), true};
}

}  // namespace skein
