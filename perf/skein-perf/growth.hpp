// SPDX-License-Identifier: Apache-2.0
// growth.hpp: what the scheduler does as its workers become more: counted here, and modelled for machines
// that are not here.
#pragma once

#include <string>
#include <vector>

namespace perf {

/// The command line of `growth` as it was typed.
struct growth_arguments {
  std::vector<std::string> programs;  // none: all
  std::string workers;                // empty: 1,2,4,16,64
  std::string model_workers;          // empty: 1,2,4,16,64,256
  std::string model_cores;            // empty: those of this machine, and one for each worker
  std::string repeat;                 // empty: 3
  std::string json;                   // empty: none
  bool model_only = false;
};

/// Runs, plays, and prints two tables.
///
/// Returns     0.
/// Throws      `usage_error`; `std::runtime_error` when a workload fails or answers wrongly.
[[nodiscard]] int growth(growth_arguments const& typed);

}  // namespace perf
