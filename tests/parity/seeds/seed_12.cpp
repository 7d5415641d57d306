// SPDX-License-Identifier: Apache-2.0
// seed_12.cpp: two callbacks in their order, one with a bound argument.
#include "seeds.hpp"

#include <skein/core/sleep.hpp>

namespace {

void callback(int number, std::string const& text) {
  fmt::print("普通函数做为回调函数,获取参数:{},{}\n", number, text);
}

skein::coro<> main_task(skein::event_loop& loop) {
  fmt::print("注册callback\n");
  loop.call_soon(callback, 1, std::string{"defalut"});
  auto const wrapped = [](int number) { callback(number, "not defalut"); };
  loop.call_soon(wrapped, 2);
  co_await skein::sleep(seeds::seconds(0.2));
}

void example() {
  auto const loop = seeds::new_event_loop();
  loop->run_until_complete(main_task(*loop));
  loop->close();
}

seeds::registration const here{"seed_12", example};

}  // namespace
