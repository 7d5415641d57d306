// SPDX-License-Identifier: Apache-2.0
// switch_to.cpp: sending a suspended coroutine to a worker of its runtime.
#include "runtime_core.hpp"
#include "worker.hpp"

#include <skein/core/switch_to.hpp>

#include <stdexcept>

namespace skein::detail {

lowlevel::work_ops const switch_awaiter::ops{&lowlevel::wait_node::resume, &lowlevel::drop_wait,
                                             [](lowlevel::wait_node&) noexcept { return false; },
                                             [](lowlevel::wait_node&) noexcept {}, "switch_to"};

void check_reachable(event_loop& loop, char const* call) {
  if (&loop.inner().runtime != &running_worker().runtime) {
    throw std::invalid_argument{std::string{call} +
                                ": the loop belongs to a different runtime: use run_coroutine_threadsafe"};
  }
}

bool switch_awaiter::await_ready() const {
  check_reachable(to_, "switch_to");
  thread_state const& thread = this_thread();
  worker& target = to_.inner();
  if (thread.owner == &target) {
    return true;
  }
  task_state const& task = *thread.task();
  if (task.pinned() && &task.home() != &target) {
    throw std::runtime_error{"switch_to: the task is pinned to another loop: " + task.name() +
                             " can use run_on"};
  }
  return false;
}

bool switch_awaiter::start() {
  while (!begin()) {
    if (!returning_) {
      return false;
    }
    cancelled_ = true;  // it goes on to the next wait
  }
  if (!to_.inner().post(*this)) {
    end();  // that loop is closed, so this one is about to be
    return false;
  }
  return true;
}

void switch_awaiter::await_resume() {
  bool const cancelled = ended() || cancelled_;
  if (!cancelled) {
    return;
  }
  if (!returning_) {
    lowlevel::throw_cancelled();
  }
  flow().request_cancel();
}

}  // namespace skein::detail
