// SPDX-License-Identifier: Apache-2.0
// executor.hpp: threads for calls that block or compute, and awaiting what they return.
#pragma once

#include <skein/core/event_loop.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <utility>

namespace skein {
namespace detail {

/// A call on its way to a thread of an executor.
class executor_job {
 public:
  executor_job() = default;
  executor_job(executor_job const&) = delete;
  executor_job& operator=(executor_job const&) = delete;
  virtual ~executor_job() = default;

  /// Makes the call, unless its future was cancelled. Called once, on any thread.
  virtual void run() noexcept = 0;
  /// Completes the future with what the call gave. Apart from run, so that the thread counts as idle before
  /// anybody can see the result and submit the next job.
  virtual void deliver() noexcept = 0;
  /// Returns     A line for reports.
  [[nodiscard]] virtual std::string describe() const = 0;
};

/// Counts a job for its runtime from its making to its end.
class job_ticket {
 public:
  explicit job_ticket(loop_id loop) noexcept;
  job_ticket(job_ticket const&) = delete;
  job_ticket& operator=(job_ticket const&) = delete;
  ~job_ticket();

 private:
  loop_id loop_;
};

template <class R, class F, class... Args>
class job_of final : public executor_job {
 public:
  template <class G, class... As>
  job_of(state_ref<future_of<R>> state, G&& f, As&&... args)
      : ticket_{state->loop()},
        state_{std::move(state)},
        bound_{std::in_place, std::forward<G>(f), std::forward<As>(args)...} {}

  void run() noexcept override {
    if (state_->done()) {
      return;  // cancelled while it was queued
    }
    try {
      if constexpr (std::is_void_v<R>) {
        std::apply([](F& f, Args&... args) { std::invoke(f, args...); }, *bound_);
        bound_.reset();
        keep(claim_with_value<R>(*state_), future_status::finished);
      } else {
        R result = std::apply([](F& f, Args&... args) -> R { return std::invoke(f, args...); }, *bound_);
        bound_.reset();
        keep(claim_with_value<R>(*state_, std::forward<R>(result)), future_status::finished);
      }
    } catch (...) {
      if (state_->claim()) {
        state_->error_ = std::current_exception();
        keep(true, future_status::failed);
      }
    }
  }

  void deliver() noexcept override {
    bound_.reset();
    if (outcome_ != future_status::pending) {
      state_->publish(outcome_);
    }
  }

  [[nodiscard]] std::string describe() const override { return state_->repr(); }

 private:
  void keep(bool won, future_status outcome) noexcept { outcome_ = won ? outcome : future_status::pending; }

  job_ticket ticket_;
  future_status outcome_ = future_status::pending;
  state_ref<future_of<R>> state_;
  std::optional<std::tuple<F, Args...>> bound_;
};

}  // namespace detail

/// Something that makes calls on threads of its own.
///
/// Source      concurrent.futures.Executor.
class executor {
 public:
  executor() = default;
  executor(executor const&) = delete;
  executor& operator=(executor const&) = delete;
  virtual ~executor();

  /// Takes a job; it is run once on some thread, or refused.
  ///
  /// Throws      `std::runtime_error` after shutdown.
  /// Threads     Any.
  virtual void submit(std::unique_ptr<detail::executor_job> job) = 0;

  /// Takes no more jobs and waits for those that run; those still queued run first.
  ///
  /// Returns     False when the limit was reached; the threads then go on without anybody waiting.
  virtual bool shutdown(std::optional<delay> limit) = 0;
};

/// Threads for calls that block: made when a job finds none idle, up to a maximum.
///
/// Lifetime    The destructor shuts down and waits for running jobs, unless a shutdown gave up on them.
///             Debug mode says so in the log if there are any.
/// Source      concurrent.futures.ThreadPoolExecutor.
class thread_pool_executor : public executor {
 public:
  /// `max_workers`   0: four more than there are cores, at most 32.
  /// `name`          The threads are called name-1, name-2, …; `skein-pool` when empty.
  /// Throws      `std::invalid_argument` above 4096 threads.
  explicit thread_pool_executor(std::size_t max_workers = 0, std::string name = {});
  ~thread_pool_executor() override;

  void submit(std::unique_ptr<detail::executor_job> job) override;
  bool shutdown(std::optional<delay> limit) override;

  /// A snapshot of the number of threads.
  [[nodiscard]] std::size_t threads() const;
  /// Returns     True when a shutdown gave up on jobs that did not end within its limit.
  [[nodiscard]] bool left_behind() const;

 private:
  [[nodiscard]] std::size_t unfinished() const;

  struct state;
  std::shared_ptr<state> state_;
};

/// Threads for calls that compute: a `tbb::task_arena` with a thread for each core.
///
/// Lifetime    The destructor waits for its jobs.
class cpu_executor : public executor {
 public:
  /// `concurrency`   0: as many threads as `default_worker_count()`.
  explicit cpu_executor(unsigned concurrency = 0);
  ~cpu_executor() override;

  void submit(std::unique_ptr<detail::executor_job> job) override;
  bool shutdown(std::optional<delay> limit) override;

 private:
  struct state;
  std::unique_ptr<state> state_;
};

template <class F, class... Args>
  requires detail::callback<F, Args...>
auto event_loop::run_in_executor(executor* where, F&& f, Args&&... args)
    -> future<std::invoke_result_t<std::decay_t<F>&, std::decay_t<Args>&...>> {
  using R = std::invoke_result_t<std::decay_t<F>&, std::decay_t<Args>&...>;
  using job = detail::job_of<R, std::decay_t<F>, std::decay_t<Args>...>;
  detail::check_open(*worker_);
  auto state = detail::state_ref<detail::future_of<R>>::adopt(new detail::future_of<R>{id()});
  future<R> result{detail::state_ref<>::share(state.get())};
  auto made = std::make_unique<job>(std::move(state), std::forward<F>(f), std::forward<Args>(args)...);
  if (where != nullptr) {
    where->submit(std::move(made));
  } else {
    detail::default_executor(*worker_)->submit(std::move(made));
  }
  return result;
}

/// Calls f(args…) on a thread of the executor; null is the default pool of the runtime. The context of the
/// caller does not go with it: see to_thread.
///
/// Returns     A future of what f returns or throws.
/// Throws      `no_running_loop_error`; `std::runtime_error` when the executor was shut down.
/// Cancelling  A job that is still queued never runs. One that runs goes on to its end, and what it gives is
///             dropped.
/// Lifetime    The callable and the decayed arguments are kept for the call, and destroyed after it.
/// Source      loop.run_in_executor.
template <class F, class... Args>
  requires detail::callback<F, Args...>
auto run_in_executor(executor* where, F&& f, Args&&... args) {
  return get_running_loop().run_in_executor(where, std::forward<F>(f), std::forward<Args>(args)...);
}
template <class F, class... Args>
  requires detail::callback<F, Args...>
auto run_in_executor(std::nullptr_t, F&& f, Args&&... args) {
  return get_running_loop().run_in_executor(nullptr, std::forward<F>(f), std::forward<Args>(args)...);
}
template <class F, class... Args>
  requires detail::no_callback<F, Args...>
void run_in_executor(executor*, F&&, Args&&...) = delete;  // create_task starts a coroutine

/// Calls f(args…) on a thread of the default pool, in a copy of the current context.
///
/// Returns     A future of what f returns or throws.
/// Cancelling  As run_in_executor.
/// Source      asyncio.to_thread.
template <class F, class... Args>
  requires detail::callback<F, Args...>
auto to_thread(F&& f, Args&&... args) {
  using R = std::invoke_result_t<std::decay_t<F>&, std::decay_t<Args>&...>;
  return run_in_executor(
      nullptr,
      [where = copy_context()](std::decay_t<F>& kept, std::decay_t<Args>&... kept_args) mutable -> R {
        return where.run([&]() -> R { return std::invoke(kept, kept_args...); });
      },
      std::forward<F>(f), std::forward<Args>(args)...);
}
template <class F, class... Args>
  requires detail::no_callback<F, Args...>
void to_thread(F&&, Args&&...) = delete;  // create_task starts a coroutine

}  // namespace skein
