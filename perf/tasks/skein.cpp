// SPDX-License-Identifier: Apache-2.0
// skein.cpp: tasks10k and tasks1m on skein: many tasks at once, each sleeping 10 ms, all awaited.
#include "../runtimes/skein.hpp"

#include <chrono>
#include <vector>

namespace perf {
namespace {

using namespace std::chrono_literals;

auto sleeper() -> skein::coro<float> {
  auto const due = skein::clock::now() + 10ms;
  co_await skein::sleep(10ms);
  co_return late_ms(due, skein::clock::now());
}

auto work(request const& r, result& out) -> skein::coro<void> {
  std::vector<skein::task<float>> tasks;
  tasks.reserve(r.size);
  for (std::uint64_t i = 0; i < r.size; ++i) {
    tasks.push_back(skein::create_task(sleeper()));
  }
  out.late_ms.reserve(r.size);
  for (auto& sleeping : tasks) {
    out.late_ms.push_back(co_await sleeping);
    ++out.answer;
  }
}

workload const small{"tasks10k", [](request const& r) { return on_skein(r, work); }};
workload const large{"tasks1m", [](request const& r) { return on_skein(r, work); }};

}  // namespace
}  // namespace perf
