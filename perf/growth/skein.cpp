// SPDX-License-Identifier: Apache-2.0
// skein.cpp: sparse on skein: now and then a short task, and nothing else. What is done then that is no work?
#include "../runtimes/skein.hpp"

#include <chrono>
#include <vector>

namespace perf {
namespace {

using namespace std::chrono_literals;

auto short_task() -> skein::coro<std::uint64_t> {
  auto const end = std::chrono::steady_clock::now() + 20us;
  while (std::chrono::steady_clock::now() < end) {
  }
  co_return 1;
}

auto work(request const& r, result& out) -> skein::coro<void> {
  std::vector<skein::task<std::uint64_t>> tasks;
  for (std::uint64_t i = 0; i < r.size; ++i) {
    tasks.push_back(skein::create_task(short_task()));
    co_await skein::sleep(200us);
  }
  for (auto& made : tasks) {
    out.answer += co_await made;
  }
}

workload const scenario{"sparse", [](request const& r) { return on_skein(r, work); }};

}  // namespace
}  // namespace perf
