// SPDX-License-Identifier: Apache-2.0
// main.cpp: what every consumer project builds: a program of somebody who has skein installed.
#include <skein/skein.hpp>

#include <chrono>
#include <cstdio>

using namespace std::chrono_literals;

namespace {

skein::coro<int> answer() {
  co_await skein::sleep(1ms);
  co_return 42;
}

skein::coro<int> guarded(skein::lock& lock) {
  auto const permit = co_await lock.scoped();
  co_return co_await answer();
}

skein::coro<int> main_task() {
  skein::lock lock;
  auto [a, b] = co_await skein::gather(guarded(lock), guarded(lock));
  co_return a + b;
}

}  // namespace

int main() {
  int const sum = skein::run(main_task());
  std::printf("%d\n", sum);
  return sum == 84 ? 0 : 1;
}
