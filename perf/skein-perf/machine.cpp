// SPDX-License-Identifier: Apache-2.0
// machine.cpp: asking the system what it is.
#include "machine.hpp"

#include <fmt/chrono.h>
#include <fmt/core.h>

#include <sched.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <ctime>
#include <fstream>

namespace perf {
namespace {

std::string cpu_model() {
  std::ifstream info{"/proc/cpuinfo"};
  for (std::string line; std::getline(info, line);) {
    if (line.starts_with("model name")) {
      if (auto const value = line.find(": "); value != std::string::npos) {
        return line.substr(value + 2);
      }
    }
  }
  return "unknown";
}

std::string kernel_version() {
  utsname names{};
  return ::uname(&names) == 0 ? fmt::format("{} {}", names.sysname, names.release) : "unknown";
}

/// Returns     The cores that the quota of the cgroup allows, or a large number when there is none.
double cgroup_quota() {
  std::ifstream file{"/sys/fs/cgroup/cpu.max"};
  std::string quota;
  double period_us = 0;
  if (file >> quota >> period_us && quota != "max" && period_us > 0) {
    return std::strtod(quota.c_str(), nullptr) / period_us;
  }
  return 1e9;
}

}  // namespace

unsigned usable_cores() {
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  if (::sched_getaffinity(0, sizeof allowed, &allowed) != 0) {
    return 1;
  }
  double const cores = std::min(static_cast<double>(CPU_COUNT(&allowed)), std::ceil(cgroup_quota()));
  return static_cast<unsigned>(std::max(cores, 1.0));
}

machine describe_machine() {
  struct sysinfo memory{};
  static_cast<void>(::sysinfo(&memory));
  std::array<double, 1> load{};
  static_cast<void>(::getloadavg(load.data(), 1));
  constexpr double gib = 1024.0 * 1024.0 * 1024.0;
  return {.cpu = cpu_model(),
          .cores = usable_cores(),
          .memory_gib = static_cast<double>(memory.totalram) * memory.mem_unit / gib,
          .kernel = kernel_version(),
          .compiler = SKEIN_PERF_COMPILER,
          .build = SKEIN_PERF_BUILD,
          .date = fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::time(nullptr))),
          .load = load[0]};
}

}  // namespace perf
