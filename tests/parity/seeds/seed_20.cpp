// SPDX-License-Identifier: Apache-2.0
// seed_20.cpp: gather with errors in their places.
#include "seeds.hpp"

#include <skein/core/gather.hpp>
#include <skein/core/sleep.hpp>

#include <stdexcept>

namespace {

skein::coro<int> task1() { co_return 1; }

skein::coro<int> task2() {
  throw std::invalid_argument{"x"};
  co_return 2;
}

skein::coro<int> task3() {
  co_await skein::sleep(seeds::seconds(1));
  co_return 3;
}

void tell(skein::outcome<int> const& result) {
  try {
    fmt::print("{}\n", result.value());
  } catch (std::invalid_argument const& error) {
    fmt::print("error {}\n", error.what());
  }
}

skein::coro<> main_task() {
  auto const [a, b, c] = co_await skein::gather(skein::return_exceptions, task1(), task2(), task3());
  tell(a);
  tell(b);
  tell(c);
}

void example() { seeds::run(main_task()); }

seeds::registration const here{"seed_20", example};

}  // namespace
