// SPDX-License-Identifier: Apache-2.0
// topology.cpp: how many cores this process may use.
#include <skein/core/runtime.hpp>

#include <sched.h>

#include <algorithm>
#include <fstream>
#include <string>

namespace skein {
namespace {

unsigned cores_of_the_mask() noexcept {
  cpu_set_t mask;
  CPU_ZERO(&mask);
  if (sched_getaffinity(0, sizeof mask, &mask) != 0) {
    return 1;
  }
  return static_cast<unsigned>(std::max(1, CPU_COUNT(&mask)));
}

// The path of this process in the unified hierarchy: the line "0::/path" of /proc/self/cgroup.
std::string own_cgroup() {
  std::ifstream file{"/proc/self/cgroup"};
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("0::")) {
      return line.substr(3);
    }
  }
  return {};
}

// Whole cores that a "quota period" file grants; 0 when there is no limit.
unsigned cores_of_quota(std::string const& path) {
  std::ifstream file{path};
  std::string quota;
  double period = 0;
  if (!(file >> quota >> period) || quota == "max" || period <= 0) {
    return 0;
  }
  double const cores = std::stod(quota) / period;
  return std::max(1U, static_cast<unsigned>(cores + 0.5));
}

}  // namespace

unsigned default_worker_count() noexcept {
  unsigned count = cores_of_the_mask();
  try {
    // Every level up to the root may limit.
    for (std::string path = own_cgroup();; path.erase(path.rfind('/'))) {
      if (unsigned const limit = cores_of_quota("/sys/fs/cgroup" + path + "/cpu.max"); limit != 0) {
        count = std::min(count, limit);
      }
      if (path.find('/') == std::string::npos) {
        break;
      }
    }
  } catch (std::exception const&) {
    // Unreadable: the mask decides.
  }
  return count;
}

}  // namespace skein
