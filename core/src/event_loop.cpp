// SPDX-License-Identifier: Apache-2.0
// event_loop.cpp: the public side of a loop, and the loop of this thread.
#include "loop_table.hpp"
#include "runtime_core.hpp"
#include "worker.hpp"

#include <skein/core/errors.hpp>
#include <skein/core/event_loop.hpp>
#include <skein/core/executor.hpp>
#include <skein/core/lowlevel/driver.hpp>

#include <memory>
#include <optional>
#include <stdexcept>
#include <thread>

namespace skein {
namespace detail {
namespace {

// A pool is joined by a thread of its own: the loop goes on meanwhile.
coro<void> shut_down_executor(worker& loop, std::optional<delay> limit) {
  std::shared_ptr<thread_pool_executor> pool = loop.runtime.retire_default_executor();
  if (pool == nullptr) {
    co_return;
  }
  future<void> const joined = make_future<void>(loop.id);
  std::thread{[joined, kept = std::move(pool), limit,
               ticket = std::make_unique<job_ticket>(loop.id)]() mutable {
    static_cast<void>(kept->shutdown(limit));
    kept.reset();
    joined.try_set_result();
  }}.detach();
  co_await joined;
}

}  // namespace
}  // namespace detail

namespace {

thread_local event_loop* loop_of_thread = nullptr;

void refuse_nested(char const* call) {
  if (detail::this_thread().owner != nullptr) {
    throw std::runtime_error{std::string{call} +
                             ": Cannot run the event loop while another loop is running on this thread: "
                             "await the work instead, or use a thread of its own"};
  }
}

}  // namespace

event_loop::event_loop(detail::worker& w) noexcept : worker_{&w} { w.face = this; }

event_loop::event_loop(std::unique_ptr<detail::runtime_core> owned) noexcept
    : worker_{owned->workers[0].get()},
      owned_{std::move(owned)},
      made_{detail::made_here(worker_->runtime.debugs())} {
  worker_->face = this;
}

event_loop::~event_loop() {
  if (owned_ != nullptr) {
    if (!is_closed() && get_debug()) {
      detail::say_unclosed("event loop", "call close() before it goes", made_);
    }
    owned_->close();
  }
  if (loop_of_thread == this) {
    loop_of_thread = nullptr;
  }
}

detail::loop_id event_loop::id() const noexcept { return worker_->id; }

void event_loop::run_forever() {
  detail::check_open(*worker_);
  if (is_running()) {
    throw std::runtime_error{"This event loop is already running"};
  }
  refuse_nested("run_forever");
  if (owned_ == nullptr) {
    throw std::runtime_error{"run_forever: this loop belongs to a runtime, which runs it"};
  }
  worker_->run();
  owned_->rethrow_failure();
}

void event_loop::stop() {
  if (detail::this_thread().owner == worker_) {
    worker_->leave();
  } else if (!worker_->running()) {
    worker_->leave();
  } else {
    call_soon([w = worker_] { w->leave(); });
  }
}

void event_loop::close() {
  if (is_closed()) {
    return;
  }
  if (owned_ == nullptr) {
    throw std::runtime_error{"close: this loop belongs to a runtime, which closes it when it ends"};
  }
  if (is_running()) {
    throw std::runtime_error{"Cannot close a running event loop: stop() it first"};
  }
  owned_->close();
}

bool event_loop::is_running() const { return worker_->running(); }
bool event_loop::is_closed() const { return worker_->closed(); }
clock::time_point event_loop::time() const { return clock::time_point{clock::duration{worker_->now()}}; }

void event_loop::set_debug(bool on) { worker_->runtime.set_debug(on); }
bool event_loop::get_debug() const { return worker_->runtime.debugs(); }
void event_loop::slow_callback_duration(delay longest) {
  worker_->runtime.slow_after.store(longest.nanoseconds(), lowlevel::memory_order_relaxed);
}
clock::duration event_loop::slow_callback_duration() const {
  return clock::duration{worker_->runtime.slow_after.load(lowlevel::memory_order_relaxed)};
}

void event_loop::set_default_executor(std::shared_ptr<thread_pool_executor> pool) {
  if (pool == nullptr) {
    throw std::invalid_argument{"set_default_executor: the pointer is null: give a thread_pool_executor"};
  }
  worker_->runtime.set_default_executor(std::move(pool));
}

coro<void> event_loop::shutdown_default_executor() {
  return detail::shut_down_executor(*worker_, std::nullopt);
}
coro<void> event_loop::shutdown_default_executor(delay timeout) {
  return detail::shut_down_executor(*worker_, timeout);
}

void event_loop::set_task_factory(task_factory f) { worker_->runtime.factory.set(std::move(f)); }

task_factory event_loop::get_task_factory() const {
  auto const factory = worker_->runtime.factory.get();
  return factory != nullptr ? *factory : task_factory{};
}

std::unique_ptr<event_loop> new_event_loop(loop_options options) {
  run_options one;
  one.workers = 1;
  one.virtual_time = options.virtual_time;
  return std::unique_ptr<event_loop>{new event_loop{std::make_unique<detail::runtime_core>(std::move(one))}};
}

event_loop* running_loop() noexcept {
  detail::worker* const here = detail::this_thread().owner;
  return here != nullptr ? here->face : nullptr;
}

event_loop& get_running_loop() { return *detail::running_worker().face; }

event_loop& get_event_loop() {
  if (event_loop* const running = running_loop()) {
    return *running;
  }
  if (loop_of_thread == nullptr) {
    throw no_running_loop_error{
        "There is no current event loop in this thread: use run(), or "
        "set_event_loop(new_event_loop().get())"};
  }
  return *loop_of_thread;
}

void set_event_loop(event_loop* loop) { loop_of_thread = loop; }

event_loop& any_future::get_loop() const {
  detail::pinned_loop const loop{checked().loop()};
  if (loop.get() == nullptr) {
    throw loop_closed_error{"Event loop is closed: the loop of this future is gone"};
  }
  return *loop.get()->face;
}

any_task current_task() noexcept {
  detail::task_state* const task = detail::this_thread().task();
  return task != nullptr ? any_task{detail::state_ref<>::share(task)} : any_task{};
}

namespace {

std::vector<any_task> handles_of(std::vector<detail::state_ref<detail::task_state>> states) {
  std::vector<any_task> handles;
  handles.reserve(states.size());
  for (auto& state : states) {
    handles.push_back(any_task{detail::state_ref<>::adopt(state.detach())});
  }
  return handles;
}

}  // namespace

std::vector<any_task> all_tasks() { return handles_of(detail::running_worker().runtime.tasks()); }

std::vector<any_task> all_tasks(event_loop& loop) {
  std::vector<detail::state_ref<detail::task_state>> states;
  loop.inner().registry.collect(states);
  return handles_of(std::move(states));
}

namespace detail {

worker& running_worker() {
  worker* const here = this_thread().owner;
  if (here == nullptr) {
    throw no_running_loop_error{"no running event loop: call this from a task or callback, or use run()"};
  }
  return *here;
}

loop_id id_of(worker const& w) noexcept { return w.id; }

void check_open(worker const& loop) {
  if (loop.closed()) {
    throw loop_closed_error{"Event loop is closed: close() was called; make a new loop"};
  }
}

void run_until_done(event_loop& loop, future_state& state) {
  check_open(loop.inner());
  if (loop.is_running()) {
    throw std::runtime_error{"This event loop is already running"};
  }
  refuse_nested("run_until_complete");
  if (!loop.inner().runtime.owns(state.loop())) {
    throw std::invalid_argument{"The future belongs to a different loop than the one specified"};
  }
  loop.inner().runtime.drive(state);
}

task_home home_here() {
  worker& here = running_worker();
  return {&here, false, here.runtime.factory.is_set()};
}

task_home home_on(event_loop& loop) {
  worker& home = loop.inner();
  return {&home, true, home.runtime.factory.is_set()};
}

task_home home_for(worker& loop, task_options& options) {
  if (auto const factory = loop.runtime.factory.get()) {
    (*factory)(*loop.face, options);
  }
  return options.pin != nullptr ? home_on(*options.pin) : task_home{&loop, false, false};
}

task_home home_for(task_options& options) {
  return home_for(options.pin != nullptr ? options.pin->inner() : running_worker(), options);
}

std::shared_ptr<thread_pool_executor> default_executor(worker& loop) {
  return loop.runtime.default_executor();
}

}  // namespace detail

namespace lowlevel {

driver* running_driver() { return detail::running_worker().driver(); }

void install_driver(std::unique_ptr<driver> d) {
  detail::worker& here = detail::running_worker();
  if (here.driver() != nullptr) {
    throw std::logic_error{"install_driver: this loop has a driver already"};
  }
  here.set_driver(std::move(d));
}

}  // namespace lowlevel
}  // namespace skein
