// SPDX-License-Identifier: Apache-2.0
// seed_34.cpp: cancelling from outside.
#include "seeds.hpp"

#include <skein/core/create_task.hpp>
#include <skein/core/errors.hpp>
#include <skein/core/sleep.hpp>

namespace {

skein::coro<> long_running_task() { co_await skein::sleep(seeds::seconds(10)); }

skein::coro<> main_task() {
  auto task = skein::create_task(long_running_task());
  co_await skein::sleep(seeds::seconds(0.5));
  task.cancel();
  try {
    co_await task;
  } catch (skein::cancelled_error const&) {
    fmt::print("任务被取消\n");
  }
}

void example() { seeds::run(main_task()); }

seeds::registration const here{"seed_34", example};

}  // namespace
