// SPDX-License-Identifier: Apache-2.0
// seed_21.cpp: gather three tasks: the results come in the order of the arguments.
#include "seeds.hpp"

#include <skein/core/create_task.hpp>
#include <skein/core/gather.hpp>
#include <skein/core/sleep.hpp>

namespace {

skein::coro<std::string> task(std::string name, double delay) {
  fmt::print("任务 {} 开始\n", name);
  co_await skein::sleep(seeds::seconds(delay));
  fmt::print("任务 {} 完成\n", name);
  co_return "结果-" + name;
}

skein::coro<> main_task() {
  auto task1 = skein::create_task(task("A", 2));
  auto task2 = skein::create_task(task("B", 1));
  auto task3 = skein::create_task(task("C", 3));
  auto const [a, b, c] = co_await skein::gather(task1, task2, task3);
  fmt::print("所有任务完成: ['{}', '{}', '{}']\n", a, b, c);
}

void example() { seeds::run(main_task()); }

seeds::registration const here{"seed_21", example};

}  // namespace
