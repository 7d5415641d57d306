// SPDX-License-Identifier: Apache-2.0
// runtime_core.cpp: making the workers, driving a run, and ending it without losing anything.
#include "runtime_core.hpp"

#include "loop_table.hpp"
#include "topology.hpp"

#include <skein/core/detail/done_callback.hpp>
#include <skein/core/errors.hpp>
#include <skein/core/executor.hpp>

#include <pthread.h>

#include <mutex>
#include <set>
#include <stdexcept>

namespace skein::detail {
namespace {

constexpr std::chrono::seconds executor_grace{300};  // as asyncio; then jobs that still run are left behind
constexpr std::chrono::seconds refusal_grace{5};     // then tasks that do not end on a cancel are named

run_options checked(run_options options) {
  if (options.workers > workers_max) {
    throw std::invalid_argument{"run_options: workers is " + std::to_string(options.workers) +
                                ": give 1 to " + std::to_string(workers_max) + ", or 0 for one a core"};
  }
  if (options.budget == 0 || options.budget > 1U << 30) {
    throw std::invalid_argument{"run_options: budget is " + std::to_string(options.budget) +
                                ": give the number of awaits before a forced yield, at least 1"};
  }
  if (options.virtual_time) {
    if (options.workers > 1) {
      throw std::invalid_argument{"run_options: virtual_time needs one worker, but workers is " +
                                  std::to_string(options.workers)};
    }
    options.workers = 1;
  }
  if (options.workers == 0) {
    options.workers = default_worker_count();
  }
  return options;
}

// Tells the first worker to leave when the last of a number of tasks has ended.
struct countdown {
  struct node : completion_node {
    node(countdown& c, task_state& t) noexcept : completion_node{&ended}, owner{&c}, task{&t} {}
    static void ended(completion_node& n, future_state&) noexcept { static_cast<node&>(n).owner->count(); }
    countdown* owner;
    task_state* task;
  };

  explicit countdown(worker& w) : first{w} {}
  void count() noexcept {
    if (left.fetch_sub(1, lowlevel::memory_order_acq_rel) == 1) {
      static_cast<void>(first.post(*leave));
    }
  }

  worker& first;
  lowlevel::atomic<std::ptrdiff_t> left{1};
  call_ref leave;
  std::vector<std::unique_ptr<node>> nodes;
};

}  // namespace

runtime_core::runtime_core(run_options given)
    : options{checked(std::move(given))},
      face{*this},
      idle{options.workers},
      inject{options.workers},
      monitor{*this},
      debug_{options.debug.value_or(debug_of_environment())},
      first_id_{reserve_loop_ids(options.workers)} {
  if (options.exception_handler) {
    handler.set(options.exception_handler);
  }
  if (options.virtual_time) {
    virtual_now.store(std::chrono::steady_clock::now().time_since_epoch().count(),
                      lowlevel::memory_order_relaxed);
  }
  for (unsigned i = 0; i < options.workers; ++i) {
    workers.push_back(std::make_unique<worker>(*this, i, first_id_ + i));
  }
}

runtime_core::~runtime_core() { close(); }

void runtime_core::set_debug(bool on) noexcept {
  debug_.store(on, lowlevel::memory_order_relaxed);
  for (auto const& w : workers) {
    w->look_at_mode();
  }
}

void runtime_core::start() {
  for (auto const& w : workers) {
    faces.push_back(std::unique_ptr<event_loop>{new event_loop{*w}});
  }
  for (std::size_t i = 1; i < workers.size(); ++i) {
    threads_.emplace_back([w = workers[i].get()] { w->run(); });
    pthread_setname_np(threads_.back().native_handle(), ("skein-" + std::to_string(i)).c_str());
  }
  monitor.start();
}

std::size_t runtime_core::task_count() const noexcept {
  std::size_t count = 0;
  for (auto const& w : workers) {
    count += w->registry.size();
  }
  return count;
}

std::vector<state_ref<task_state>> runtime_core::tasks() {
  std::vector<state_ref<task_state>> all;
  for (auto const& w : workers) {
    w->registry.collect(all);
  }
  return all;
}

void runtime_core::notify_one() noexcept {
  if (auto const sleeper = idle.take_sleeper()) {
    workers[*sleeper]->unpark();
  }
}

void runtime_core::fail(std::exception_ptr error) noexcept {
  {
    std::lock_guard const guard{failure_lock_};
    if (failure_ == nullptr) {
      failure_ = std::move(error);
    }
  }
  failed_.store(true, lowlevel::memory_order_release);
  workers[0]->unpark();
}

void runtime_core::rethrow_failure() {
  std::exception_ptr error;
  {
    std::lock_guard const guard{failure_lock_};
    error = std::exchange(failure_, nullptr);
    failed_.store(false, lowlevel::memory_order_release);
  }
  if (error != nullptr) {
    std::rethrow_exception(error);
  }
}

void runtime_core::drive(future_state& main) {
  worker& first = *workers[0];
  // The callback may still be queued when a failure has ended this run: it must not end the next one.
  auto const driving = std::make_shared<bool>(true);
  auto const leave = [&first, driving](state_ref<> const&) {
    if (*driving) {
      first.leave();
    }
  };
  std::uint64_t const id = add_callback<decltype(leave)>(main, leave, nullptr);
  main_ = &main;
  first.run();
  main_ = nullptr;
  *driving = false;
  static_cast<void>(remove_callback(main, id));
  rethrow_failure();
  if (!main.done()) {
    throw std::runtime_error{"Event loop stopped before Future completed: " + main.repr()};
  }
}

void runtime_core::finish() {
  generators->drain();
  finish_tasks();
  finish_generators();
  finish_tasks();  // what the cleanup of generators has left
}

void runtime_core::finish_generators() {
  generators->expect_no_more();
  if (generators->empty()) {
    return;
  }
  auto const closing =
      spawn(task_home{workers[0].get(), false, false}, close_generators(generators, first_id_), nullptr);
  while (!closing.done()) {
    try {
      drive(*closing.shared_state());
    } catch (...) {
      // keyboard_interrupt or system_exit again: the run ends already
    }
  }
}

void runtime_core::finish_tasks() {
  worker& first = *workers[0];
  std::set<task_state*> asked;
  bool reported = false;
  for (;;) {
    auto const left = tasks();
    if (left.empty()) {
      return;
    }
    countdown until_done{first};
    until_done.leave = bind_call([&first] { first.leave(); });
    until_done.leave->retain();  // the queue's reference
    for (auto const& task : left) {
      if (asked.insert(task.get()).second) {
        task->cancel({});
      }
      until_done.left.fetch_add(1, lowlevel::memory_order_relaxed);
      until_done.nodes.push_back(std::make_unique<countdown::node>(until_done, *task));
      if (!task->subscribe(*until_done.nodes.back())) {
        until_done.count();
      }
    }
    until_done.count();  // the one it starts with
    state_ref<timed_call> alarm;
    if (!reported && !options.virtual_time) {
      alarm = bind_timed_call(first, [&] {
        report_refusing(left);
        reported = true;
      });
      post_timed_call(first, alarm, refusal_grace);
    }
    while (until_done.left.load(lowlevel::memory_order_acquire) > 0) {
      first.run();
      try {
        rethrow_failure();
      } catch (...) {
        // keyboard_interrupt or system_exit again: the run ends already
      }
    }
    if (alarm) {
      alarm->cancel();
    }
    until_done.leave->cancel();
    for (auto const& task : left) {
      if (task->status() == future_status::failed && !task->retrieved()) {
        report(task->loop(), {.message = "unhandled exception during run() shutdown",
                              .exception = task->exception(),
                              .future = any_future{state_ref<>::share(task.get())},
                              .task = any_task{state_ref<>::share(task.get())}});
      }
    }
  }
}

void runtime_core::report_refusing(std::vector<state_ref<task_state>> const& tasks) {
  for (auto const& task : tasks) {
    if (!task->done()) {
      report(task->loop(),
             {.message = "a task was cancelled at the end of run() and does not end: run() waits for it",
              .future = any_future{state_ref<>::share(task.get())},
              .task = any_task{state_ref<>::share(task.get())}});
    }
  }
}

void runtime_core::close() noexcept {
  if (std::exchange(closed_, true)) {
    return;
  }
  generators->end();
  join_executors();
  stopping_.store(true, lowlevel::memory_order_release);
  for (auto const& w : workers) {
    w->unpark();
  }
  for (std::thread& thread : threads_) {
    thread.join();
  }
  monitor.stop();
  for (auto const& w : workers) {
    w->close();
  }
  while (visitors_.load(lowlevel::memory_order_acquire) != 0) {
    std::this_thread::yield();
  }
  lowlevel::work_item* left = nullptr;
  while (inject.take({&left, 1}, 0) != 0) {
    left->drop();
  }
}

std::shared_ptr<thread_pool_executor> runtime_core::default_executor() {
  std::lock_guard const guard{executor_mutex_};
  if (executor_retired_) {
    throw std::runtime_error{
        "Executor shutdown has been called: submit jobs before it, or to another executor"};
  }
  if (default_executor_ == nullptr) {
    default_executor_ = std::make_shared<thread_pool_executor>();
  }
  return default_executor_;
}

void runtime_core::set_default_executor(std::shared_ptr<thread_pool_executor> pool) {
  std::lock_guard const guard{executor_mutex_};
  if (default_executor_ != nullptr) {
    former_executors_.push_back(default_executor_);
  }
  default_executor_ = std::move(pool);
}

std::shared_ptr<thread_pool_executor> runtime_core::retire_default_executor() {
  std::lock_guard const guard{executor_mutex_};
  executor_retired_ = true;
  return default_executor_;
}

void runtime_core::join_executors() noexcept {
  if (auto last = retire_default_executor()) {
    former_executors_.push_back(std::move(last));  // nobody else looks at them any more
  }
  for (auto const& pool : former_executors_) {
    if (!pool->left_behind()) {
      static_cast<void>(pool->shutdown(executor_grace));
    }
  }
}

job_ticket::job_ticket(loop_id loop) noexcept : loop_{loop} {
  if (pinned_loop const target{loop_}; target.get() != nullptr) {
    target.get()->runtime.job_started();
  }
}

job_ticket::~job_ticket() {
  if (pinned_loop const target{loop_}; target.get() != nullptr) {
    target.get()->runtime.job_ended();
    target.get()->unpark();
  }
}

}  // namespace skein::detail
