// SPDX-License-Identifier: Apache-2.0
// runtime_core.hpp: the workers of one run and what they share; start and end of a runtime.
#pragma once

#include "generator_registry.hpp"
#include "idle_set.hpp"
#include "inject_queue.hpp"
#include "stall_monitor.hpp"
#include "worker.hpp"

#include <skein/core/run.hpp>
#include <skein/core/runtime.hpp>

#include <exception>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace skein::detail {

/// A function that may be replaced while others call it.
///
/// Threads     Any.
template <class F>
class replaceable {
 public:
  /// Returns     True when there may be one; a snapshot, cheap enough to ask each time.
  [[nodiscard]] bool is_set() const noexcept { return set_.load(lowlevel::memory_order_relaxed); }
  [[nodiscard]] std::shared_ptr<F const> get() const {
    std::lock_guard const guard{lock_};
    return function_;
  }
  void set(F f) {
    bool const some = static_cast<bool>(f);
    auto fresh = some ? std::make_shared<F const>(std::move(f)) : nullptr;
    std::lock_guard const guard{lock_};
    function_.swap(fresh);
    set_.store(some, lowlevel::memory_order_relaxed);
  }

 private:
  mutable lowlevel::spinlock lock_;
  std::shared_ptr<F const> function_;  // guarded by lock_
  lowlevel::atomic<bool> set_{false};  // written under lock_
};

class runtime_core {
 public:
  /// Makes the workers, but starts no thread. `options.workers` is the number, 0 the default.
  explicit runtime_core(run_options options);
  runtime_core(runtime_core const&) = delete;
  runtime_core& operator=(runtime_core const&) = delete;
  ~runtime_core();

  /// Makes the public sides of the loops and starts the threads of all workers but the first, which the
  /// caller runs.
  void start();
  /// Cancels and awaits the tasks that are left, then closes the async generators; see runner::close. The
  /// caller's thread runs the first worker meanwhile.
  void finish();
  /// Stops and joins the threads, closes the loops, waits for visitors.
  void close() noexcept;

  /// Runs the first worker until a future is done, or something ended the runtime.
  void drive(future_state& main);

  /// Returns     What drive runs for; null when it does not run. First worker only.
  [[nodiscard]] future_state* main() const noexcept { return main_; }

  [[nodiscard]] bool debugs() const noexcept { return debug_.load(lowlevel::memory_order_relaxed); }
  void set_debug(bool on) noexcept;
  [[nodiscard]] bool lone() const noexcept { return workers.size() == 1; }
  [[nodiscard]] bool stopping() const noexcept { return stopping_.load(lowlevel::memory_order_acquire); }
  [[nodiscard]] bool owns(loop_id id) const noexcept { return id - first_id_ < workers.size(); }
  [[nodiscard]] std::size_t task_count() const noexcept;
  [[nodiscard]] std::vector<state_ref<task_state>> tasks();

  /// Ends the run at once with an error: keyboard_interrupt, system_exit. The first one counts.
  void fail(std::exception_ptr error) noexcept;
  [[nodiscard]] bool failed() const noexcept { return failed_.load(lowlevel::memory_order_acquire); }
  /// Throws the error of fail, once.
  void rethrow_failure();

  /// Wakes a sleeping worker if nobody searches for work.
  void notify_one() noexcept;

  // Threads that are no workers of this runtime say when they work on it: it does not end meanwhile.
  void enter() noexcept { visitors_.fetch_add(1, lowlevel::memory_order_acq_rel); }
  void exit() noexcept { visitors_.fetch_sub(1, lowlevel::memory_order_release); }

  // Jobs of executors that will complete a future: a loop with virtual time waits for them.
  void job_started() noexcept { jobs_.fetch_add(1, lowlevel::memory_order_acq_rel); }
  void job_ended() noexcept { jobs_.fetch_sub(1, lowlevel::memory_order_acq_rel); }
  [[nodiscard]] bool jobs_running() const noexcept { return jobs_.load(lowlevel::memory_order_acquire) != 0; }

  /// Throws      `std::runtime_error` when it was shut down.
  [[nodiscard]] std::shared_ptr<thread_pool_executor> default_executor();
  /// Replaces it; the one before runs its jobs to the end.
  void set_default_executor(std::shared_ptr<thread_pool_executor> pool);
  /// Lets it refuse jobs from now on.
  ///
  /// Returns     The pool to be shut down, or null when there never was one.
  [[nodiscard]] std::shared_ptr<thread_pool_executor> retire_default_executor();

  // Constant after construction.
  run_options const options;
  std::vector<std::unique_ptr<worker>> workers;
  std::vector<std::unique_ptr<event_loop>> faces;
  runtime face;
  // Any thread.
  idle_set idle;
  inject_queue inject;
  stall_monitor monitor;
  lowlevel::atomic<lowlevel::instant> slow_after{100'000'000};  // ns; in debug mode
  // Virtual time, in nanoseconds; used with one worker only.
  lowlevel::atomic<lowlevel::instant> virtual_now{0};
  // Of all loops of this runtime.
  replaceable<exception_handler> handler;
  replaceable<task_factory> factory;
  std::shared_ptr<generator_registry> const generators = std::make_shared<generator_registry>();

 private:
  friend class skein::runtime;
  void finish_tasks();
  void finish_generators();
  void join_executors() noexcept;
  void report_refusing(std::vector<state_ref<task_state>> const& tasks);

  lowlevel::atomic<bool> debug_;  // any thread
  loop_id const first_id_;
  std::vector<std::thread> threads_;
  lowlevel::atomic<bool> stopping_{false};
  lowlevel::atomic<bool> failed_{false};
  lowlevel::atomic<int> visitors_{0};
  lowlevel::atomic<int> jobs_{0};
  bool closed_ = false;
  future_state* main_ = nullptr;  // first worker only
  lowlevel::spinlock failure_lock_;
  std::exception_ptr failure_;  // guarded by failure_lock_
  std::mutex executor_mutex_;
  // Guarded by executor_mutex_.
  std::shared_ptr<thread_pool_executor> default_executor_;
  std::vector<std::shared_ptr<thread_pool_executor>> former_executors_;  // joined when the runtime ends
  bool executor_retired_ = false;
};

}  // namespace skein::detail
