// SPDX-License-Identifier: Apache-2.0
// skein.cpp: sleep100k on skein: timers of 10 ms to 1 s, armed in no order.
#include "../runtimes/skein.hpp"

#include <chrono>
#include <vector>

namespace perf {
namespace {

auto sleeper(std::chrono::microseconds length) -> skein::coro<float> {
  auto const due = skein::clock::now() + length;
  co_await skein::sleep(length);
  co_return late_ms(due, skein::clock::now());
}

auto work(request const& r, result& out) -> skein::coro<void> {
  std::vector<skein::task<float>> tasks;
  tasks.reserve(r.size);
  sleep_lengths lengths;
  for (std::uint64_t i = 0; i < r.size; ++i) {
    tasks.push_back(skein::create_task(sleeper(lengths.next())));
  }
  out.late_ms.reserve(r.size);
  for (auto& sleeping : tasks) {
    out.late_ms.push_back(co_await sleeping);
    ++out.answer;
  }
}

workload const scenario{"sleep100k", [](request const& r) { return on_skein(r, work); }};

}  // namespace
}  // namespace perf
