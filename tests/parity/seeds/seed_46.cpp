// SPDX-License-Identifier: Apache-2.0
// seed_46.cpp: a call on a thread.
#include "seeds.hpp"

#include <skein/core/executor.hpp>

namespace {

int cpu_bound_function(int arg1, int arg2) {
  int sum = 0;
  for (int n = arg1; n < arg2; ++n) {
    sum += n;
  }
  return sum;
}

skein::coro<> main_task() {
  auto& loop = skein::get_running_loop();
  int const result = co_await loop.run_in_executor(nullptr, cpu_bound_function, 1, 101);
  fmt::print("{}\n", result);
}

void example() { seeds::run(main_task()); }

seeds::registration const here{"seed_46", example};

}  // namespace
