// SPDX-License-Identifier: Apache-2.0
// session.hpp: all measurements of one `skein-perf run`, round by round.
#pragma once

#include "measurement.hpp"
#include "options.hpp"
#include "statistics.hpp"

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace perf {

class progress;

/// The rounds of one scenario on one runtime with one number of workers.
struct row {
  scenario const* what;
  peer const* who;
  unsigned workers;
  std::uint64_t size;   // of the work that was done
  std::uint64_t share;  // it is 1/share of the scenario's; wall_ms and cpu_ms are multiplied by it
  spread wall_ms{};
  spread cpu_ms{};
  std::uint64_t rss_kib = 0;                // median
  std::map<std::string, double> metrics{};  // medians
};

struct report {
  std::vector<row> rows;
  std::vector<std::pair<std::string_view, std::string>> versions;  // of the runtimes that were measured
  std::vector<std::string> missing;   // peers that are not here, and how to get them
  std::vector<std::string> failures;  // what went wrong
};

/// Measures what the options ask for. Failures are reported, not thrown.
[[nodiscard]] report run_session(run_options const& options, progress& shown);

}  // namespace perf
