// SPDX-License-Identifier: Apache-2.0
// wait_for.hpp: awaiting one thing for so long at most.
#pragma once

#include <skein/core/create_task.hpp>
#include <skein/core/detail/held_result.hpp>
#include <skein/core/detail/watcher.hpp>
#include <skein/core/sleep.hpp>
#include <skein/core/timeout.hpp>

#include <chrono>
#include <exception>
#include <optional>
#include <type_traits>
#include <utility>

namespace skein {
namespace detail {

/// Cancels a future or task and waits until it has ended, and then until its time is up for good.
///
/// Throws      `timeout_error` when it was cancelled; nothing when it has a value or an error.
[[nodiscard]] coro<void> cancel_and_wait(state_ref<> awaited);

[[noreturn]] void throw_timed_out();

// Kept: the awaitable, by value. Nothing is started when there is no time at all.
template <class T, class Kept>
coro<T> wait_for_kept(Kept operation, std::optional<delay> limit) {
  if (!limit || limit->is_forever()) {
    co_return co_await std::move(operation);
  }
  if (limit->nanoseconds() == 0) {
    if constexpr (is_future_handle<Kept>) {
      if (operation && !operation.done()) {
        co_await cancel_and_wait(state_ref<>::share(operation.shared_state()));
      }
      co_return co_await std::move(operation);
    } else {
      co_await sleep(std::chrono::seconds{0});
      throw_timed_out();
    }
  }
  timeout_scope const scope = timeout(limit);
  scope.core().enter();
  std::exception_ptr error;
  held_result<T> value;
  try {
    if constexpr (std::is_void_v<T>) {
      co_await std::move(operation);
    } else {
      value.set(co_await std::move(operation));
    }
  } catch (...) {
    error = std::current_exception();
  }
  scope.core().leave(error);
  if (error != nullptr) {
    std::rethrow_exception(std::move(error));
  }
  co_return value.take();
}

}  // namespace detail

/// Awaits something, but cancels it when it takes longer than the limit; without one it is awaited plainly. A
/// coroutine runs in the task of the caller.
///
/// Returns     What it gives, also when it ended in spite of having been cancelled.
/// Throws      What it throws; `timeout_error` when the limit came first, after the inner work has really
///             ended. With a limit of zero a coroutine never starts, a task is cancelled and awaited.
/// Cancelling  Cancels what is awaited, and throws `cancelled_error` when that ends so: a request of others
/// is
///             never taken for the timeout, or lost.
/// Threads     As co_await of what is awaited.
/// Source      asyncio.wait_for.
template <awaitable A>
[[nodiscard]] auto wait_for(A&& operation, std::optional<delay> limit) -> coro<await_result_t<A>> {
  static_assert(detail::given_away<A>, "a coro is given away: write std::move(c)");
  return detail::wait_for_kept<await_result_t<A>, std::decay_t<A>>(std::forward<A>(operation), limit);
}
template <class A>
void wait_for(A&&, int seconds) = delete;  // a number has no unit: write 2s

}  // namespace skein
