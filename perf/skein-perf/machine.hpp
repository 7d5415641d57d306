// SPDX-License-Identifier: Apache-2.0
// machine.hpp: where and with what the measurements were made.
#pragma once

#include <string>

namespace perf {

struct machine {
  std::string cpu;
  unsigned cores = 0;
  double memory_gib = 0;
  std::string kernel;
  std::string compiler;
  std::string build;
  std::string date;
  double load = 0;  // of the last minute, before the first measurement
};

[[nodiscard]] machine describe_machine();

/// Returns     How many cores this process may use: those of its affinity, at most its cgroup's quota.
[[nodiscard]] unsigned usable_cores();

}  // namespace perf
