// SPDX-License-Identifier: Apache-2.0
// worker_takeover.cpp: what is done for a worker that a step holds up.
#include "runtime_core.hpp"
#include "worker.hpp"

namespace skein::detail {

// The next slot first: it would have been the next to run.
bool worker::give_away(lowlevel::run_queue& through) noexcept {
  bool gave = false;
  auto const give = [&](lowlevel::work_item* item) {
    if (item != nullptr) {
      runtime.inject.push_foreign(*item);
      gave = true;
    }
    return item != nullptr;
  };
  if (next_slot_.load(lowlevel::memory_order_relaxed) != nullptr) {
    give(next_slot_.exchange(nullptr, lowlevel::memory_order_acq_rel));
  }
  while (give(run_queue_.steal_half(through))) {
    while (give(through.pop())) {
    }
  }
  return gave;
}

}  // namespace skein::detail
