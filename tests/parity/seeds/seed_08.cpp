// SPDX-License-Identifier: Apache-2.0
// seed_08.cpp: awaiting a future that a callback sets.
#include "seeds.hpp"

#include <skein/core/future.hpp>

namespace {

void foo(skein::future<std::string> future, std::string const& result) {
  fmt::print("设置结果到future {}\n", result);
  future.set_result(result);
}

skein::coro<> main_task(skein::event_loop& loop) {
  auto all_done = loop.create_future<std::string>();
  fmt::print("调用函数获取future对象\n");
  loop.call_soon(foo, all_done, std::string{"the result"});
  std::string const result = co_await all_done;
  fmt::print("获取future里的结果 {}\n", result);
}

void example() {
  auto const loop = seeds::new_event_loop();
  loop->run_until_complete(main_task(*loop));
  loop->close();
}

seeds::registration const here{"seed_08", example};

}  // namespace
