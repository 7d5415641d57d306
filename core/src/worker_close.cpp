// SPDX-License-Identifier: Apache-2.0
// worker_close.cpp: closing a loop: what is queued is dropped, tasks that are pending are destroyed and
// reported, and nothing can be posted afterwards.
#include "runtime_core.hpp"
#include "worker.hpp"

#include <skein/core/detail/signal_watch.hpp>

namespace skein::detail {

void worker::close() noexcept {
  if (closed_.exchange(true, lowlevel::memory_order_acq_rel)) {
    return;
  }
  unwatch_signals_of(*this);
  thread_binding const binding{*this};
  auto const drop_ready = [this] {
    while (lowlevel::work_item* const item = ready_.pop_front()) {
      item->drop();
    }
  };
  inbox_.close(ready_);
  drop_ready();
  while (lowlevel::work_item* const item = run_queue_.pop()) {
    item->drop();
  }
  if (lowlevel::work_item* const item = take_woken()) {
    item->drop();
  }
  // Destructors in one frame may wake others: what that queues is dropped while its frame still exists.
  std::vector<state_ref<task_state>> left;
  registry.collect(left);
  for (auto const& task : left) {
    task->destroy_pending();
    drop_ready();
  }
  timers.fire_due(lowlevel::never - 1);
  drop_ready();
}

}  // namespace skein::detail
