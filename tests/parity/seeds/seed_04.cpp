// SPDX-License-Identifier: Apache-2.0
// seed_04.cpp: a task made before its loop runs.
#include "seeds.hpp"

#include <skein/core/create_task.hpp>

namespace {

skein::coro<int> execute(int x) {
  fmt::print("Number: {}\n", x);
  co_return x;
}

void example() {
  auto const loop = seeds::new_event_loop();
  auto coroutine = execute(1);
  fmt::print("Coroutine: <coroutine object execute at {}>\n", static_cast<void const*>(&coroutine));
  skein::set_event_loop(loop.get());
  auto const task = skein::ensure_future(loop->create_task(std::move(coroutine)));
  fmt::print("Task: {}\n", task.repr());
  loop->run_until_complete(task);
  fmt::print("Task: {}\n", task.repr());
  loop->close();
}

seeds::registration const here{"seed_04", example};

}  // namespace
