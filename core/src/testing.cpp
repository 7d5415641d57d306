// SPDX-License-Identifier: Apache-2.0
// testing.cpp: looking at the queues of all workers until they are empty.
#include "runtime_core.hpp"

#include <skein/core/lowlevel/testing.hpp>
#include <skein/core/sleep.hpp>

namespace skein::lowlevel {
namespace {

bool at_rest(detail::runtime_core& runtime) {
  if (runtime.jobs_running() || !runtime.inject.empty()) {
    return false;
  }
  detail::worker& here = detail::running_worker();
  here.poll_driver();  // the others do so while they sleep
  if (!here.quiet()) {
    return false;
  }
  for (auto const& w : runtime.workers) {
    if (!w->looks_quiet()) {
      return false;
    }
  }
  // The caller's worker runs; all others sleep, so nothing is ready that only they see. Looked at last: one
  // that takes something out of its inbox meanwhile does not sleep any more.
  return runtime.lone() || runtime.idle.unparked_now() == 1;
}

}  // namespace

coro<void> all_tasks_blocked() {
  // With several workers a yield would wake a sleeping one to steal it: a nap lets them fall asleep.
  constexpr std::chrono::microseconds nap{100};
  constexpr int quiet_looks = 2;
  int quiet = 0;
  while (quiet < quiet_looks) {
    detail::runtime_core& runtime = detail::running_worker().runtime;
    if (runtime.lone()) {
      co_await sleep(std::chrono::seconds{0});
    } else {
      co_await sleep(nap);
    }
    quiet = at_rest(runtime) ? quiet + 1 : 0;
  }
}

}  // namespace skein::lowlevel
