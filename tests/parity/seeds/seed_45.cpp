// SPDX-License-Identifier: Apache-2.0
// seed_45.cpp: an async iterator, as a generator.
// needs: skein/core/async_generator.hpp
#include "seeds.hpp"

#include <skein/core/async_generator.hpp>
#include <skein/core/sleep.hpp>

namespace {

skein::async_generator<int> numbers() {
  for (int const n : {1, 2, 3}) {
    co_await skein::sleep(seeds::seconds(1));
    co_yield n;
  }
}

skein::coro<> main_task() {
  auto all = numbers();
  while (auto n = co_await all.next()) {
    fmt::print("{}\n", *n);
  }
}

void example() { seeds::run(main_task()); }

seeds::registration const here{"seed_45", example};

}  // namespace
