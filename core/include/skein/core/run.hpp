// SPDX-License-Identifier: Apache-2.0
// run.hpp: starting a runtime: run(main), and runner for several runs.
#pragma once

#include <skein/core/clock.hpp>
#include <skein/core/event_loop.hpp>
#include <skein/core/report.hpp>
#include <skein/core/runtime.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <thread>
#include <utility>

namespace skein {
namespace detail {
class interrupt_guard;
}

/// How to run.
struct run_options {
  /// Threads that run tasks, the calling one among them. 0: as many as the CPU mask and the cgroup's quota
  /// allow. 1: everything in asyncio's order on the calling thread. At most 1024.
  unsigned workers = 0;
  /// Debug mode, see event_loop::set_debug; else on if the environment has a `SKEIN_DEBUG` that is not empty.
  std::optional<bool> debug = {};
  /// Awaits in a row that may finish without suspending before a task has to yield. With one worker there is
  /// no limit, as in asyncio.
  unsigned budget = 128;
  /// Told of errors that nobody took; null writes them to the log.
  skein::exception_handler exception_handler = {};
  /// Time jumps to the next timer when nothing else is to do. One worker only; for tests. When nothing can
  /// come any more, because main waits in a circle of tasks or nothing came from other threads for ten
  /// seconds, the run throws `deadlock_error`.
  bool virtual_time = false;
  /// A step that holds its worker for longer is written to the log while it lasts: the task and who awaits
  /// it, and the stack or the system call of the thread. Each place is told once, and then counted. Zero:
  /// nothing is. Not with virtual time.
  delay stall_report = std::chrono::milliseconds{25};
  /// With several workers: what a step holds up for longer is given to the other workers, as long as it
  /// lasts: tasks that are ready, or whose timers and sockets are. What is pinned to a loop, callbacks and
  /// pinned tasks, waits for it. Zero: nothing is given away.
  delay stall_takeover = std::chrono::milliseconds{10};
};

/// How to run one main of a runner.
struct runner_run_options {
  /// The context of main; else the runner's own, which its runs share.
  std::optional<skein::context> context = {};
};

/// A runtime that is kept for several runs. They share a context, a copy of the one in which the runner was
/// made: what one sets, the next one sees.
///
/// Threads     Used by the thread that made it; debug mode sees to that.
/// Source      asyncio.Runner.
class runner {
 public:
  /// Throws      `std::invalid_argument` for a number of workers that is absurd; `std::system_error` when
  ///             threads cannot be made.
  explicit runner(run_options options = {});
  runner(runner const&) = delete;
  runner& operator=(runner const&) = delete;
  /// Closes.
  ~runner();

  /// Runs until main is done.
  ///
  /// Returns     What main gives.
  /// Throws      What main throws; `std::runtime_error` when closed, when a loop runs on this thread, or in
  ///             debug mode on another thread than the one that made the runner.
  template <awaitable A>
  await_result_t<A> run(A&& main) {
    return run(std::forward<A>(main), {});
  }
  template <awaitable A>
  await_result_t<A> run(A&& main, runner_run_options options) {
    task_options of_main = prepare(options);
    return finish(future<await_result_t<A>>{
        detail::spawn(detail::home_for(first_worker(), of_main), std::forward<A>(main), &of_main)});
  }
  template <class F>
    requires detail::coro_callable<F>
  detail::coro_result<F> run(F&& main) {
    return run(std::forward<F>(main), {});
  }
  template <class F>
    requires detail::coro_callable<F>
  detail::coro_result<F> run(F&& main, runner_run_options options) {
    task_options of_main = prepare(options);
    return finish(future<detail::coro_result<F>>{
        detail::spawn_call(detail::home_for(first_worker(), of_main), &of_main, std::forward<F>(main))});
  }
  template <class... What>
  void run(What&&...) = delete;  // give a coro, or a function without parameters that returns one

  /// Returns     The loop of the calling thread.
  [[nodiscard]] event_loop& get_loop();

  /// Cancels the tasks that are left and waits until none is left, also of those born meanwhile. Errors they
  /// end with, and tasks that refuse to end, are reported to the exception handler. Then the default executor
  /// is joined and the loops are closed. Harmless when closed.
  ///
  /// Throws      `std::runtime_error` in debug mode on another thread than the one that made the runner.
  void close();

 private:
  template <class T>
  T finish(future<T> main) {
    drive(*main.shared_state());
    return main.result();
  }
  [[nodiscard]] task_options prepare(runner_run_options& options);
  [[nodiscard]] detail::worker& first_worker();
  void drive(detail::future_state& main);
  void check_thread(char const* call) const;
  void end();

  std::thread::id const thread_ = std::this_thread::get_id();
  context context_ = copy_context();
  std::unique_ptr<detail::runtime_core> core_;
  std::unique_ptr<detail::interrupt_guard> interrupts_;  // during a run
};

/// Makes a runtime, runs main in it, and ends it: tasks that are left are cancelled and awaited.
///
/// Returns     What main gives.
/// Throws      What main throws; `std::invalid_argument` for absurd options; `std::runtime_error` when a loop
///             runs on this thread already.
/// Source      asyncio.run; differs: uses all cores unless `workers` is 1.
template <awaitable A>
await_result_t<A> run(A&& main, run_options options = {}) {
  runner r{std::move(options)};
  return r.run(std::forward<A>(main));
}
template <class F>
  requires detail::coro_callable<F>
detail::coro_result<F> run(F&& main, run_options options = {}) {
  runner r{std::move(options)};
  return r.run(std::forward<F>(main));
}
template <class... What>
void run(What&&...) = delete;  // give a coro, or a function without parameters that returns one

}  // namespace skein
