// SPDX-License-Identifier: Apache-2.0
// seed_03.cpp: two tasks wait at the same time: two seconds, not three.
#include "seeds.hpp"

#include <skein/core/create_task.hpp>
#include <skein/core/sleep.hpp>

namespace {

skein::coro<> say_after(double delay, std::string what) {
  co_await skein::sleep(seeds::seconds(delay));
  fmt::print("{}\n", what);
}

skein::coro<> task_example() {
  auto const start = skein::clock::now();
  fmt::print("开始时间\n");
  auto task1 = skein::create_task(say_after(1, "Hello"));
  auto task2 = skein::create_task(say_after(2, "World"));
  co_await task1;
  co_await task2;
  fmt::print("结束时间 {:.1f}\n", seeds::seconds_since(start));
}

void example() { seeds::run(task_example()); }

seeds::registration const here{"seed_03", example};

}  // namespace
