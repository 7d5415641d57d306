// SPDX-License-Identifier: Apache-2.0
// seed_15.cpp: call_soon comes before call_later, and the sooner of two before the later.
#include "seeds.hpp"

#include <skein/core/sleep.hpp>

namespace {

void callback(int n) { fmt::print("callback {} invoked\n", n); }

skein::coro<> main_task(skein::event_loop& loop) {
  fmt::print("注册callbacks\n");
  loop.call_later(seeds::seconds(0.2), callback, 1);
  loop.call_later(seeds::seconds(0.1), callback, 2);
  loop.call_soon(callback, 3);
  co_await skein::sleep(seeds::seconds(0.4));
}

void example() {
  auto const loop = seeds::new_event_loop();
  loop->run_until_complete(main_task(*loop));
  loop->close();
}

seeds::registration const here{"seed_15", example};

}  // namespace
