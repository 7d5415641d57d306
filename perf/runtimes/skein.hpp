// SPDX-License-Identifier: Apache-2.0
// skein.hpp: how a workload is run and measured on skein.
#pragma once

#include "workload.hpp"

#include <skein/skein.hpp>

namespace perf {

/// Runs `work(request, result&)`, a callable that returns `coro<void>`, on a runtime of r.workers, and
/// measures it without the start and the end of the runtime.
template <class Work>
[[nodiscard]] result on_skein(request const& r, Work work) {
  result out;
  auto const measured = [&]() -> skein::coro<void> {
    stopwatch const watch;
    co_await work(r, out);
    watch.stop(out);
  };
  skein::run(measured, {.workers = r.workers});
  return out;
}

}  // namespace perf
