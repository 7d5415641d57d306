// SPDX-License-Identifier: Apache-2.0
// run.cpp: runner, and the runtime seen from inside.
#include "interrupt_guard.hpp"
#include "runtime_core.hpp"

#include <skein/core/errors.hpp>
#include <skein/core/run.hpp>

#include <stdexcept>

namespace skein {

runner::runner(run_options options) : core_{std::make_unique<detail::runtime_core>(std::move(options))} {
  core_->start();
}

runner::~runner() { end(); }

// The one thing of the library that not every thread may use and that would seem to work.
void runner::check_thread(char const* call) const {
  if (core_ != nullptr && core_->debugs() && std::this_thread::get_id() != thread_) {
    throw std::runtime_error{
        std::string{"runner::"} + call +
        ": Non-thread-safe operation invoked on another thread than the one that made the runner: give the "
        "work to run_coroutine_threadsafe(…, loop), or make a runner for each thread"};
  }
}

task_options runner::prepare(runner_run_options& options) {
  check_thread("run");
  if (core_ == nullptr) {
    throw std::runtime_error{"Runner is closed: make a new one"};
  }
  if (detail::this_thread().owner != nullptr) {
    throw std::runtime_error{
        "run() cannot be called from a running event loop: await the coroutine, or use create_task"};
  }
  interrupts_ = std::make_unique<detail::interrupt_guard>(*core_);
  return {.context = options.context ? std::move(options.context) : std::optional{context_}};
}

detail::worker& runner::first_worker() { return *core_->workers[0]; }

void runner::drive(detail::future_state& main) {
  // Watched since before main was made: with several workers it may be running by now.
  auto const interrupts = std::move(interrupts_);
  interrupts->set_main(*main.as_task());
  core_->drive(main);
  interrupts->throw_if_interrupted();
}

event_loop& runner::get_loop() {
  if (core_ == nullptr) {
    throw std::runtime_error{"Runner is closed: make a new one"};
  }
  return *core_->workers[0]->face;
}

void runner::close() {
  check_thread("close");
  end();
}

void runner::end() {
  interrupts_.reset();
  if (core_ != nullptr) {
    core_->finish();
    core_->close();
    core_.reset();
  }
}

runtime& runtime::current() { return detail::running_worker().runtime.face; }

unsigned runtime::workers() const noexcept { return static_cast<unsigned>(core_.workers.size()); }

event_loop& runtime::loop(std::size_t i) {
  if (i >= core_.workers.size()) {
    throw std::out_of_range{"runtime::loop: there is no loop " + std::to_string(i) + ": this runtime has " +
                            std::to_string(core_.workers.size())};
  }
  return *core_.workers[i]->face;
}

void runtime::set_exception_handler(exception_handler f) {
  core_.workers[0]->face->set_exception_handler(std::move(f));
}

worker_metrics runtime_metrics::total() const noexcept {
  worker_metrics sum;
  for (worker_metrics const& w : workers) {
    sum.turns += w.turns;
    sum.steals += w.steals;
    sum.parks += w.parks;
    sum.spills += w.spills;
    sum.searches += w.searches;
    sum.probes += w.probes;
    sum.notified += w.notified;
    sum.injected += w.injected;
    sum.stalls += w.stalls;
  }
  return sum;
}

runtime_metrics runtime::metrics() const {
  runtime_metrics m;
  for (auto const& w : core_.workers) {
    m.workers.push_back(w->metrics());
  }
  m.tasks = core_.task_count();
  return m;
}

}  // namespace skein
