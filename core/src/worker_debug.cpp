// SPDX-License-Identifier: Apache-2.0
// worker_debug.cpp: steps and callbacks in debug mode.
#include "await_chain.hpp"
#include "debug_mode.hpp"
#include "names.hpp"
#include "runtime_core.hpp"
#include "worker.hpp"

#include <skein/core/detail/join.hpp>
#include <skein/core/handle.hpp>
#include <skein/core/lowlevel/wait_node.hpp>
#include <skein/core/report.hpp>

#include <fmt/core.h>

#include <chrono>
#include <utility>

namespace skein::detail {

// The word is cleared before the mode is looked at, and set after the mode was changed: no change is missed.
// [A] pairs with the release of look_at_mode.
bool worker::in_debug_mode() noexcept {
  look_at_mode_.exchange(false, lowlevel::memory_order_acq_rel);  // [A]
  bool const on = runtime.debugs();
  if (on) {
    look_at_mode_.store(true, lowlevel::memory_order_relaxed);
  }
  if (on != (thread.tracking != nullptr)) {
    thread.tracking = on ? &tracking_ : nullptr;
    thread.frames.swap(tracking_.frames);
  }
  return on;
}

void worker::run_in_debug_mode(lowlevel::work_item& item) noexcept {
  if (!in_debug_mode()) {
    item.run();
    drain();
    return;
  }
  watched_step const step{*this, item};
  item.run();
  drain();
}

void worker::run_stolen_in_debug_mode(void* fork) noexcept {
  if (!in_debug_mode()) {
    run_stolen(fork);
    drain();
    return;
  }
  auto const& slot = *any_coroutine::from_address(fork).promise().slot;
  watched_step const step{*this, *static_cast<fork_join&>(*slot.owner).task};
  run_stolen(fork);
  drain();
}

watched_step::watched_step(worker& here, lowlevel::work_item& item) noexcept
    : here_{here},
      kind_{item.ops().what},
      outer_steps_{std::exchange(here.watched_ns, 0)},
      began_{here.now()} {
  if (&item.ops() == &scheduled_call::ops_table) {
    call_ = call_ref::share(&static_cast<scheduled_call&>(item));
  } else if (&item.ops() == &task_state::start_ops) {
    look_at(static_cast<task_state&>(item));
  } else if (item.ops().cancel != nullptr) {  // only those that wait have it
    look_at(task_of_flow(static_cast<lowlevel::wait_node&>(item).flow()));
  }
}

watched_step::watched_step(worker& here, task_state& task) noexcept
    : here_{here}, kind_{"step"}, outer_steps_{std::exchange(here.watched_ns, 0)}, began_{here.now()} {
  look_at(task);
}

void watched_step::look_at(task_state& task) noexcept {
  task_ = state_ref<task_state>::share(&task);
  if (await_chain const chain{task}; !chain.places().empty()) {
    began_at_ = chain.places().back();
  } else if (task.last_wait().line() != 0) {
    began_at_ = task.last_wait();
  } else if (task.root()) {
    first_coroutine_ = *static_cast<void* const*>(task.root().address());
  }
}

watched_step::~watched_step() {
  lowlevel::instant const whole = here_.now() - began_;
  lowlevel::instant const took = whole - here_.watched_ns;
  here_.watched_ns = outer_steps_ + whole;
  if (took >= here_.runtime.slow_after.load(lowlevel::memory_order_relaxed) && here_.runtime.debugs()) {
    try {
      warn(took);
    } catch (std::bad_alloc const&) {
      log_line("a callback or step was slow, and there is no memory to say which");
    }
  }
}

void watched_step::warn(lowlevel::instant took) const {
  std::string what = fmt::format("<{}>", kind_);
  std::string from;
  if (call_) {
    what = handle{call_}.repr();
  } else if (task_) {
    what = task_->repr();
    call_frame place;
    if (began_at_.line() != 0) {
      place = frame_of(began_at_);
    } else if (first_coroutine_ != nullptr) {
      place = frame_at(first_coroutine_);
    }
    if (!place.file.empty()) {
      from = fmt::format("; the step began at {} in {}()", short_place(place), place.function);
    } else if (!place.function.empty()) {
      from = fmt::format("; the step began in {}()", place.function);
    }
  }
  double const seconds = std::chrono::duration<double>{std::chrono::nanoseconds{took}}.count();
  log_line(fmt::format("Executing {} took {:.3f} seconds{}", what, seconds, from));
}

}  // namespace skein::detail
