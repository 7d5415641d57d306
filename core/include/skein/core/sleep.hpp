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

/// What fits behind the members of a wait_node: a program may have a million sleepers.
class sleep_flags : public lowlevel::wait_node {
 protected:
  sleep_flags(lowlevel::work_ops const& ops, std::source_location where, bool absolute) noexcept
      : wait_node{ops, where}, absolute_{absolute} {}
  ~sleep_flags() = default;

  bool const absolute_;
  bool hops_ = false;  // the loop's thread only: fired, and goes to the end of the line once more
};

/// A sleeping coroutine: a timer of the loop it went to sleep on, or an entry of its queue.
class sleep_wait : public sleep_flags, public lowlevel::timer_node {
 public:
  /// `target` is a delay, or an instant when `absolute`; it is the deadline of the timer until that is armed.
  sleep_wait(lowlevel::instant target, bool absolute, std::source_location where) noexcept
      : sleep_flags{ops, where, absolute}, timer_node{&fire, target} {}

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

  worker* loop_ = nullptr;  // where the timer is armed
};
static_assert(sizeof(sleep_wait) <= 96, "the frame of one that only sleeps fits into 192 bytes");

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

/// What sleep and sleep_until return: awaited, it waits.
template <class T, bool Absolute>
class [[nodiscard("co_await it to sleep")]] sleep_operation {
 public:
  using skein_awaits = T;
  sleep_operation(lowlevel::instant target, T value) : target_{target}, value_{std::move(value)} {}
  [[nodiscard]] auto make_awaiter(std::source_location where) {
    return sleep_awaiter<T>{target_, Absolute, where, std::move(value_)};
  }
  [[nodiscard]] auto operator co_await() { return make_awaiter(std::source_location::current()); }

 private:
  lowlevel::instant target_;
  T value_;
};

template <bool Absolute>
class [[nodiscard("co_await it to sleep")]] sleep_operation<void, Absolute> {
 public:
  using skein_awaits = void;
  explicit sleep_operation(lowlevel::instant target) noexcept : target_{target} {}
  [[nodiscard]] auto make_awaiter(std::source_location where) const {
    return sleep_awaiter<void>{target_, Absolute, where};
  }
  [[nodiscard]] auto operator co_await() const { return make_awaiter(std::source_location::current()); }

 private:
  lowlevel::instant target_;
};

}  // namespace detail

/// Waits for a time, counted from the co_await. Zero or less is one turn: everything that is ready
/// runs first.
///
/// Throws      `std::invalid_argument` when the delay is NaN, before anything is armed.
/// Cancelling  Wakes it at once.
/// Cost        No allocation.
/// Source      asyncio.sleep.
[[nodiscard]] inline detail::sleep_operation<void, false> sleep(delay d) noexcept {
  return detail::sleep_operation<void, false>{d.nanoseconds()};
}
/// As above.
///
/// Returns     The value, after the wait.
/// Cancelling  Wakes it at once; the value is destroyed.
template <class T>
[[nodiscard]] detail::sleep_operation<T, false> sleep(delay d, T value) {
  return {d.nanoseconds(), std::move(value)};
}
void sleep(int seconds) = delete;  // a number has no unit: write 2s

/// Waits until an instant of `skein::clock`; one turn when it has passed.
///
/// Cancelling  Wakes it at once.
[[nodiscard]] inline detail::sleep_operation<void, true> sleep_until(clock::time_point when) noexcept {
  return detail::sleep_operation<void, true>{when.time_since_epoch().count()};
}

}  // namespace skein
