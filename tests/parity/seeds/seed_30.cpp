// SPDX-License-Identifier: Apache-2.0
// seed_30.cpp: as_completed, and how long it takes.
// needs: skein/core/as_completed.hpp
#include "seeds.hpp"

#include <skein/core/as_completed.hpp>
#include <skein/core/create_task.hpp>
#include <skein/core/sleep.hpp>

#include <vector>

namespace {

skein::coro<int> foo(int n) {
  fmt::print("Waiting:  {}\n", n);
  co_await skein::sleep(seeds::seconds(n));
  co_return n;
}

skein::coro<> main_task() {
  auto const start = skein::clock::now();
  std::vector<skein::task<int>> tasks;
  for (int const n : {1, 2, 4}) {
    tasks.push_back(skein::create_task(foo(n)));
  }
  auto completed = skein::as_completed(tasks);
  while (auto task = co_await completed.next()) {
    fmt::print("Task ret: {}\n", task->result());
  }
  fmt::print("{:.1f}\n", seeds::seconds_since(start));
}

void example() { seeds::run(main_task()); }

seeds::registration const here{"seed_30", example};

}  // namespace
