// SPDX-License-Identifier: Apache-2.0
// seed_27.cpp: wait for five and read their results; the request is a sleep.
// needs: skein/core/wait.hpp
#include "seeds.hpp"

#include <skein/core/create_task.hpp>
#include <skein/core/sleep.hpp>
#include <skein/core/wait.hpp>

#include <vector>

namespace {

skein::coro<int> request() {
  co_await skein::sleep(seeds::seconds(0.5));
  co_return 200;
}

skein::coro<> main_task() {
  std::vector<skein::task<int>> tasks;
  for (int i = 0; i < 5; ++i) {
    tasks.push_back(skein::create_task(request()));
  }
  fmt::print("Tasks: {}\n", tasks.size());
  co_await skein::wait(tasks);
  for (auto const& task : tasks) {
    fmt::print("Task Result: {}\n", task.result());
  }
}

void example() { seeds::run(main_task()); }

seeds::registration const here{"seed_27", example};

}  // namespace
