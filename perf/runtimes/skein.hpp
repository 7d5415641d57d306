// SPDX-License-Identifier: Apache-2.0
// skein.hpp: how a workload is run and measured on skein.
#pragma once

#include "workload.hpp"

#include <skein/skein.hpp>

#include <chrono>

namespace perf {

/// Counts of the workers, in the measured part, all together.
class scheduler_counts {
 public:
  scheduler_counts() : before_{sum()} {}

  void stop(result& into) const {
    auto const after = sum();
    into.counters = {
        {"turns", after.turns - before_.turns},         {"steals", after.steals - before_.steals},
        {"parks", after.parks - before_.parks},         {"searches", after.searches - before_.searches},
        {"probes", after.probes - before_.probes},      {"notified", after.notified - before_.notified},
        {"injected", after.injected - before_.injected}};
  }

 private:
  [[nodiscard]] static skein::worker_metrics sum() { return skein::runtime::current().metrics().total(); }

  skein::worker_metrics before_;
};

/// Runs `work(request, result&)`, a callable that returns `coro<void>`, on a runtime of r.workers, and
/// measures it without the start and the end of the runtime.
template <class Work>
[[nodiscard]] result on_skein(request const& r, Work work) {
  result out;
  auto const measured = [&]() -> skein::coro<void> {
    scheduler_counts const counts;
    stopwatch const watch;
    co_await work(r, out);
    watch.stop(out);
    counts.stop(out);
  };
  // A step that makes a million tasks is a stall. The report with its stack, some 60 ms of another thread, is
  // not what is measured here.
  skein::run(measured, {.workers = r.workers, .stall_report = std::chrono::milliseconds{0}});
  return out;
}

}  // namespace perf
