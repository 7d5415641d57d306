// SPDX-License-Identifier: Apache-2.0
// seed_18.cpp: the loop's own time; times are told from the start.
#include "seeds.hpp"

#include <skein/core/sleep.hpp>

namespace {

skein::coro<> main_task(skein::event_loop& loop) {
  auto const now = loop.time();
  auto const at = [now](double n) {
    return now + std::chrono::duration_cast<skein::clock::duration>(seeds::seconds(n));
  };
  auto const call_back = [&loop, now](int n) {
    fmt::print("callback {} 运行时间点{:.1f}\n", n, (loop.time() - now) / seeds::seconds(1));
  };
  fmt::print("注册callback\n");
  loop.call_at(at(0.1), call_back, 1);
  loop.call_at(at(0.2), call_back, 2);
  loop.call_soon(call_back, 3);
  co_await skein::sleep(seeds::seconds(1));
}

void example() {
  auto const loop = seeds::new_event_loop();
  fmt::print("进入事件循环\n");
  loop->run_until_complete(main_task(*loop));
  fmt::print("关闭循环\n");
  loop->close();
}

seeds::registration const here{"seed_18", example};

}  // namespace
