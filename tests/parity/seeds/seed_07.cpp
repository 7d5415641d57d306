// SPDX-License-Identifier: Apache-2.0
// seed_07.cpp: a bare future, set by a callback; its result outlives the loop.
#include "seeds.hpp"

#include <skein/core/future.hpp>

namespace {

void foo(skein::future<std::string> future, std::string const& result) {
  fmt::print("此时future的状态:{}\n", future.repr());
  fmt::print("设置future的结果:{}\n", result);
  future.set_result(result);
  fmt::print("此时future的状态:{}\n", future.repr());
}

void example() {
  auto const loop = seeds::new_event_loop();
  auto all_done = loop->create_future<std::string>();
  loop->call_soon(foo, all_done, std::string{"Future is done!"});
  fmt::print("进入事件循环\n");
  std::string const result = loop->run_until_complete(all_done);
  fmt::print("返回结果 {}\n", result);
  fmt::print("关闭事件循环\n");
  loop->close();
  fmt::print("获取future的结果 {}\n", all_done.result());
}

seeds::registration const here{"seed_07", example};

}  // namespace
