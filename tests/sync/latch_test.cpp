// SPDX-License-Identifier: Apache-2.0
// latch_test.cpp: a count that reaches zero once.
#include <support/test_case.hpp>

#include <skein/core/create_task.hpp>
#include <skein/sync/latch.hpp>

#include <atomic>
#include <stdexcept>
#include <thread>
#include <type_traits>
#include <vector>

static_assert(!std::is_copy_constructible_v<skein::latch>);

SKEIN_TEST_CASE("latch: at zero all who wait go on, and who comes later does not wait", "[sync][latch]") {
  skein::latch l{3};
  std::vector<skein::task<>> tasks;
  for (int i = 0; i < 3; ++i) {
    tasks.push_back(skein::create_task(l.wait()));
    co_await all_tasks_blocked();
  }
  REQUIRE(l.waiting() == 3);
  REQUIRE(l.repr() == "<latch [count:3, waiters:3]>");
  l.count_down();
  REQUIRE_FALSE(l.try_wait());
  co_await all_tasks_blocked();
  REQUIRE(l.waiting() == 3);
  l.count_down(2);
  REQUIRE(l.try_wait());
  for (auto const& task : tasks) {
    co_await task;
  }
  co_await l.wait();
  REQUIRE(l.repr() == "<latch [count:0]>");
}

SKEIN_TEST_CASE("latch: counting below zero is refused and changes nothing", "[sync][latch]") {
  skein::latch l{2};
  REQUIRE_THROWS_AS(l.count_down(3), std::invalid_argument);
  REQUIRE_THROWS_WITH(l.count_down(3), Catch::Contains("with 2 left"));
  REQUIRE_THROWS_AS(co_await l.arrive_and_wait(3), std::invalid_argument);
  REQUIRE_FALSE(l.try_wait());
  l.count_down(2);
  REQUIRE_THROWS_AS(l.count_down(), std::invalid_argument);
  l.count_down(0);
  REQUIRE(l.try_wait());
  REQUIRE(skein::latch{0}.try_wait());
  REQUIRE_THROWS_AS(skein::latch{static_cast<std::size_t>(-1)}, std::invalid_argument);
}

SKEIN_TEST_CASE("latch: tasks that arrive and wait meet", "[sync][latch]") {
  constexpr int tasks = 8;
  skein::latch l{tasks};
  std::atomic<int> before{0};
  std::atomic<int> early{0};
  std::vector<skein::task<>> all;
  for (int i = 0; i < tasks; ++i) {
    all.push_back(skein::create_task([&]() -> skein::coro<> {
      before.fetch_add(1);
      co_await l.arrive_and_wait();
      early.fetch_add(before.load() == tasks ? 0 : 1);
    }));
  }
  for (auto const& task : all) {
    co_await task;
  }
  REQUIRE(early.load() == 0);
  REQUIRE(l.try_wait());
}

SKEIN_TEST_CASE("latch: who arrived has arrived, also when it is cancelled while it waits", "[sync][latch]") {
  skein::latch l{2};
  auto const a = skein::create_task(l.arrive_and_wait());
  auto const b = skein::create_task(l.wait());
  co_await all_tasks_blocked();
  a.cancel();
  REQUIRE_THROWS_AS(co_await a, skein::cancelled_error);
  REQUIRE(l.waiting() == 1);
  REQUIRE_FALSE(b.done());
  l.count_down();
  co_await b;
}

SKEIN_TEST_CASE("latch: 40 who wait are woken once each, and no second wait of theirs is (B9)",
                "[sync][latch]") {
  skein::latch first{1};
  skein::latch second{1};
  std::atomic<int> once{0};
  std::atomic<int> twice{0};
  std::vector<skein::task<>> all;
  for (int i = 0; i < 40; ++i) {
    all.push_back(skein::create_task([&]() -> skein::coro<> {
      co_await first.wait();
      once.fetch_add(1);
      co_await second.wait();
      twice.fetch_add(1);
    }));
  }
  co_await all_tasks_blocked();
  first.count_down();
  co_await all_tasks_blocked();
  REQUIRE(once.load() == 40);
  REQUIRE(twice.load() == 0);
  second.count_down();
  for (auto const& task : all) {
    co_await task;
  }
}

SKEIN_TEST_CASE("latch: what threads did before they counted down is seen by who waited", "[sync][latch]") {
  for (int round = 0; round < 200; ++round) {
    skein::latch l{2};
    int a = 0;
    int b = 0;
    auto const reader = skein::create_task([&]() -> skein::coro<int> {
      co_await l.wait();
      co_return a + b;
    });
    std::thread one{[&] {
      a = 1;
      l.count_down();
    }};
    std::thread two{[&] {
      b = 2;
      l.count_down();
    }};
    REQUIRE(co_await reader == 3);
    one.join();
    two.join();
  }
}
