// SPDX-License-Identifier: Apache-2.0
// seed_28.cpp: wait for half a second and cancel the rest; these seconds are real on several workers.
// needs: skein/core/wait.hpp
#include "seeds.hpp"

#include <skein/core/create_task.hpp>
#include <skein/core/errors.hpp>
#include <skein/core/sleep.hpp>
#include <skein/core/wait.hpp>

#include <algorithm>
#include <vector>

namespace {

skein::coro<int> num(int n) {
  try {
    co_await skein::sleep(n * std::chrono::milliseconds{100});
    co_return n;
  } catch (skein::cancelled_error const&) {
    fmt::print("数字{}被取消\n", n);
    throw;
  }
}

skein::coro<> main_task() {
  std::vector<skein::task<int>> tasks;
  for (int i = 0; i < 10; ++i) {
    tasks.push_back(skein::create_task(num(i)));
  }
  skein::wait_options options;
  options.timeout = std::chrono::milliseconds{450};
  auto const [complete, pending] = co_await skein::wait(tasks, options);
  std::vector<int> numbers;
  for (auto const& task : complete) {
    numbers.push_back(task.result());
  }
  std::ranges::sort(numbers);
  for (int const i : numbers) {
    fmt::print("当前数字 {}\n", i);
  }
  if (!pending.empty()) {
    fmt::print("取消未完成的任务\n");
    for (auto& task : tasks) {
      task.cancel();
    }
  }
}

void example() { seeds::run(main_task()); }

seeds::registration const here{"seed_28", example};

}  // namespace
