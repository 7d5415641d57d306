// SPDX-License-Identifier: Apache-2.0
// seed_24.cpp: two steps at once: the slowest counts.
#include "seeds.hpp"

#include <skein/core/gather.hpp>
#include <skein/core/sleep.hpp>

namespace {

skein::coro<int> step(std::string what, int n, skein::clock::time_point start) {
  co_await skein::sleep(seeds::seconds(n));
  fmt::print("{}\n此时用时 {:.1f}\n", what, seeds::seconds_since(start));
  co_return n;
}

skein::coro<> main_task() {
  auto const now = skein::clock::now();
  auto const [a, b] = co_await skein::gather(step("第一阶段完成", 5, now), step("第二阶段完成", 2, now));
  fmt::print("{}\n{}\n", a, b);
  fmt::print("总用时 {:.1f}\n", seeds::seconds_since(now));
}

void example() { seeds::run(main_task()); }

seeds::registration const here{"seed_24", example};

}  // namespace
