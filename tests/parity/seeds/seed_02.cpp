// SPDX-License-Identifier: Apache-2.0
// seed_02.cpp: running a coroutine in four ways.
#include "seeds.hpp"

#include <skein/core/create_task.hpp>
#include <skein/core/sleep.hpp>

namespace {

skein::coro<> my_coroutine() {
  fmt::print("开始协程\n");
  co_await skein::sleep(seeds::seconds(1));
  fmt::print("结束协程\n");
}

skein::coro<> with_create_task() {
  auto task = skein::create_task(my_coroutine());
  co_await task;
}

skein::coro<> with_ensure_future() {
  auto task = skein::ensure_future(my_coroutine());
  co_await task;
}

void example() {
  seeds::run(my_coroutine());
  seeds::run(with_create_task());
  seeds::run(with_ensure_future());
  auto const loop = seeds::new_event_loop();
  loop->run_until_complete(my_coroutine());
  loop->close();
}

seeds::registration const here{"seed_02", example};

}  // namespace
