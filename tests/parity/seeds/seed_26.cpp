// SPDX-License-Identifier: Apache-2.0
// seed_26.cpp: wait until the first is done, for two seconds at most.
// needs: skein/core/wait.hpp
#include "seeds.hpp"

#include <skein/core/create_task.hpp>
#include <skein/core/sleep.hpp>
#include <skein/core/wait.hpp>

#include <vector>

namespace {

skein::coro<int> work(int n) {
  co_await skein::sleep(seeds::seconds(n));
  co_return n;
}

skein::coro<> main_task() {
  std::vector<skein::task<int>> tasks;
  for (int const n : {3, 1, 5}) {
    tasks.push_back(skein::create_task(work(n)));
  }
  skein::wait_options options;
  options.timeout = seeds::seconds(2.0);
  options.return_when = skein::first_completed;
  auto const [done, pending] = co_await skein::wait(tasks, options);
  fmt::print("{} {} {}\n", done.size(), pending.size(), done.front().result());
}

void example() { seeds::run(main_task()); }

seeds::registration const here{"seed_26", example};

}  // namespace
