// SPDX-License-Identifier: Apache-2.0
// event_loop.hpp: one loop: callbacks, timers, tasks. Alone on a thread it is asyncio's loop to the letter.
#pragma once

#include <skein/core/create_task.hpp>
#include <skein/core/detail/debug_mode.hpp>
#include <skein/core/detail/signal_watch.hpp>
#include <skein/core/handle.hpp>
#include <skein/core/report.hpp>

#include <concepts>
#include <cstdint>
#include <functional>
#include <memory>
#include <tuple>
#include <utility>

namespace skein {

class executor;
class thread_pool_executor;
struct loop_options;

namespace detail {

class runtime_core;

void post_call(worker& loop, call_ref call);
void post_timed_call(worker& loop, state_ref<timed_call> call, delay after);
void post_timed_call_at(worker& loop, state_ref<timed_call> call, clock::time_point when);
void check_open(worker const& loop);
/// Runs a lone loop until the future is done.
void run_until_done(event_loop& loop, future_state& state);
[[nodiscard]] std::shared_ptr<thread_pool_executor> default_executor(worker& loop);

template <class F, class... Args>
[[nodiscard]] call_ref bind_call(F&& f, Args&&... args) {
  using call = bound_call<scheduled_call, std::decay_t<F>, std::decay_t<Args>...>;
  return call_ref::adopt(new call{std::tuple<>{}, std::forward<F>(f), std::forward<Args>(args)...});
}

template <class F, class... Args>
[[nodiscard]] state_ref<timed_call> bind_timed_call(worker& loop, F&& f, Args&&... args) {
  using call = bound_call<timed_call, std::decay_t<F>, std::decay_t<Args>...>;
  return state_ref<timed_call>::adopt(
      new call{std::tuple<loop_id>{id_of(loop)}, std::forward<F>(f), std::forward<Args>(args)...});
}

template <class T>
[[nodiscard]] future<T> make_future(loop_id loop) {
  auto state = state_ref<>::adopt(new future_of<T>{loop});
  if (debug_tracks()) [[unlikely]] {
    note_made(*state);
  }
  return future<T>{std::move(state)};
}

}  // namespace detail

/// A loop of callbacks, timers and tasks.
///
/// One made by `new_event_loop` runs on the thread that calls run_forever or run_until_complete, and orders
/// everything as asyncio does. The loops of a runtime (`run`, `runtime::current()`) run on its workers; a
/// reference to one is valid until the runtime ends.
///
/// Threads     All functions may be called from any thread, except run_forever, run_until_complete and close.
/// Source      asyncio.AbstractEventLoop.
class event_loop {
 public:
  event_loop(event_loop const&) = delete;
  event_loop& operator=(event_loop const&) = delete;
  ~event_loop();

  /// Runs until the awaitable is done. Tasks that are left stay pending.
  ///
  /// Returns     What the awaitable gives.
  /// Throws      What it throws; `std::runtime_error` when this loop or another one on this thread runs;
  ///             `loop_closed_error`.
  template <awaitable A>
  await_result_t<A> run_until_complete(A&& operation) {
    if constexpr (detail::is_future_handle<A>) {
      return run_task(future<await_result_t<A>>{std::forward<A>(operation)});
    } else {
      return run_task(future<await_result_t<A>>{create_task(std::forward<A>(operation))});
    }
  }
  template <class F>
    requires detail::coro_callable<F>
  detail::coro_result<F> run_until_complete(F&& main) {
    return run_task(future<detail::coro_result<F>>{create_task(std::forward<F>(main))});
  }
  /// Runs until stop.
  void run_forever();
  /// Lets the loop leave at the end of its turn; calls queued before that turn still run.
  void stop();
  /// Closes the loop: later posts throw, callbacks and timers that are queued are dropped with their
  /// arguments, tasks that are pending are destroyed and reported. Harmless when closed.
  ///
  /// Throws      `std::runtime_error` while it runs.
  void close();
  [[nodiscard]] bool is_running() const;
  [[nodiscard]] bool is_closed() const;
  /// Returns     `clock::now()` of this loop.
  [[nodiscard]] clock::time_point time() const;

  /// Calls f(args…) in the next turn; calls of one loop are made in the order of their posting.
  ///
  /// Throws      `loop_closed_error`.
  template <class F, class... Args>
    requires detail::callback<F, Args...>
  handle call_soon(F&& f, Args&&... args) {
    auto call = detail::bind_call(std::forward<F>(f), std::forward<Args>(args)...);
    detail::inherit_context(*call);
    detail::post_call(*worker_, call);
    return handle{std::move(call)};
  }
  /// As above, in that very context; the others run in a copy of the caller's.
  template <class F, class... Args>
    requires detail::callback<F, Args...>
  handle call_soon(with_context where, F&& f, Args&&... args) {
    auto call = detail::bind_call(std::forward<F>(f), std::forward<Args>(args)...);
    call->own_context.enter(where.get().inner());
    detail::post_call(*worker_, call);
    return handle{std::move(call)};
  }
  template <class F, class... Args>
    requires detail::no_callback<F, Args...>
  handle call_soon(F&&, Args&&...) = delete;  // create_task starts a coroutine
  /// The same; asyncio's name for it when the caller is on another thread.
  template <class F, class... Args>
    requires detail::callback<F, Args...>
  handle call_soon_threadsafe(F&& f, Args&&... args) {
    return call_soon(std::forward<F>(f), std::forward<Args>(args)...);
  }
  template <class F, class... Args>
    requires detail::callback<F, Args...>
  handle call_soon_threadsafe(with_context where, F&& f, Args&&... args) {
    return call_soon(std::move(where), std::forward<F>(f), std::forward<Args>(args)...);
  }
  template <class F, class... Args>
    requires detail::no_callback<F, Args...>
  handle call_soon_threadsafe(F&&, Args&&...) = delete;  // create_task starts a coroutine
  /// Calls f(args…) after a delay, never early; equal deadlines in the order they were set.
  ///
  /// Throws      `loop_closed_error`; `std::invalid_argument` when the delay is NaN.
  template <class F, class... Args>
    requires detail::callback<F, Args...>
  timer_handle call_later(delay after, F&& f, Args&&... args) {
    auto call = detail::bind_timed_call(*worker_, std::forward<F>(f), std::forward<Args>(args)...);
    detail::inherit_context(*call);
    detail::post_timed_call(*worker_, call, after);
    return timer_handle{std::move(call)};
  }
  template <class F, class... Args>
    requires detail::callback<F, Args...>
  timer_handle call_later(with_context where, delay after, F&& f, Args&&... args) {
    auto call = detail::bind_timed_call(*worker_, std::forward<F>(f), std::forward<Args>(args)...);
    call->own_context.enter(where.get().inner());
    detail::post_timed_call(*worker_, call, after);
    return timer_handle{std::move(call)};
  }
  template <class F, class... Args>
    requires detail::no_callback<F, Args...>
  timer_handle call_later(delay, F&&, Args&&...) = delete;  // create_task starts a coroutine
  template <class F, class... Args>
    requires detail::callback<F, Args...>
  timer_handle call_at(clock::time_point when, F&& f, Args&&... args) {
    auto call = detail::bind_timed_call(*worker_, std::forward<F>(f), std::forward<Args>(args)...);
    detail::inherit_context(*call);
    detail::post_timed_call_at(*worker_, call, when);
    return timer_handle{std::move(call)};
  }
  template <class F, class... Args>
    requires detail::callback<F, Args...>
  timer_handle call_at(with_context where, clock::time_point when, F&& f, Args&&... args) {
    auto call = detail::bind_timed_call(*worker_, std::forward<F>(f), std::forward<Args>(args)...);
    call->own_context.enter(where.get().inner());
    detail::post_timed_call_at(*worker_, call, when);
    return timer_handle{std::move(call)};
  }
  template <class F, class... Args>
    requires detail::no_callback<F, Args...>
  timer_handle call_at(clock::time_point, F&&, Args&&...) = delete;  // create_task starts a coroutine

  /// Returns     A pending future of this loop.
  template <class T = void>
  [[nodiscard]] future<T> create_future() {
    return detail::make_future<T>(id());
  }

  /// Makes a task that stays on this loop. Before the loop runs, tasks are kept for it.
  ///
  /// Throws      `loop_closed_error`; what a task factory throws.
  template <awaitable A>
  task<await_result_t<A>> create_task(A&& operation) {
    detail::task_home const home = detail::home_on(*this);
    if (home.has_factory) [[unlikely]] {
      return create_task(std::forward<A>(operation), task_options{});
    }
    return detail::spawn(home, std::forward<A>(operation), nullptr);
  }
  template <awaitable A>
  task<await_result_t<A>> create_task(A&& operation, task_options options) {
    options.pin = this;
    return detail::spawn(detail::home_for(options), std::forward<A>(operation), &options);
  }
  template <class F, class... Args>
    requires detail::coro_callable<std::decay_t<F>&, std::decay_t<Args>&...>
  auto create_task(F&& f, Args&&... args)
      -> task<detail::coro_result<std::decay_t<F>&, std::decay_t<Args>&...>> {
    detail::task_home const home = detail::home_on(*this);
    if (home.has_factory) [[unlikely]] {
      return create_task(task_options{}, std::forward<F>(f), std::forward<Args>(args)...);
    }
    return detail::spawn_call(home, nullptr, std::forward<F>(f), std::forward<Args>(args)...);
  }
  template <class F, class... Args>
    requires detail::coro_callable<std::decay_t<F>&, std::decay_t<Args>&...>
  auto create_task(task_options options, F&& f, Args&&... args)
      -> task<detail::coro_result<std::decay_t<F>&, std::decay_t<Args>&...>> {
    options.pin = this;
    return detail::spawn_call(detail::home_for(options), &options, std::forward<F>(f),
                              std::forward<Args>(args)...);
  }
  template <class... What>
  void create_task(What&&...) = delete;  // give a coro, or what returns one and its arguments

  /// Sets who sees the options of each task before it is made; null restores the default: nobody. It is asked
  /// for the tasks of all loops of the runtime. For tasks of a loop, `options.pin` is that loop.
  ///
  /// Threads     Any. f is called on the thread that makes the task, several at once when several make some.
  /// Source      loop.set_task_factory; differs: f changes options, it does not make the task.
  void set_task_factory(task_factory f);
  [[nodiscard]] task_factory get_task_factory() const;

  /// Closes all async generators of the runtime that have begun and not ended, concurrently. `run` does this
  /// by itself, after its tasks have ended. What goes wrong in one is reported to the exception handler;
  /// those that begin later are named in the log.
  ///
  /// Cancelling  Goes to the cleanup of the generators.
  /// Source      loop.shutdown_asyncgens.
  [[nodiscard]] coro<void> shutdown_asyncgens();

  /// Calls f(args…) on a thread of the executor; null is the loop's default pool. See executor.hpp, which has
  /// to be included for it.
  template <class F, class... Args>
    requires detail::callback<F, Args...>
  auto run_in_executor(executor* where, F&& f, Args&&... args)
      -> future<std::invoke_result_t<std::decay_t<F>&, std::decay_t<Args>&...>>;
  template <class F, class... Args>
    requires detail::no_callback<F, Args...>
  void run_in_executor(executor*, F&&, Args&&...) = delete;  // create_task starts a coroutine

  /// Calls f(args…) on this loop when a signal arrives, not inside the signal's handler; several that arrive
  /// before the call are one. Replaces what was set for that signal before, on whatever loop.
  ///
  /// Throws      `std::invalid_argument` for a number that is no signal; `std::runtime_error` for one that
  ///             cannot be caught; `loop_closed_error`.
  /// Lifetime    Until remove_signal_handler or the end of the loop; then the signal's default is put back.
  /// Source      loop.add_signal_handler; differs: on any thread.
  template <class F, class... Args>
    requires detail::callback<F, Args...>
  void add_signal_handler(int sig, F&& f, Args&&... args) {
    using watch = detail::bound_call<detail::signal_watch, std::decay_t<F>, std::decay_t<Args>...>;
    detail::watch_signal(sig, new watch{std::tuple<detail::worker*>{worker_}, std::forward<F>(f),
                                        std::forward<Args>(args)...});
  }
  template <class F, class... Args>
    requires detail::no_callback<F, Args...>
  void add_signal_handler(int, F&&, Args&&...) = delete;  // the function may call create_task
  /// Returns     False when none was set on this loop.
  /// Throws      `std::invalid_argument` for a number that is no signal.
  bool remove_signal_handler(int sig) { return detail::unwatch_signal(*worker_, sig); }

  /// Calls f(args…) on this loop, again and again as long as the descriptor can be read, in a copy of the
  /// caller's context. Replaces what was added for reading it before. See skein/io/fd_callbacks.hpp, which
  /// has to be included for it.
  ///
  /// Throws      `std::invalid_argument` for a negative number; `std::system_error` when the descriptor
  ///             cannot be watched, or a stream has it. When called elsewhere than on the loop itself and it
  ///             watches nothing yet, that goes to the exception handler.
  /// Lifetime    Until remove_reader, which has to come before the descriptor is closed, or the loop is gone.
  /// Source      loop.add_reader.
  template <class F, class... Args>
    requires detail::callback<F, Args...>
  void add_reader(int fd, F&& f, Args&&... args);
  /// As add_reader, as long as the descriptor can be written.
  template <class F, class... Args>
    requires detail::callback<F, Args...>
  void add_writer(int fd, F&& f, Args&&... args);
  /// Returns     False when there was none.
  bool remove_reader(int fd);
  bool remove_writer(int fd);

  /// Sets the pool that run_in_executor(nullptr, …) and to_thread use on all loops of the runtime, which
  /// shuts it down when it ends. Jobs that the pool before has already still run.
  ///
  /// Throws      `std::invalid_argument` for a null pointer.
  /// Source      loop.set_default_executor.
  void set_default_executor(std::shared_ptr<thread_pool_executor> pool);
  /// Lets the default pool refuse jobs from now on, and waits until those that it has are done.
  ///
  /// Cancelling  Stops waiting; the pool still shuts down.
  /// Source      loop.shutdown_default_executor.
  [[nodiscard]] coro<void> shutdown_default_executor();
  /// As above, but waits no longer than that, in real time; then it says so in the log, and nobody waits for
  /// the jobs any more.
  ///
  /// Cancelling  As above.
  [[nodiscard]] coro<void> shutdown_default_executor(delay timeout);

  /// Sets who is told of errors that nobody took; null restores the default, which writes to the log.
  void set_exception_handler(exception_handler f);
  [[nodiscard]] exception_handler get_exception_handler() const;
  void default_exception_handler(exception_context const& context);
  void call_exception_handler(exception_context const& context);

  /// Turns debug mode of the runtime on or off, from the next callback or step of each loop on. It is on from
  /// the beginning with `run_options::debug`, or with a `SKEIN_DEBUG` in the environment that is not empty.
  ///
  /// Then the log names callbacks and steps of tasks that are slow, coroutines that nobody awaited, and
  /// loops, connections, servers and executors that were dropped unclosed; tasks, futures and handles
  /// remember where they were made, for `repr` and `exception_context::source_traceback`; and a runner that
  /// another thread uses throws.
  ///
  /// Cost        Off: one test for each callback or step. On: microseconds for each coroutine, task and step.
  /// Source      loop.set_debug; differs: scheduling from other threads is allowed, so it is not refused.
  void set_debug(bool on);
  [[nodiscard]] bool get_debug() const;
  /// Sets how long a callback, or a step of a task, may take before debug mode warns: 100 ms unless set. It
  /// is measured by the clock of the loop: waiting for other threads or for the system counts too, and
  /// virtual time gives no warnings. A task that starts eagerly in a step of another is measured by itself.
  ///
  /// Throws      `std::invalid_argument` when it is not a number.
  /// Source      loop.slow_callback_duration.
  void slow_callback_duration(delay longest);
  [[nodiscard]] clock::duration slow_callback_duration() const;

  /// For skein itself.
  [[nodiscard]] detail::worker& inner() const noexcept { return *worker_; }
  [[nodiscard]] detail::loop_id id() const noexcept;

 private:
  friend class detail::runtime_core;
  friend std::unique_ptr<event_loop> new_event_loop(loop_options options);

  explicit event_loop(detail::worker& w) noexcept;
  explicit event_loop(std::unique_ptr<detail::runtime_core> owned) noexcept;

  template <class T>
  T run_task(future<T> main) {
    detail::run_until_done(*this, *main.shared_state());
    return main.result();
  }

  detail::worker* worker_;
  std::unique_ptr<detail::runtime_core> owned_;
  detail::made_at made_;
};

/// Options of a lone loop.
struct loop_options {
  /// The clock jumps to the next timer whenever nothing else is to do: time costs nothing. For tests.
  bool virtual_time = false;
};

/// Makes a loop for this thread to run.
///
/// Source      asyncio.new_event_loop.
[[nodiscard]] std::unique_ptr<event_loop> new_event_loop(loop_options options = {});

/// Returns     The loop that runs on this thread.
/// Throws      `no_running_loop_error`.
[[nodiscard]] event_loop& get_running_loop();

/// Returns     The loop that runs on this thread, or null.
[[nodiscard]] event_loop* running_loop() noexcept;

/// Returns     The running loop, or else the one that set_event_loop gave to this thread.
/// Throws      `no_running_loop_error`.
[[nodiscard]] event_loop& get_event_loop();
/// Sets the loop that get_event_loop returns on this thread while none runs; null clears it.
void set_event_loop(event_loop* loop);

/// Returns     A pending future of the running loop.
/// Throws      `no_running_loop_error`.
template <class T = void>
[[nodiscard]] future<T> create_future() {
  return get_running_loop().create_future<T>();
}

}  // namespace skein
