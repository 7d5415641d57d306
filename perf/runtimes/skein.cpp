// SPDX-License-Identifier: Apache-2.0
// skein.cpp: the scenario `idle` on skein: what a process with these workers needs before it does anything.
#include "skein.hpp"

#include <chrono>

namespace perf {
namespace {

using namespace std::chrono_literals;

auto idle(request const&, result&) -> skein::coro<void> {
  co_await skein::sleep(30ms);  // long enough for every worker to start, search and park
}

workload const scenario{"idle", [](request const& r) { return on_skein(r, idle); }};

}  // namespace

std::string runtime_version() { return SKEIN_PERF_VERSION; }

}  // namespace perf
