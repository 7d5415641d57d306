// SPDX-License-Identifier: Apache-2.0
// skein.cpp: mutex on skein: 1000 tasks that count under one lock.
#include "../runtimes/skein.hpp"

#include <vector>

namespace perf {
namespace {

constexpr std::uint64_t task_count = 1000;

auto counter(skein::lock& guard, std::uint64_t& count, std::uint64_t times) -> skein::coro<void> {
  for (std::uint64_t i = 0; i < times; ++i) {
    auto const held = co_await guard.scoped();
    ++count;
  }
}

auto work(request const& r, result& out) -> skein::coro<void> {
  skein::lock guard;
  std::vector<skein::task<void>> tasks;
  for (std::uint64_t i = 0; i < task_count; ++i) {
    tasks.push_back(skein::create_task(counter(guard, out.answer, r.size / task_count)));
  }
  for (auto& counting : tasks) {
    co_await counting;
  }
}

workload const scenario{"mutex", [](request const& r) { return on_skein(r, work); }};

}  // namespace
}  // namespace perf
