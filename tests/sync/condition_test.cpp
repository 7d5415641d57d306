// SPDX-License-Identifier: Apache-2.0
// condition_test.cpp: waiting for a change that somebody announces.
#include <support/test_case.hpp>

#include <skein/core/create_task.hpp>
#include <skein/core/sleep.hpp>
#include <skein/sync/condition.hpp>

#include <algorithm>
#include <atomic>
#include <deque>
#include <vector>

using namespace std::chrono_literals;

SKEIN_TEST_CASE("condition: notify wakes so many, in order, when the lock is free (COND-001, COND-003)",
                "[sync][condition]") {
  skein::condition condition;
  std::vector<int> order;
  std::vector<skein::task<>> tasks;
  for (int i = 1; i <= 3; ++i) {
    tasks.push_back(skein::create_task([&, i]() -> skein::coro<> {
      co_await condition.acquire();
      co_await condition.wait();
      order.push_back(i);
      condition.release();
    }));
    co_await all_tasks_blocked();
  }
  co_await condition.acquire();
  condition.notify();
  co_await all_tasks_blocked();
  REQUIRE(order.empty());
  condition.release();
  co_await tasks[0];
  REQUIRE(order == std::vector<int>{1});
  co_await condition.acquire();
  condition.notify(5);
  condition.release();
  co_await tasks[1];
  co_await tasks[2];
  std::sort(order.begin() + 1, order.end());  // woken in order; on several workers the lock decides
  REQUIRE(order == std::vector<int>{1, 2, 3});
}

SKEIN_TEST_CASE("condition: without the lock it refuses (COND-002)", "[sync][condition]") {
  skein::condition condition;
  REQUIRE_THROWS_AS(co_await condition.wait(), std::runtime_error);
  REQUIRE_THROWS_AS(condition.notify(), std::runtime_error);
  REQUIRE_THROWS_AS(condition.notify_all(), std::runtime_error);
  REQUIRE(co_await condition.wait_for([] { return 7; }) == 7);
  REQUIRE_THROWS_AS(co_await condition.wait_for([] { return false; }), std::runtime_error);
}

SKEIN_TEST_CASE("condition: a cancelled wait holds the lock when it throws (COND-004)", "[sync][condition]") {
  skein::condition condition;
  std::atomic<bool> held{false};
  auto const waiter = skein::create_task([&]() -> skein::coro<> {
    co_await condition.acquire();
    try {
      co_await condition.wait();
    } catch (skein::cancelled_error const&) {
      held = condition.locked();
      condition.release();
      throw;
    }
  });
  co_await all_tasks_blocked();
  REQUIRE(condition.waiting() == 1);
  waiter.cancel();
  REQUIRE_THROWS_AS(co_await waiter, skein::cancelled_error);
  REQUIRE(held);
  REQUIRE(condition.waiting() == 0);
}

SKEIN_TEST_CASE_1W("condition: a cancelled waiter passes its notification on (COND-005)",
                   "[sync][condition]") {
  skein::condition condition;
  std::vector<int> woken;
  std::vector<skein::task<>> tasks;
  for (int i = 1; i <= 3; ++i) {
    tasks.push_back(skein::create_task([&, i]() -> skein::coro<> {
      auto const permit = co_await condition.scoped();
      co_await condition.wait();
      woken.push_back(i);
    }));
  }
  co_await all_tasks_blocked();
  {
    auto const permit = co_await condition.scoped();
    condition.notify(1);
  }
  tasks[0].cancel();
  co_await all_tasks_blocked();
  REQUIRE(woken == std::vector<int>{2});
  tasks[2].cancel();
  co_await all_tasks_blocked();
}

SKEIN_TEST_CASE("condition: two may share a lock (COND-007)", "[sync][condition]") {
  skein::lock lock;
  skein::condition a{lock};
  skein::condition b{lock};
  co_await a.acquire();
  REQUIRE(lock.locked());
  REQUIRE(b.locked());
  b.release();
  REQUIRE_FALSE(a.locked());
  REQUIRE(a.repr() == "<condition [unlocked]>");
}

SKEIN_TEST_CASE(
    "condition: a bounded buffer loses nothing while consumers are cancelled (COND-006, COND-008)",
    "[sync][condition]") {
  constexpr int items = 2000;
  skein::lock lock;
  skein::condition not_empty{lock};
  skein::condition not_full{lock};
  std::deque<int> buffer;
  std::atomic<int> consumed{0};
  std::atomic<long> sum{0};
  auto const produce = [&](int first) -> skein::coro<> {
    for (int i = first; i < items; i += 4) {
      auto const permit = co_await lock.scoped();
      co_await not_full.wait_for([&] { return buffer.size() < 2; });
      buffer.push_back(i);
      not_empty.notify();
    }
  };
  auto const consume = [&]() -> skein::coro<> {
    while (consumed < items) {
      auto const permit = co_await lock.scoped();
      co_await not_empty.wait_for([&] { return !buffer.empty() || consumed == items; });
      if (consumed == items) {
        break;
      }
      sum += buffer.front();
      buffer.pop_front();
      if (++consumed == items) {
        not_empty.notify_all();
      }
      not_full.notify();
    }
  };
  std::vector<skein::task<>> producers;
  std::vector<skein::task<>> consumers;
  for (int i = 0; i < 4; ++i) {
    producers.push_back(skein::create_task(produce, i));
    consumers.push_back(skein::create_task(consume));
  }
  std::uint32_t random = 1;
  while (consumed < items) {
    co_await skein::sleep(100us);
    random = random * 1664525U + 1013904223U;
    auto& victim = consumers[random % consumers.size()];
    if (consumed < items && victim.cancel()) {
      victim = skein::create_task(consume);
    }
  }
  for (auto const& task : producers) {
    co_await task;
  }
  for (auto const& task : consumers) {
    co_await task;
  }
  REQUIRE(sum == static_cast<long>(items) * (items - 1) / 2);
}
