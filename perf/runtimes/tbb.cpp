// SPDX-License-Identifier: Apache-2.0
// tbb.cpp: the scenario `idle` on oneTBB.
#include "tbb.hpp"

namespace perf {
namespace {

workload const scenario{
    "idle", [](request const& r) { return on_tbb(r, [](std::uint64_t) -> std::uint64_t { return 0; }); }};

}  // namespace
}  // namespace perf
