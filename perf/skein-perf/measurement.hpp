// SPDX-License-Identifier: Apache-2.0
// measurement.hpp: one workload, run once in a process of its own.
#pragma once

#include "peer.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <string>

namespace perf {

/// What one process measured and said, for the work it did.
struct sample {
  double wall_ms = 0;
  double cpu_ms = 0;
  std::uint64_t rss_kib = 0;
  std::map<std::string, double> metrics;
};

/// Runs a workload of `size` and checks its answer.
///
/// Throws      `std::runtime_error` when it dies, gives no answer in time, or a wrong one.
[[nodiscard]] sample measure(peer const& p, scenario const& s, unsigned workers, std::uint64_t size,
                             std::chrono::seconds timeout);

/// Returns     The peak memory of a process whose runtime has started these workers and has done nothing.
/// Throws      As `measure`.
[[nodiscard]] std::uint64_t measure_idle_rss_kib(peer const& p, unsigned workers,
                                                 std::chrono::seconds timeout);

}  // namespace perf
