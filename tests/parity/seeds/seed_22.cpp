// SPDX-License-Identifier: Apache-2.0
// seed_22.cpp: gather ten.
#include "seeds.hpp"

#include <skein/core/errors.hpp>
#include <skein/core/gather.hpp>
#include <skein/core/sleep.hpp>

#include <vector>

namespace {

skein::coro<int> num(int n) {
  try {
    co_await skein::sleep(n * seeds::seconds(0.1));
    co_return n;
  } catch (skein::cancelled_error const&) {
    fmt::print("数字{}被取消\n", n);
    throw;
  }
}

skein::coro<> main_task() {
  std::vector<skein::coro<int>> numbers;
  for (int i = 0; i < 10; ++i) {
    numbers.push_back(num(i));
  }
  for (int const i : co_await skein::gather(std::move(numbers))) {
    fmt::print("当前数字 {}\n", i);
  }
}

void example() { seeds::run(main_task()); }

seeds::registration const here{"seed_22", example};

}  // namespace
