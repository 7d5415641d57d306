// SPDX-License-Identifier: Apache-2.0
// seed_29.cpp: as_completed: each result as soon as it is there.
// needs: skein/core/as_completed.hpp
#include "seeds.hpp"

#include <skein/core/as_completed.hpp>
#include <skein/core/create_task.hpp>
#include <skein/core/sleep.hpp>

#include <vector>

namespace {

skein::coro<int> work(int n) {
  co_await skein::sleep(seeds::seconds(n));
  co_return n;
}

skein::coro<> main_task() {
  std::vector<skein::task<int>> tasks;
  for (int const n : {3, 1, 2}) {
    tasks.push_back(skein::create_task(work(n)));
  }
  auto completed = skein::as_completed(tasks);
  while (auto task = co_await completed.next()) {
    fmt::print("{}\n", task->result());
  }
}

void example() { seeds::run(main_task()); }

seeds::registration const here{"seed_29", example};

}  // namespace
