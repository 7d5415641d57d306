// SPDX-License-Identifier: Apache-2.0
// thread_pool_executor.cpp: a pool that grows when a job finds no idle thread.
//
// Jobs wait in a moodycamel queue with one explicit producer token behind a lock (its implicit producers have
// bugs in Debian's version), and idle threads on its semaphore. The state is shared with the threads, so that
// a pool that was left behind by a shutdown with a limit ends cleanly later.
#include <skein/core/detail/debug_mode.hpp>
#include <skein/core/executor.hpp>
#include <skein/core/lowlevel/atomic.hpp>
#include <skein/core/report.hpp>
#include <skein/core/runtime.hpp>

#include <concurrentqueue/blockingconcurrentqueue.h>
#include <pthread.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <stdexcept>
#include <thread>

namespace skein {

executor::~executor() = default;

struct thread_pool_executor::state {
  explicit state(std::size_t max, std::string thread_name)
      : max_threads{max}, name{std::move(thread_name)}, token{jobs} {}

  using job = detail::executor_job*;

  // Constant after construction.
  std::size_t const max_threads;
  std::string const name;
  detail::made_at made;  // in debug mode

  std::mutex mutex;
  std::condition_variable ended;
  moodycamel::BlockingConcurrentQueue<job> jobs;
  moodycamel::ProducerToken token;  // guarded by mutex
  std::size_t threads = 0;          // guarded by mutex
  std::size_t outstanding = 0;      // queued or running jobs; guarded by mutex
  bool closed = false;              // guarded by mutex
  bool left_behind = false;         // guarded by mutex; a shutdown gave up

  static void work(std::shared_ptr<state> self) {
    for (;;) {
      job next = nullptr;
      self->jobs.wait_dequeue(next);
      if (next == nullptr) {
        break;
      }
      lowlevel::taken_from_queue(next);
      next->run();
      {
        std::lock_guard const guard{self->mutex};
        --self->outstanding;  // before the result is seen: who submits then finds this thread idle
      }
      next->deliver();
      delete next;
    }
    std::lock_guard const guard{self->mutex};
    --self->threads;
    self->ended.notify_all();
  }

  // With mutex held.
  void grow(std::shared_ptr<state> const& self) {
    std::size_t const number = threads + 1;
    std::thread thread{&state::work, self};
    ++threads;
    std::string const thread_name = (name + "-" + std::to_string(number)).substr(0, 15);
    pthread_setname_np(thread.native_handle(), thread_name.c_str());
    thread.detach();
  }
};

thread_pool_executor::thread_pool_executor(std::size_t max_workers, std::string name) {
  constexpr std::size_t threads_max = 4096;
  if (max_workers > threads_max) {
    throw std::invalid_argument{"thread_pool_executor: max_workers is " + std::to_string(max_workers) +
                                ": give at most " + std::to_string(threads_max) + ", or 0 for the default"};
  }
  if (max_workers == 0) {
    max_workers = std::min<std::size_t>(32, default_worker_count() + 4);  // as CPython
  }
  state_ = std::make_shared<state>(max_workers, name.empty() ? "skein-pool" : std::move(name));
  state_->made = detail::made_here(detail::debug_here());
}

std::size_t thread_pool_executor::unfinished() const {
  std::lock_guard const guard{state_->mutex};
  return state_->closed ? 0 : state_->outstanding;
}

thread_pool_executor::~thread_pool_executor() {
  if (std::size_t const jobs = unfinished(); jobs != 0 && detail::debug_here()) {
    detail::say_unclosed("thread_pool_executor '" + state_->name + "'",
                         "its destructor blocks this thread for " + std::to_string(jobs) +
                             " job(s): shut it down before, or await them",
                         state_->made);
  }
  if (!left_behind()) {
    static_cast<void>(shutdown(std::nullopt));
  }
}

bool thread_pool_executor::left_behind() const {
  std::lock_guard const guard{state_->mutex};
  return state_->left_behind;
}

void thread_pool_executor::submit(std::unique_ptr<detail::executor_job> job) {
  std::lock_guard const guard{state_->mutex};
  if (state_->closed) {
    throw std::runtime_error{
        "Executor shutdown has been called: submit jobs before it, or to another executor"};
  }
  if (state_->outstanding >= state_->threads && state_->threads < state_->max_threads) {
    try {
      state_->grow(state_);
    } catch (std::system_error const&) {
      if (state_->threads == 0) {
        throw;  // nobody would ever run it
      }
    }
  }
  lowlevel::put_into_queue(job.get());
  if (!state_->jobs.enqueue(state_->token, job.get())) {
    throw std::bad_alloc{};
  }
  static_cast<void>(job.release());
  ++state_->outstanding;
}

bool thread_pool_executor::shutdown(std::optional<delay> limit) {
  std::unique_lock guard{state_->mutex};
  if (!state_->closed) {
    state_->closed = true;
    for (std::size_t i = 0; i < state_->threads; ++i) {
      state_->jobs.enqueue(state_->token, nullptr);
    }
  }
  auto const all_ended = [&] { return state_->threads == 0; };
  if (!limit || limit->is_forever()) {
    state_->ended.wait(guard, all_ended);
    return true;
  }
  if (state_->ended.wait_for(guard, std::chrono::nanoseconds{limit->nanoseconds()}, all_ended)) {
    return true;
  }
  state_->left_behind = true;
  detail::log_line("thread_pool_executor '" + state_->name + "': " + std::to_string(state_->outstanding) +
                   " job(s) did not end within the limit of the shutdown; their threads are left behind");
  return false;
}

std::size_t thread_pool_executor::threads() const {
  std::lock_guard const guard{state_->mutex};
  return state_->threads;
}

}  // namespace skein
