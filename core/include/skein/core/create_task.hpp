// SPDX-License-Identifier: Apache-2.0
// create_task.hpp: making tasks.
#pragma once

#include <skein/core/context.hpp>
#include <skein/core/coro.hpp>
#include <skein/core/task.hpp>

#include <functional>
#include <optional>
#include <string>
#include <tuple>
#include <utility>

namespace skein {

class event_loop;

/// True, false, or false because nobody said anything.
class start_flag {
 public:
  constexpr start_flag() noexcept = default;
  constexpr start_flag(bool value) noexcept : value_{value}, given_{true} {}  // NOLINT: meant to convert
  [[nodiscard]] constexpr operator bool() const noexcept { return value_; }   // NOLINT: meant to convert
  /// Returns     True when somebody said which.
  [[nodiscard]] constexpr bool given() const noexcept { return given_; }

 private:
  bool value_ = false;
  bool given_ = false;
};

/// How to make a task.
struct task_options {
  /// The name; `Task-N` when empty.
  std::string name = {};
  /// The context to run in, shared with all who have a handle to it; else a copy of the current one.
  std::optional<skein::context> context = {};
  /// Runs the task at once, on the caller's stack, until it waits for the first time. When the caller is not
  /// on a loop that may run it, or deep in its stack, the task starts in the next turn as others do.
  start_flag eager_start = {};
  /// The loop to stay on; null: any worker of the runtime may run the task.
  event_loop* pin = nullptr;
};

/// Called before each task of a runtime is made, on the thread that makes it. It may change the options; what
/// it throws goes to the creator, and the task is not made. See event_loop::set_task_factory.
using task_factory = std::function<void(event_loop&, task_options&)>;

/// A task factory: tasks start at once unless their options say otherwise.
///
/// Source      asyncio.eager_task_factory.
inline void eager_task_factory(event_loop&, task_options& options) {
  if (!options.eager_start.given()) {
    options.eager_start = true;
  }
}

namespace detail {

/// Where and how a task begins.
struct task_home {
  worker* loop;
  bool pinned;
  bool has_factory;  // the task factory wants to see the options
};
[[nodiscard]] task_home home_here();
[[nodiscard]] task_home home_on(event_loop& loop);
/// Shows the options to the task factory, if there is one, and then reads them.
[[nodiscard]] task_home home_for(task_options& options);
/// The same for tasks of a loop that may be moved from it.
[[nodiscard]] task_home home_for(worker& loop, task_options& options);

/// Turns any awaitable into a coroutine; the awaitable is kept as long.
template <awaitable A>
[[nodiscard]] auto as_coro(A&& operation) {
  using T = await_result_t<A>;
  if constexpr (is_coro<std::remove_cvref_t<A>>) {
    static_assert(given_away<A>, "a coro is given away: write std::move(c)");
    return std::move(operation);
  } else {
    return [](std::decay_t<A> kept) -> coro<T> {
      co_return co_await std::move(kept);
    }(std::forward<A>(operation));
  }
}

/// Puts a coroutine into a task and launches it. Null options are the default ones.
template <class T>
task<T> launch_in(state_ref<task_of<T>> state, coro<T> body, task_options* options) {
  slot<T>& result = state->result_;
  result.task = state.get();
  result.kind = slot_kind::root;
  result.status.store(slot_status::detached, lowlevel::memory_order_relaxed);
  auto const root = body.release();
  root.promise().slot = &result;
  task_state::launch(*state, root, result, options);
  return task<T>{state_ref<>::adopt(state.detach())};
}

template <awaitable A>
task<await_result_t<A>> spawn(task_home home, A&& operation, task_options* options) {
  using T = await_result_t<A>;
  coro<T> body = as_coro(std::forward<A>(operation));
  return launch_in<T>(state_ref<task_of<T>>::adopt(new task_of<T>{*home.loop, home.pinned}), std::move(body),
                      options);
}

/// A task that keeps the callable and the arguments that its coroutine was made from.
template <class T, class F, class... Args>
class keeping_task final : public task_of<T> {
 public:
  template <class G, class... As>
  keeping_task(task_home home, G&& f, As&&... args)
      : task_of<T>{*home.loop, home.pinned},
        kept_{std::in_place, std::forward<G>(f), std::forward<As>(args)...} {}

  [[nodiscard]] coro<T> call() {
    return as_coro(std::apply([](F& f, Args&... args) { return std::invoke(f, args...); }, *kept_));
  }
  void drop_payload() noexcept override { kept_.reset(); }

 private:
  std::optional<std::tuple<F, Args...>> kept_;
};

template <class F, class... Args>
auto spawn_call(task_home home, task_options* options, F&& f, Args&&... args)
    -> task<coro_result<std::decay_t<F>&, std::decay_t<Args>&...>> {
  using T = coro_result<std::decay_t<F>&, std::decay_t<Args>&...>;
  using state = keeping_task<T, std::decay_t<F>, std::decay_t<Args>...>;
  auto made = state_ref<state>::adopt(new state{home, std::forward<F>(f), std::forward<Args>(args)...});
  coro<T> body = made->call();
  return launch_in<T>(state_ref<task_of<T>>::adopt(made.detach()), std::move(body), options);
}

template <class A>
inline constexpr bool is_future_handle = std::derived_from<std::remove_cvref_t<A>, any_future>;

}  // namespace detail

/// Runs an awaitable in a task of its own, in the next turn of the loop. The caller goes on at once.
///
/// Returns     The task; its result is what the awaitable gives.
/// Throws      `no_running_loop_error` outside of a loop; `loop_closed_error` when options.pin is closed;
/// what
///             a task factory throws. Never what the awaitable throws: that is the task's outcome.
/// Cancelling  `cancel()` of the task sends it a request; one that did not start then never does.
/// Threads     Any thread of a runtime.
/// Source      asyncio.create_task.
template <awaitable A>
task<await_result_t<A>> create_task(A&& operation, task_options options);
template <awaitable A>
task<await_result_t<A>> create_task(A&& operation) {
  detail::task_home const home = detail::home_here();
  if (home.has_factory) [[unlikely]] {
    return create_task(std::forward<A>(operation), task_options{});
  }
  return detail::spawn(home, std::forward<A>(operation), nullptr);
}
// An overload, not a default argument: g++ 12 copies default arguments of class type bit by bit when the call
// stands in a co_await (notes/compilers.md).
template <awaitable A>
task<await_result_t<A>> create_task(A&& operation, task_options options) {
  return detail::spawn(detail::home_for(options), std::forward<A>(operation), &options);
}

template <class F, class... Args>
  requires detail::coro_callable<std::decay_t<F>&, std::decay_t<Args>&...>
auto create_task(task_options options, F&& f, Args&&... args)
    -> task<detail::coro_result<std::decay_t<F>&, std::decay_t<Args>&...>>;

/// As above for what f(args…) returns. The callable and the decayed arguments are kept as long as the task
/// and passed as lvalues, so a lambda with captures is safe here.
template <class F, class... Args>
  requires detail::coro_callable<std::decay_t<F>&, std::decay_t<Args>&...>
auto create_task(F&& f, Args&&... args)
    -> task<detail::coro_result<std::decay_t<F>&, std::decay_t<Args>&...>> {
  detail::task_home const home = detail::home_here();
  if (home.has_factory) [[unlikely]] {
    return create_task(task_options{}, std::forward<F>(f), std::forward<Args>(args)...);
  }
  return detail::spawn_call(home, nullptr, std::forward<F>(f), std::forward<Args>(args)...);
}

template <class F, class... Args>
  requires detail::coro_callable<std::decay_t<F>&, std::decay_t<Args>&...>
auto create_task(task_options options, F&& f, Args&&... args)
    -> task<detail::coro_result<std::decay_t<F>&, std::decay_t<Args>&...>> {
  return detail::spawn_call(detail::home_for(options), &options, std::forward<F>(f),
                            std::forward<Args>(args)...);
}

template <class... What>
void create_task(What&&...) = delete;  // give a coro, or what returns one and its arguments

/// Returns     The same handle for a future or task; a new task for anything else.
/// Source      asyncio.ensure_future.
template <awaitable A>
future<await_result_t<A>> ensure_future(A&& operation) {
  if constexpr (detail::is_future_handle<A>) {
    return std::forward<A>(operation);
  } else {
    return create_task(std::forward<A>(operation));
  }
}

/// Runs an awaitable on a loop, from any thread.
///
/// Returns     A future to wait for with `get()`; cancelling it cancels the task.
/// Throws      `loop_closed_error`.
/// Source      asyncio.run_coroutine_threadsafe.
template <awaitable A>
future<await_result_t<A>> run_coroutine_threadsafe(A&& operation, event_loop& loop) {
  task_options options{.pin = &loop};
  return detail::spawn(detail::home_for(options), std::forward<A>(operation), &options);
}

}  // namespace skein
