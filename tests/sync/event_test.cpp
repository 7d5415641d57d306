// SPDX-License-Identifier: Apache-2.0
// event_test.cpp: waiting for something to happen.
#include <support/test_case.hpp>

#include <skein/core/create_task.hpp>
#include <skein/core/runtime.hpp>
#include <skein/core/sleep.hpp>
#include <skein/sync/event.hpp>

#include <atomic>
#include <thread>
#include <vector>

using namespace std::chrono_literals;

SKEIN_TEST_CASE("event: waiting for one that is set does not wait (EVT-001)", "[sync][event]") {
  skein::event event;
  REQUIRE_FALSE(event.is_set());
  event.set();
  event.set();
  co_await event.wait();
  event.clear();
  REQUIRE_FALSE(event.is_set());
}

SKEIN_TEST_CASE_1W("event: one that finds it set goes before those it wakes (EVT-002)", "[sync][event]") {
  skein::event event;
  std::vector<int> order;
  auto const wait = [&](int n) -> skein::coro<> {
    co_await event.wait();
    order.push_back(n);
  };
  auto const a = skein::create_task(wait, 1);
  auto const b = skein::create_task(wait, 2);
  co_await all_tasks_blocked();
  auto const c = skein::create_task(wait, 3);
  event.set();
  co_await a;
  co_await b;
  co_await c;
  REQUIRE(order == std::vector<int>{3, 1, 2});
}

SKEIN_TEST_CASE("event: a set wakes all who waited, also when it is cleared at once (EVT-003)",
                "[sync][event]") {
  skein::event event;
  std::atomic<int> saw_it_set{0};
  std::vector<skein::task<>> waiters;
  for (int i = 0; i < 40; ++i) {
    waiters.push_back(skein::create_task([&]() -> skein::coro<> {
      co_await event.wait();
      saw_it_set.fetch_add(event.is_set() ? 1 : 0, std::memory_order_relaxed);
    }));
  }
  co_await all_tasks_blocked();
  REQUIRE(event.waiting() == 40);
  event.set();
  event.clear();
  for (auto const& waiter : waiters) {
    co_await waiter;
  }
  REQUIRE_FALSE(event.is_set());
  if (skein::runtime::current().workers() == 1) {
    REQUIRE(saw_it_set.load(std::memory_order_relaxed) == 0);
  }
}

SKEIN_TEST_CASE("event: a cancelled waiter leaves the line, the others stay (EVT-004)", "[sync][event]") {
  skein::event event;
  auto const wait = [&]() -> skein::coro<> { co_await event.wait(); };
  auto const a = skein::create_task(wait);
  auto const b = skein::create_task(wait);
  co_await all_tasks_blocked();
  a.cancel();
  REQUIRE_THROWS_AS(co_await a, skein::cancelled_error);
  REQUIRE(event.waiting() == 1);
  event.set();
  co_await b;
}

SKEIN_TEST_CASE_1W("event: set and cancel in one turn, in either order, end cancelled (EVT-005)",
                   "[sync][event]") {
  for (bool const cancel_first : {true, false}) {
    skein::event event;
    auto const wait = [&]() -> skein::coro<> { co_await event.wait(); };
    auto const a = skein::create_task(wait);
    auto const b = skein::create_task(wait);
    co_await all_tasks_blocked();
    if (cancel_first) {
      a.cancel();
      event.set();
    } else {
      event.set();
      a.cancel();
    }
    REQUIRE_THROWS_AS(co_await a, skein::cancelled_error);
    co_await b;
  }
}

// On several workers the second wait may come between set and clear, and then rightly does not wait.
SKEIN_TEST_CASE_1W("event: one set wakes a task once, however many wait and whatever it awaits next (B9)",
                   "[sync][event]") {
  constexpr std::size_t waiters = 100;  // more than any batch
  skein::event event;
  std::atomic<int> first{0};
  std::atomic<int> second{0};
  std::vector<skein::task<>> tasks;
  for (std::size_t i = 0; i < waiters; ++i) {
    tasks.push_back(skein::create_task([&]() -> skein::coro<> {
      co_await event.wait();
      first.fetch_add(1, std::memory_order_relaxed);
      co_await event.wait();
      second.fetch_add(1, std::memory_order_relaxed);
    }));
  }
  co_await all_tasks_blocked();
  event.set();
  event.clear();
  co_await all_tasks_blocked();
  REQUIRE(first.load(std::memory_order_relaxed) == static_cast<int>(waiters));
  REQUIRE(second.load(std::memory_order_relaxed) == 0);
  REQUIRE(event.waiting() == waiters);
  event.set();
  for (auto const& task : tasks) {
    co_await task;
  }
  REQUIRE(second.load(std::memory_order_relaxed) == static_cast<int>(waiters));
}

SKEIN_TEST_CASE("event: a plain thread may set it", "[sync][event]") {
  for (int i = 0; i < 50; ++i) {
    skein::event event;
    std::thread setter{[&] { event.set(); }};
    co_await event.wait();
    setter.join();
  }
}

SKEIN_TEST_CASE("event: its repr shows the flag and how many wait", "[sync][event]") {
  skein::event event;
  REQUIRE(event.repr() == "<event [unset]>");
  auto const waiter = skein::create_task(event.wait());
  co_await all_tasks_blocked();
  REQUIRE(event.repr() == "<event [unset, waiters:1]>");
  event.set();
  REQUIRE(event.repr() == "<event [set]>");
  co_await waiter;
}

SKEIN_TEST_CASE("event: set wakes all who wait, and one that starts meanwhile does not wait (EVT-002)",
                "[sync][event]") {
  skein::event event;
  std::atomic<int> finished{0};
  auto const wait = [&]() -> skein::coro<> {
    co_await event.wait();
    finished.fetch_add(1);
  };
  auto const a = skein::create_task(wait);
  auto const b = skein::create_task(wait);
  co_await all_tasks_blocked();
  REQUIRE(event.waiting() == 2);
  auto const c = skein::create_task(wait);
  event.set();
  co_await a;
  co_await b;
  co_await c;
  REQUIRE(finished.load() == 3);
  REQUIRE(event.waiting() == 0);
}
