// SPDX-License-Identifier: Apache-2.0
// switch_to.hpp: going on with a task on another loop of its runtime, and running something there.
#pragma once

#include <skein/core/coro.hpp>
#include <skein/core/create_task.hpp>
#include <skein/core/event_loop.hpp>
#include <skein/core/lowlevel/wait_node.hpp>

#include <coroutine>
#include <source_location>
#include <type_traits>
#include <utility>

namespace skein {
namespace detail {

/// A coroutine on its way to another loop.
class switch_awaiter : public lowlevel::wait_node {
 public:
  /// `returning`   A cancel request is left for the next wait instead of being thrown on arrival.
  switch_awaiter(event_loop& to, bool returning, std::source_location where) noexcept
      : wait_node{ops, where}, to_{to}, returning_{returning} {}
  switch_awaiter(switch_awaiter const&) = delete;
  switch_awaiter& operator=(switch_awaiter const&) = delete;
  ~switch_awaiter() { leave(); }

  [[nodiscard]] bool await_ready() const;
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> coroutine) {
    prepare(coroutine);
    return start();
  }
  void await_resume();

 private:
  static lowlevel::work_ops const ops;
  [[nodiscard]] bool start();

  event_loop& to_;
  bool const returning_;
  bool cancelled_ = false;  // while returning
};

/// What switch_to returns: awaited, it goes there.
class [[nodiscard("co_await it to go there")]] switch_operation {
 public:
  using skein_awaits = void;
  switch_operation(event_loop& to, bool returning) noexcept : to_{to}, returning_{returning} {}
  [[nodiscard]] auto make_awaiter(std::source_location where) const {
    return switch_awaiter{to_, returning_, where};
  }

 private:
  event_loop& to_;
  bool returning_;
};

/// Waits until a future is done, whatever became of it.
class end_awaiter : public await_future {
 public:
  using await_future::await_future;
  /// Returns     True when the waiting task was cancelled after that.
  [[nodiscard]] bool await_resume() noexcept { return ended(); }
};
class [[nodiscard]] end_operation {
 public:
  using skein_awaits = bool;
  explicit end_operation(future_state& state) noexcept : state_{state} {}
  [[nodiscard]] auto make_awaiter(std::source_location where) const { return end_awaiter{state_, where}; }

 private:
  future_state& state_;
};

/// Throws unless a task that runs here may be continued, or awaited, on that loop.
void check_reachable(event_loop& loop, char const* call);

template <class A>
coro<await_result_t<A>> run_there(event_loop& loop, A operation) {
  event_loop& here = get_running_loop();
  check_reachable(loop, "run_on");
  auto there = loop.create_task(std::move(operation));
  bool const cancelled = co_await end_operation(*there.shared_state());
  co_await switch_operation(here, true);
  if (cancelled) {
    lowlevel::throw_cancelled();
  }
  co_return co_await std::move(there);
}

}  // namespace detail

/// Goes on on the thread of another loop of the same runtime, in its next turn; at once when it is the
/// running one. The task does not stay there: after the next wait any worker may resume it.
///
/// Throws      `std::invalid_argument` when the loop belongs to another runtime; `std::runtime_error` when
/// the
///             task is pinned to another loop.
/// Cancelling  A request that comes on the way is thrown on arrival.
/// Cost        No allocation.
[[nodiscard]] inline detail::switch_operation switch_to(event_loop& loop) noexcept { return {loop, false}; }

/// Runs an awaitable in a task that stays on another loop of the same runtime, and comes back to this loop
/// with what it gives.
///
/// Returns     What the awaitable gives.
/// Throws      What it throws; `std::invalid_argument` when the loop belongs to another runtime.
/// Cancelling  Goes to the awaitable, which decides; one that comes on the way back is left for the next
/// wait. Lifetime    The awaitable is kept; what it refers to outlives the await.
template <awaitable A>
[[nodiscard]] coro<await_result_t<A>> run_on(event_loop& loop, A&& operation) {
  return detail::run_there<std::decay_t<A>>(loop, std::forward<A>(operation));
}

}  // namespace skein
