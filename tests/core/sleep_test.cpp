// SPDX-License-Identifier: Apache-2.0
// sleep_test.cpp: waiting for time: never early, cancellable, in order.
#include <support/test_case.hpp>

#include <skein/core/call_graph.hpp>
#include <skein/core/create_task.hpp>
#include <skein/core/executor.hpp>
#include <skein/core/run.hpp>
#include <skein/core/runtime.hpp>
#include <skein/core/sleep.hpp>

#include <algorithm>
#include <atomic>
#include <limits>
#include <string>
#include <vector>

using namespace std::chrono_literals;

SKEIN_TEST_CASE("sleep: it is never shorter than asked for (TIMER-001)", "[core][sleep]") {
  for (auto const d : {1us, 10us, 100us, 1000us, 5000us}) {
    auto const before = skein::clock::now();
    co_await skein::sleep(d);
    REQUIRE(skein::clock::now() - before >= d);
  }
}

SKEIN_TEST_CASE("sleep: it gives back its value", "[core][sleep]") {
  REQUIRE(co_await skein::sleep(1ms, 7) == 7);
  REQUIRE(co_await skein::sleep(0s, std::string{"text"}) == "text");
}

SKEIN_TEST_CASE_1W("sleep: zero is one turn: what is ready runs first", "[core][sleep]") {
  std::vector<int> order;
  auto const other = skein::create_task([&]() -> skein::coro<> {
    order.push_back(1);
    co_return;
  });
  co_await skein::sleep(0s);
  order.push_back(2);
  co_await other;
  REQUIRE(order == std::vector<int>{1, 2});
}

SKEIN_TEST_CASE_1W("sleep: sleepers wake in the order of their deadlines (TIMER-004)", "[core][sleep]") {
  std::vector<int> order;
  std::vector<skein::task<>> tasks;
  for (int const ms : {5, 3, 1, 4, 2}) {
    tasks.push_back(skein::create_task([&order, ms]() -> skein::coro<> {
      co_await skein::sleep(std::chrono::milliseconds{ms});
      order.push_back(ms);
    }));
  }
  for (auto const& task : tasks) {
    co_await task;
  }
  REQUIRE(order == std::vector<int>{1, 2, 3, 4, 5});
}

SKEIN_TEST_CASE("sleep: for ever is legal and can be cancelled (TASK-007, TIMER-008)", "[core][sleep]") {
  for (auto const d : {std::chrono::duration<double>{std::numeric_limits<double>::infinity()},
                       std::chrono::duration<double>{36028797018963968.0}}) {
    auto const task = skein::create_task([d]() -> skein::coro<> { co_await skein::sleep(d); });
    co_await all_tasks_blocked();
    REQUIRE_FALSE(task.done());
    task.cancel();
    REQUIRE_THROWS_AS(co_await task, skein::cancelled_error);
  }
}

SKEIN_TEST_CASE("sleep: a cancelled one leaves no timer behind (CANC-001)", "[core][sleep]") {
  auto const before = skein::clock::now();
  auto const task = skein::create_task([]() -> skein::coro<> { co_await skein::sleep(1000h); });
  co_await all_tasks_blocked();
  task.cancel();
  REQUIRE_THROWS_AS(co_await task, skein::cancelled_error);
  REQUIRE(skein::clock::now() - before < 1h);  // virtual time would jump to a timer that was left
}

SKEIN_TEST_CASE("sleep_until: an instant that has passed is one turn", "[core][sleep]") {
  co_await skein::sleep_until(skein::clock::now() - 1h);
  auto const when = skein::clock::now() + 2ms;
  co_await skein::sleep_until(when);
  REQUIRE(skein::clock::now() >= when);
}

SKEIN_TEST_CASE_1W("sleep: a callback due at the same instant comes first, as in asyncio", "[core][sleep]") {
  auto& loop = skein::get_running_loop();
  auto const when = skein::clock::now() + 1ms;
  std::vector<std::string> order;
  auto const task = skein::create_task([&]() -> skein::coro<> {
    co_await skein::sleep_until(when);
    order.emplace_back("task");
  });
  co_await skein::sleep(0s);
  loop.call_at(when, [&] { order.emplace_back("callback"); });
  co_await task;
  REQUIRE(order == std::vector<std::string>{"callback", "task"});
}

SKEIN_TEST_CASE("sleep: 10,000 with the same deadline, half of them cancelled (TIMER-011)", "[core][sleep]") {
  auto const when = skein::clock::now() + 300ms;
  std::vector<skein::task<>> tasks;
  for (int i = 0; i < 10'000; ++i) {
    tasks.push_back(skein::create_task([when]() -> skein::coro<> { co_await skein::sleep_until(when); }));
  }
  std::uint32_t random = 1;
  std::size_t left = 5'000;
  for (int tries = 0; left > 0 && tries < 100'000; ++tries) {  // a slow machine may be past the deadline
    random = random * 1664525U + 1013904223U;
    auto const& victim = tasks[random % tasks.size()];
    left -= victim.cancelling() == 0 && victim.cancel() ? 1 : 0;
  }
  int done = 0;
  int cancelled = 0;
  for (auto const& task : tasks) {
    try {
      co_await task;
      ++done;
    } catch (skein::cancelled_error const&) {
      ++cancelled;
    }
  }
  REQUIRE(done + cancelled == 10'000);
  REQUIRE(cancelled <= 5'000);
}

SKEIN_TEST_CASE_1W("sleep: a turn that is cancelled is taken to its end, and then throws", "[core][sleep]") {
  std::string text;
  auto const yields = skein::create_task([&]() -> skein::coro<> {
    try {
      co_await skein::sleep(0s);
    } catch (skein::cancelled_error const& e) {
      text = e.message();
      throw;
    }
  });
  co_await skein::sleep(0s);
  REQUIRE_FALSE(yields.done());
  yields.cancel("enough");
  yields.cancel("really");
  REQUIRE_THROWS_AS(co_await yields, skein::cancelled_error);
  REQUIRE(text == "really");
}

SKEIN_TEST_CASE("sleep: a request before a turn is thrown without taking it", "[core][sleep]") {
  auto const self = skein::current_task();
  self.cancel("now");
  auto thrown = false;
  try {
    co_await skein::sleep(0s);
  } catch (skein::cancelled_error const&) {
    thrown = true;
  }
  REQUIRE(thrown);
  co_await skein::sleep(0s);
}

SKEIN_TEST_CASE_1W("sleep: a task that gives way for the first time says where it stands", "[core][sleep]") {
  auto const yields = skein::create_task([]() -> skein::coro<> { co_await skein::sleep(0s); });
  co_await skein::sleep(0s);
  auto const graph = skein::capture_call_graph(yields);
  REQUIRE(graph);
  REQUIRE(graph->call_stack.size() == 1);
  REQUIRE(graph->call_stack[0].line == __LINE__ - 5);
  co_await yields;
}

SKEIN_TEST_CASE("sleep: every task that gives way over and over is cancelled once", "[core][sleep]") {
  std::atomic<int> started{0};
  std::vector<skein::task<int>> tasks;
  for (int i = 0; i < 100; ++i) {
    tasks.push_back(skein::create_task([&]() -> skein::coro<int> {
      started.fetch_add(1);
      int thrown = 0;
      for (int turn = 0; thrown == 0 || turn < 100; ++turn) {
        try {
          co_await skein::sleep(0s);
        } catch (skein::cancelled_error const&) {
          ++thrown;
          turn = 0;
        }
      }
      co_return thrown;
    }));
  }
  while (started.load() < 100) {
    co_await skein::sleep(0s);  // not a time: it would never pass where it is virtual and somebody is ready
  }
  for (auto const& t : tasks) {
    REQUIRE(t.cancel());
  }
  for (auto const& t : tasks) {
    REQUIRE(co_await t == 1);
  }
}

TEST_CASE("sleep: dense timers wake a loop together, in their order and soon", "[core][sleep]") {
  skein::run(
      []() -> skein::coro<> {
        constexpr int sleepers = 4000;
        auto const start = skein::clock::now() + 500ms;  // later than all have gone to sleep
        std::vector<int> order;
        std::vector<skein::task<>> tasks;
        for (int i = 0; i < sleepers; ++i) {
          tasks.push_back(skein::create_task([&order, start, i]() -> skein::coro<> {
            co_await skein::sleep_until(start + i * 25us);
            order.push_back(i);
          }));
        }
        auto const parks_before = skein::runtime::current().metrics().workers[0].parks;
        for (auto const& t : tasks) {
          co_await t;
        }
        REQUIRE(std::is_sorted(order.begin(), order.end()));
        REQUIRE(order.size() == sleepers);
        auto const parks = skein::runtime::current().metrics().workers[0].parks - parks_before;
        REQUIRE(parks < 500);  // 100 ms at 400 µs each are 250; without, 1200
      },
      {.workers = 1});
}

TEST_CASE("sleep: dense timers do not make the next ones wait for a late one", "[core][sleep]") {
  skein::run(
      []() -> skein::coro<> {
        auto const late = skein::create_task([]() -> skein::coro<> { co_await skein::sleep(1h); });
        auto const before = skein::clock::now();
        auto const ready =
            skein::run_in_executor(nullptr, [] {});  // wakes a loop that sleeps for the late one
        co_await ready;
        for (int round = 0; round < 20; ++round) {
          std::vector<skein::task<>> tasks;
          for (int i = 0; i < 8; ++i) {
            tasks.push_back(skein::create_task([]() -> skein::coro<> { co_await skein::sleep(100us); }));
          }
          for (auto const& t : tasks) {
            co_await t;
          }
        }
        REQUIRE(skein::clock::now() - before < 30s);
        late.cancel();
      },
      {.workers = 1});
}
