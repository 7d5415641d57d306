// SPDX-License-Identifier: Apache-2.0
// skein.cpp: blocked on skein: sleepers, while a task computes for a second without an await.
#include "../runtimes/skein.hpp"

#include <chrono>
#include <vector>

namespace perf {
namespace {

using namespace std::chrono_literals;

auto sleeper(std::chrono::microseconds length) -> skein::coro<float> {
  auto const due = skein::clock::now() + length;
  co_await skein::sleep(length);
  co_return late_ms(due, skein::clock::now());
}

auto hog() -> skein::coro<void> {
  co_await skein::sleep(1ms);
  compute_for(1s);
}

auto work(request const& r, result& out) -> skein::coro<void> {
  auto const computing = skein::create_task(hog());
  std::vector<skein::task<float>> tasks;
  sleep_lengths lengths;
  for (std::uint64_t i = 0; i < r.size; ++i) {
    tasks.push_back(skein::create_task(sleeper(lengths.next())));
  }
  for (auto& sleeping : tasks) {
    out.late_ms.push_back(co_await sleeping);
    ++out.answer;
  }
  co_await computing;
}

workload const scenario{"blocked", [](request const& r) { return on_skein(r, work); }};

}  // namespace
}  // namespace perf
