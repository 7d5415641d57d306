// SPDX-License-Identifier: Apache-2.0
// seed_33.cpp: a limit that is too short.
// needs: skein/core/wait_for.hpp
#include "seeds.hpp"

#include <skein/core/errors.hpp>
#include <skein/core/sleep.hpp>
#include <skein/core/wait_for.hpp>

namespace {

skein::coro<std::string> fetch_data() {
  co_await skein::sleep(seeds::seconds(2));
  co_return "数据";
}

skein::coro<> main_task() {
  try {
    fmt::print("{}\n", co_await skein::wait_for(fetch_data(), seeds::seconds(1.5)));
  } catch (skein::timeout_error const&) {
    fmt::print("请求超时\n");
  }
}

void example() { seeds::run(main_task()); }

seeds::registration const here{"seed_33", example};

}  // namespace
