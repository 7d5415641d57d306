// SPDX-License-Identifier: Apache-2.0
// skein.cpp: spawn on skein: trivial tasks made by one task, all awaited.
#include "../runtimes/skein.hpp"

#include <vector>

namespace perf {
namespace {

auto trivial(std::uint64_t i) -> skein::coro<std::uint64_t> { co_return i; }

auto work(request const& r, result& out) -> skein::coro<void> {
  std::vector<skein::task<std::uint64_t>> tasks;
  tasks.reserve(r.size);
  for (std::uint64_t i = 0; i < r.size; ++i) {
    tasks.push_back(skein::create_task(trivial(i)));
  }
  for (auto& spawned : tasks) {
    out.answer += co_await spawned;
  }
}

workload const scenario{"spawn", [](request const& r) { return on_skein(r, work); }};

}  // namespace
}  // namespace perf
