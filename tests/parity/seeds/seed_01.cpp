// SPDX-License-Identifier: Apache-2.0
// seed_01.cpp: ten thousand tasks that sleep 10 ms.
#include "seeds.hpp"

#include <skein/core/create_task.hpp>
#include <skein/core/gather.hpp>
#include <skein/core/sleep.hpp>

#include <vector>

namespace {

skein::coro<> nap() { co_await skein::sleep(seeds::seconds(0.01)); }

skein::coro<> main_task() {
  std::vector<skein::task<>> tasks;
  for (int i = 0; i < 10000; ++i) {
    tasks.push_back(skein::create_task(nap()));
  }
  co_await skein::gather(tasks);
  fmt::print("{} tasks\n", tasks.size());
}

void example() { seeds::run(main_task()); }

seeds::registration const here{"seed_01", example};

}  // namespace
