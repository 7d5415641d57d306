// SPDX-License-Identifier: Apache-2.0
// seed_06.cpp: a task is cancelled and cleans up.
#include "seeds.hpp"

#include <skein/core/create_task.hpp>
#include <skein/core/errors.hpp>
#include <skein/core/sleep.hpp>

namespace {

skein::coro<> long_running_task() {
  try {
    fmt::print("任务开始\n");
    co_await skein::sleep(seeds::seconds(10));
    fmt::print("任务完成\n");
  } catch (skein::cancelled_error const&) {
    fmt::print("任务被取消\n");
    throw;
  }
}

skein::coro<> main_task() {
  auto task = skein::create_task(long_running_task());
  co_await skein::sleep(seeds::seconds(1));
  task.cancel();
  try {
    co_await task;
  } catch (skein::cancelled_error const&) {
    fmt::print("主函数捕获到取消异常\n");
  }
}

void example() { seeds::run(main_task()); }

seeds::registration const here{"seed_06", example};

}  // namespace
