// SPDX-License-Identifier: Apache-2.0
// switch_to_test.cpp: going on on another loop of the runtime, and coming back from it.
#include <support/test_case.hpp>

#include <skein/core/create_task.hpp>
#include <skein/core/runtime.hpp>
#include <skein/core/sleep.hpp>
#include <skein/core/switch_to.hpp>
#include <skein/core/when_all.hpp>

#include <atomic>
#include <memory>
#include <stdexcept>
#include <thread>
#include <vector>

using namespace std::chrono_literals;

namespace {

skein::coro<int> number(int n) { co_return n; }

// A loop of this runtime that is not the running one, or the only one.
skein::event_loop& another_loop() {
  auto& runtime = skein::runtime::current();
  for (std::size_t i = 0; i < runtime.workers(); ++i) {
    if (&runtime.loop(i) != skein::running_loop()) {
      return runtime.loop(i);
    }
  }
  return runtime.loop(0);
}

}  // namespace

SKEIN_TEST_CASE("switch_to: it goes on on the thread of that loop", "[core][switch_to]") {
  auto& runtime = skein::runtime::current();
  auto const me = skein::current_task();
  for (int round = 0; round < 20; ++round) {
    for (std::size_t i = 0; i < runtime.workers(); ++i) {
      auto& loop = runtime.loop(i);
      co_await skein::switch_to(loop);
      REQUIRE(skein::running_loop() == &loop);
      REQUIRE(skein::current_task() == me);
    }
  }
}

SKEIN_TEST_CASE_1W("switch_to: to the running loop it does not give way to others", "[core][switch_to]") {
  bool other_ran = false;
  skein::get_running_loop().call_soon([&] { other_ran = true; });
  co_await skein::switch_to(skein::get_running_loop());
  REQUIRE_FALSE(other_ran);
  co_await skein::sleep(0s);
}

SKEIN_TEST_CASE("switch_to: many tasks and branches change loops all the time", "[core][switch_to]") {
  auto& runtime = skein::runtime::current();
  auto const wander = [&](std::size_t from) -> skein::coro<int> {
    int right = 0;
    for (std::size_t i = 0; i < 50; ++i) {
      auto& loop = runtime.loop((from + i) % runtime.workers());
      co_await skein::switch_to(loop);
      right += skein::running_loop() == &loop ? 1 : 0;
    }
    co_return right;
  };
  std::vector<skein::task<int>> tasks;
  for (std::size_t i = 0; i < 20; ++i) {
    tasks.push_back(skein::create_task(wander(i)));
  }
  auto const [a, b] = co_await skein::when_all(wander(0), wander(1));
  REQUIRE(a + b == 100);
  for (auto const& task : tasks) {
    REQUIRE(co_await task == 50);
  }
}

SKEIN_TEST_CASE("switch_to: a pinned task is refused, with what to do", "[core][switch_to]") {
  auto& other = another_loop();
  if (&other == skein::running_loop()) {
    co_return;  // there is only one
  }
  auto const pinned =
      skein::get_running_loop().create_task([&]() -> skein::coro<> { co_await skein::switch_to(other); });
  REQUIRE_THROWS_WITH(co_await pinned, Catch::Contains("pinned to another loop"));
  auto const at_home = other.create_task([&]() -> skein::coro<> { co_await skein::switch_to(other); });
  co_await at_home;
}

SKEIN_TEST_CASE("switch_to: a loop of another runtime is refused", "[core][switch_to]") {
  auto const lone = skein::new_event_loop();
  REQUIRE_THROWS_AS(co_await skein::switch_to(*lone), std::invalid_argument);
  REQUIRE_THROWS_AS(co_await skein::run_on(*lone, number(1)), std::invalid_argument);
}

SKEIN_TEST_CASE("switch_to: a cancel on the way is thrown on arrival (T1)", "[core][switch_to]") {
  auto& home = skein::get_running_loop();
  auto& other = another_loop();
  if (&other == &home) {
    co_return;  // there is no way to go
  }
  // Sent before the wait begins, so it is delivered by it.
  bool arrived = false;
  auto const task = skein::create_task([&]() -> skein::coro<> {
    skein::current_task().cancel("enough");
    auto& far = another_loop();
    co_await skein::switch_to(far);
    arrived = true;
  });
  REQUIRE_THROWS_AS(co_await task, skein::cancelled_error);
  REQUIRE_FALSE(arrived);
  // Sent while that loop is held up, so it comes when the task is under way.
  co_await skein::switch_to(home);
  std::atomic<bool> held{false};
  std::atomic<bool> go_on{false};
  other.call_soon([&] {
    held = true;
    while (!go_on) {
      std::this_thread::yield();
    }
  });
  while (!held) {
    std::this_thread::yield();
  }
  std::atomic<bool> leaving{false};
  auto const traveller = skein::create_task([&]() -> skein::coro<> {
    leaving = true;
    co_await skein::switch_to(other);
    arrived = true;
  });
  while (!leaving || traveller.state() != skein::task_state::pending) {
    co_await skein::sleep(100us);
  }
  traveller.cancel();
  go_on = true;
  REQUIRE_THROWS_AS(co_await traveller, skein::cancelled_error);
  REQUIRE_FALSE(arrived);
}

SKEIN_TEST_CASE("run_on: it runs there and comes back here", "[core][switch_to]") {
  auto& runtime = skein::runtime::current();
  for (std::size_t i = 0; i < runtime.workers(); ++i) {
    auto& loop = runtime.loop(i);
    auto* const here = skein::running_loop();
    auto const there = [&loop]() -> skein::coro<bool> {
      bool stayed = skein::running_loop() == &loop;
      co_await skein::sleep(1ms);
      co_return stayed&& skein::running_loop() == &loop;
    };
    REQUIRE(co_await skein::run_on(loop, there()));
    REQUIRE(skein::running_loop() == here);
    co_await skein::run_on(loop, skein::sleep(0s));
    REQUIRE(skein::running_loop() == here);
  }
}

SKEIN_TEST_CASE("run_on: results and errors come back", "[core][switch_to]") {
  auto& other = another_loop();
  auto const made = [](int n) -> skein::coro<std::unique_ptr<int>> { co_return std::make_unique<int>(n); };
  auto const result = co_await skein::run_on(other, made(5));
  REQUIRE(*result == 5);
  auto* const here = skein::running_loop();
  auto const failing = []() -> skein::coro<int> {
    co_await skein::sleep(0s);
    throw std::runtime_error{"no luck"};
  };
  REQUIRE_THROWS_WITH(co_await skein::run_on(other, failing()), "no luck");
  REQUIRE(skein::running_loop() == here);
}

SKEIN_TEST_CASE("run_on: a cancel goes to what runs there, which decides (T1)", "[core][switch_to]") {
  auto& other = another_loop();
  auto const for_ever = []() -> skein::coro<int> {
    co_await skein::sleep(1000h);
    co_return 1;
  };
  auto const task =
      skein::create_task([&]() -> skein::coro<int> { co_return co_await skein::run_on(other, for_ever()); });
  co_await all_tasks_blocked();
  task.cancel();
  REQUIRE_THROWS_AS(co_await task, skein::cancelled_error);
  auto const swallowing = []() -> skein::coro<int> {
    try {
      co_await skein::sleep(1000h);
    } catch (skein::cancelled_error const&) {
    }
    co_return 2;
  };
  auto const kept = skein::create_task(
      [&]() -> skein::coro<int> { co_return co_await skein::run_on(other, swallowing()); });
  co_await all_tasks_blocked();
  kept.cancel();
  REQUIRE(co_await kept == 2);
}

SKEIN_TEST_CASE("run_on: a cancel on the way back is left for the next wait (T1)", "[core][switch_to]") {
  auto& other = another_loop();
  if (&other == skein::running_loop()) {
    co_return;  // there is no way back
  }
  // The traveller's own loop is held up when its result is there, so the cancel finds it on its way.
  auto& home = skein::get_running_loop();
  auto const open = skein::create_future<>();
  auto const there = [open]() -> skein::coro<int> {
    co_await open;
    co_return 7;
  };
  std::atomic<bool> has_result{false};
  auto const traveller = skein::create_task([&]() -> skein::coro<> {
    co_await skein::switch_to(home);
    has_result = co_await skein::run_on(other, there()) == 7;
    co_await skein::sleep(1000h);
  });
  co_await all_tasks_blocked();
  co_await skein::switch_to(other);
  std::atomic<bool> held{false};
  std::atomic<bool> go_on{false};
  home.call_soon([&] {
    held = true;
    while (!go_on) {
      std::this_thread::yield();
    }
  });
  while (!held) {
    std::this_thread::yield();
  }
  auto const innermost_line = [&] {
    auto const stack = traveller.get_stack(1);
    return stack.empty() ? 0U : stack.back().line;
  };
  auto const waiting_there = innermost_line();
  open.set_result();
  while (innermost_line() == waiting_there || traveller.state() != skein::task_state::pending) {
    co_await skein::sleep(0s);
  }
  traveller.cancel();
  go_on = true;
  REQUIRE_THROWS_AS(co_await traveller, skein::cancelled_error);
  REQUIRE(has_result);
}
