// SPDX-License-Identifier: Apache-2.0
// seed_09.cpp: done callbacks run in the order they were added.
#include "seeds.hpp"

#include <skein/core/future.hpp>
#include <skein/core/sleep.hpp>

namespace {

using text = skein::future<std::string>;

skein::coro<> register_callbacks(text all_done) {
  fmt::print("注册callback到future对象\n");
  for (int const n : {1, 2}) {
    all_done.add_done_callback(
        [n](text const& future) { fmt::print("{}: future done: {}\n", n, future.result()); });
  }
  co_return;
}

skein::coro<> main_task(text all_done) {
  co_await register_callbacks(all_done);
  fmt::print("设置future的结果\n");
  all_done.set_result("the result");
  co_await skein::sleep(std::chrono::seconds{0});  // they run on a later turn
}

void example() {
  auto const loop = seeds::new_event_loop();
  loop->run_until_complete(main_task(loop->create_future<std::string>()));
  loop->close();
}

seeds::registration const here{"seed_09", example};

}  // namespace
