// SPDX-License-Identifier: Apache-2.0
// seed_32.cpp: a task group waits for its tasks.
// needs: skein/core/task_group.hpp
// needs: skein/core/with.hpp
#include "seeds.hpp"

#include <skein/core/sleep.hpp>
#include <skein/core/task_group.hpp>
#include <skein/core/with.hpp>

namespace {

skein::coro<> work(std::string name, double delay) {
  co_await skein::sleep(seeds::seconds(delay));
  fmt::print("{}\n", name);
}

skein::coro<> main_task() {
  co_await skein::with(skein::task_group{}, [](skein::task_group& tg) -> skein::coro<> {
    tg.create_task(work("task1", 1));
    tg.create_task(work("task2", 2));
    co_return;
  });
  fmt::print("all tasks ended\n");
}

void example() { seeds::run(main_task()); }

seeds::registration const here{"seed_32", example};

}  // namespace
