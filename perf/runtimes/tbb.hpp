// SPDX-License-Identifier: Apache-2.0
// tbb.hpp: how a workload is run and measured on oneTBB.
#pragma once

#include "workload.hpp"

#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/task_arena.h>
#include <oneapi/tbb/task_group.h>

#include <atomic>
#include <cstdint>
#include <thread>

namespace perf {

/// Runs `work(size)`, which returns the answer, on r.workers threads, the calling one among them, and
/// measures it when all of them have started.
template <class Work>
[[nodiscard]] result on_tbb(request const& r, Work work) {
  tbb::global_control const limit{tbb::global_control::max_allowed_parallelism, r.workers};
  tbb::task_arena arena{static_cast<int>(r.workers)};
  result out;
  arena.execute([&] {
    // Every thread takes one of these tasks and holds it until all have one: then all have started.
    std::atomic<unsigned> missing{r.workers};
    tbb::task_group start;
    for (unsigned i = 0; i < r.workers; ++i) {
      start.run([&] {
        missing.fetch_sub(1);
        while (missing.load() != 0) {
          std::this_thread::yield();
        }
      });
    }
    start.wait();
    stopwatch const watch;
    out.answer = work(r.size);
    watch.stop(out);
  });
  return out;
}

}  // namespace perf
