// SPDX-License-Identifier: Apache-2.0
// event_test.cpp: waiting for something to happen.
#include <support/test_case.hpp>

#include <skein/core/create_task.hpp>
#include <skein/core/sleep.hpp>
#include <skein/sync/event.hpp>

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
  std::vector<skein::task<>> waiters;
  for (int i = 0; i < 40; ++i) {
    waiters.push_back(skein::create_task([&]() -> skein::coro<> { co_await event.wait(); }));
  }
  co_await all_tasks_blocked();
  REQUIRE(event.waiting() == 40);
  event.set();
  event.clear();
  for (auto const& waiter : waiters) {
    co_await waiter;
  }
  REQUIRE_FALSE(event.is_set());
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

SKEIN_TEST_CASE_1W("event: set and cancel in one turn end cancelled (EVT-005)", "[sync][event]") {
  skein::event event;
  auto const wait = [&]() -> skein::coro<> { co_await event.wait(); };
  auto const a = skein::create_task(wait);
  auto const b = skein::create_task(wait);
  co_await all_tasks_blocked();
  event.set();
  a.cancel();
  REQUIRE_THROWS_AS(co_await a, skein::cancelled_error);
  co_await b;
}

SKEIN_TEST_CASE("event: a plain thread may set it", "[sync][event]") {
  for (int i = 0; i < 50; ++i) {
    skein::event event;
    std::thread setter{[&] { event.set(); }};
    co_await event.wait();
    setter.join();
  }
  skein::event event;
  REQUIRE(event.repr() == "<event [unset]>");
}
