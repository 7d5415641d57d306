// SPDX-License-Identifier: Apache-2.0
// cpu_executor.cpp: a oneTBB arena as an executor.
#include <skein/core/executor.hpp>
#include <skein/core/lowlevel/atomic.hpp>
#include <skein/core/runtime.hpp>

#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/task_arena.h>

#include <condition_variable>
#include <mutex>
#include <stdexcept>

namespace skein {

struct cpu_executor::state {
  explicit state(unsigned n)
      // enqueue needs a worker besides the threads that call it: on few cores TBB would otherwise have none.
      : parallelism{oneapi::tbb::global_control::max_allowed_parallelism, n + 1},
        arena{static_cast<int>(n), 0} {}

  oneapi::tbb::global_control parallelism;
  oneapi::tbb::task_arena arena;
  std::mutex mutex;
  std::condition_variable idle;
  std::size_t outstanding = 0;  // guarded by mutex
  bool closed = false;          // guarded by mutex
};

cpu_executor::cpu_executor(unsigned concurrency)
    : state_{std::make_unique<state>(concurrency == 0 ? default_worker_count() : concurrency)} {}

cpu_executor::~cpu_executor() { static_cast<void>(shutdown(std::nullopt)); }

void cpu_executor::submit(std::unique_ptr<detail::executor_job> job) {
  {
    std::lock_guard const guard{state_->mutex};
    if (state_->closed) {
      throw std::runtime_error{
          "Executor shutdown has been called: submit jobs before it, or to another executor"};
    }
    ++state_->outstanding;
  }
  detail::executor_job* const raw = job.get();
  lowlevel::put_into_queue(raw);
  try {
    state_->arena.enqueue([raw, shared = state_.get()] {
      lowlevel::taken_from_queue(raw);
      raw->run();
      raw->deliver();
      delete raw;
      std::lock_guard const guard{shared->mutex};
      if (--shared->outstanding == 0) {
        shared->idle.notify_all();
      }
    });
  } catch (...) {
    std::lock_guard const guard{state_->mutex};
    --state_->outstanding;
    throw;
  }
  static_cast<void>(job.release());
}

bool cpu_executor::shutdown(std::optional<delay> limit) {
  std::unique_lock guard{state_->mutex};
  state_->closed = true;
  auto const none_left = [&] { return state_->outstanding == 0; };
  if (!limit || limit->is_forever()) {
    state_->idle.wait(guard, none_left);
    return true;
  }
  return state_->idle.wait_for(guard, std::chrono::nanoseconds{limit->nanoseconds()}, none_left);
}

}  // namespace skein
