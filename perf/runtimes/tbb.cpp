// SPDX-License-Identifier: Apache-2.0
// tbb.cpp: the scenario `idle` on oneTBB.
#include "tbb.hpp"

#include <fmt/core.h>
#include <oneapi/tbb/version.h>

namespace perf {
namespace {

workload const scenario{
    "idle", [](request const& r) { return on_tbb(r, [](std::uint64_t) -> std::uint64_t { return 0; }); }};

}  // namespace

std::string runtime_version() {
  return fmt::format("{}.{}.{}", TBB_VERSION_MAJOR, TBB_VERSION_MINOR, TBB_VERSION_PATCH);
}

}  // namespace perf
