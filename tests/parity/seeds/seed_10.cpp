// SPDX-License-Identifier: Apache-2.0
// seed_10.cpp: a callback of a task; the request is a sleep, which does not block the loop.
#include "seeds.hpp"

#include <skein/core/create_task.hpp>
#include <skein/core/sleep.hpp>

namespace {

skein::coro<int> request() {
  co_await skein::sleep(seeds::seconds(0.3));
  co_return 200;
}

void example() {
  auto const loop = seeds::new_event_loop();
  auto task = loop->create_task(request());
  task.add_done_callback([](skein::future<int> const& done) { fmt::print("Status: {}\n", done.result()); });
  fmt::print("Task: {}\n", task.repr());
  loop->run_until_complete(task);
  fmt::print("Task: {}\n", task.repr());
  loop->close();
}

seeds::registration const here{"seed_10", example};

}  // namespace
