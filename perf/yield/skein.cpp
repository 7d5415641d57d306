// SPDX-License-Identifier: Apache-2.0
// skein.cpp: yield on skein: 1000 tasks that let each other run, over and over.
#include "../runtimes/skein.hpp"

#include <chrono>
#include <vector>

namespace perf {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t task_count = 1000;

auto yielder(std::uint64_t times) -> skein::coro<std::uint64_t> {
  std::uint64_t done = 0;
  for (; done < times; ++done) {
    co_await skein::sleep(0s);
  }
  co_return done;
}

auto work(request const& r, result& out) -> skein::coro<void> {
  std::vector<skein::task<std::uint64_t>> tasks;
  for (std::uint64_t i = 0; i < task_count; ++i) {
    tasks.push_back(skein::create_task(yielder(r.size / task_count)));
  }
  for (auto& yielding : tasks) {
    out.answer += co_await yielding;
  }
}

workload const scenario{"yield", [](request const& r) { return on_skein(r, work); }};

}  // namespace
}  // namespace perf
