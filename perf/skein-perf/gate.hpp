// SPDX-License-Identifier: Apache-2.0
// gate.hpp: instructions per operation of the hot paths, held against a checked-in file.
#pragma once

#include <string>
#include <vector>

namespace perf {

/// The command line of `gate` as it was typed.
struct gate_arguments {
  std::vector<std::string> scenarios;  // none: all hot paths
  std::string file;                    // empty: perf/gate.json
  std::string valgrind = "/usr/bin/valgrind";
  bool update = false;
};

/// Counts, judges or updates, and prints a table.
///
/// Returns     0, or 1 when an operation needs more instructions than the file and its tolerance allow.
/// Throws      `usage_error` when valgrind or the file is missing; `std::runtime_error` when a workload
///             fails.
[[nodiscard]] int gate(gate_arguments const& typed);

}  // namespace perf
