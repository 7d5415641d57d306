// SPDX-License-Identifier: Apache-2.0
// seed_47.cpp: gather and wait together, which the tutorial leaves to be written.
// needs: skein/core/wait.hpp
#include "seeds.hpp"

#include <skein/core/create_task.hpp>
#include <skein/core/gather.hpp>
#include <skein/core/sleep.hpp>
#include <skein/core/wait.hpp>

#include <stdexcept>
#include <vector>

namespace {

skein::coro<int> work(int n) {
  co_await skein::sleep(seeds::seconds(n));
  if (n == 3) {
    throw std::invalid_argument{"three"};
  }
  co_return n;
}

void tell(skein::outcome<int> const& result) {
  try {
    fmt::print("{}\n", result.value());
  } catch (std::invalid_argument const& error) {
    fmt::print("{}\n", error.what());
  } catch (skein::cancelled_error const&) {
    fmt::print("cancelled\n");
  }
}

skein::coro<> main_task() {
  std::vector<skein::task<int>> tasks;
  for (int const n : {1, 2, 3, 4, 5}) {
    tasks.push_back(skein::create_task(work(n)));
  }
  skein::wait_options options;
  options.return_when = skein::first_exception;
  auto [done, pending] = co_await skein::wait(tasks, options);
  for (auto& task : pending) {
    task.cancel();
  }
  for (auto const& result : co_await skein::gather(skein::return_exceptions, tasks)) {
    tell(result);
  }
}

void example() { seeds::run(main_task()); }

seeds::registration const here{"seed_47", example};

}  // namespace
