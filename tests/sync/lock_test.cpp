// SPDX-License-Identifier: Apache-2.0
// lock_test.cpp: handing a lock from task to task.
#include <support/test_case.hpp>

#include <skein/core/create_task.hpp>
#include <skein/core/sleep.hpp>
#include <skein/sync/lock.hpp>

#include <atomic>
#include <thread>
#include <vector>

using namespace std::chrono_literals;

static_assert(!std::is_copy_constructible_v<skein::lock> && !std::is_move_constructible_v<skein::lock>);

SKEIN_TEST_CASE("lock: a free one is taken without waiting (LOCK-001)", "[sync][lock]") {
  skein::lock lock;
  REQUIRE_FALSE(lock.locked());
  co_await lock.acquire();
  REQUIRE(lock.locked());
  REQUIRE_FALSE(lock.try_acquire());
  lock.release();
  REQUIRE_FALSE(lock.locked());
  REQUIRE_THROWS_AS(lock.release(), std::runtime_error);
  REQUIRE_THROWS_WITH(lock.release(), Catch::StartsWith("Lock is not acquired"));
}

SKEIN_TEST_CASE("lock: releases hand it over in the order of the waiters (LOCK-002)", "[sync][lock]") {
  skein::lock lock;
  std::vector<int> order;
  co_await lock.acquire();
  std::vector<skein::task<>> tasks;
  for (int i = 1; i <= 3; ++i) {
    tasks.push_back(skein::create_task([&, i]() -> skein::coro<> {
      co_await lock.acquire();
      order.push_back(i);
    }));
    co_await all_tasks_blocked();
  }
  REQUIRE(lock.waiting() == 3);
  for (std::size_t i = 1; i <= 3; ++i) {
    lock.release();
    co_await all_tasks_blocked();
    REQUIRE(order.size() == i);
  }
  REQUIRE(order == std::vector<int>{1, 2, 3});
  lock.release();
}

SKEIN_TEST_CASE_1W("lock: after release it is unlocked, but nobody can overtake the woken waiter",
                   "[sync][lock]") {
  skein::lock lock;
  co_await lock.acquire();
  bool got = false;
  auto const waiter = skein::create_task([&]() -> skein::coro<> {
    co_await lock.acquire();
    got = true;
  });
  co_await all_tasks_blocked();
  lock.release();
  REQUIRE_FALSE(lock.locked());
  REQUIRE_FALSE(lock.try_acquire());
  REQUIRE_THROWS_AS(lock.release(), std::runtime_error);
  co_await waiter;
  REQUIRE(got);
  REQUIRE(lock.locked());
  lock.release();
}

SKEIN_TEST_CASE_1W("lock: a woken waiter that is cancelled passes it on (LOCK-003, LOCK-004)",
                   "[sync][lock]") {
  skein::lock lock;
  co_await lock.acquire();
  auto const take = [&]() -> skein::coro<> { co_await lock.acquire(); };
  auto const first = skein::create_task(take);
  auto const second = skein::create_task(take);
  co_await all_tasks_blocked();
  lock.release();
  REQUIRE(first.cancel());
  REQUIRE_THROWS_AS(co_await first, skein::cancelled_error);
  co_await second;
  REQUIRE(lock.locked());
  lock.release();
}

SKEIN_TEST_CASE_1W("lock: when the only waiter is cancelled a newcomer gets it at once (LOCK-005)",
                   "[sync][lock]") {
  skein::lock lock;
  co_await lock.acquire();
  auto const waiter = skein::create_task([&]() -> skein::coro<> { co_await lock.acquire(); });
  co_await all_tasks_blocked();
  waiter.cancel();
  lock.release();
  REQUIRE(lock.try_acquire());
  REQUIRE_THROWS_AS(co_await waiter, skein::cancelled_error);
  lock.release();
}

SKEIN_TEST_CASE("lock: a cancelled acquire leaves the line (LOCK-006)", "[sync][lock]") {
  skein::lock lock;
  co_await lock.acquire();
  auto const waiter = skein::create_task([&]() -> skein::coro<> { co_await lock.acquire(); });
  co_await all_tasks_blocked();
  REQUIRE(lock.waiting() == 1);
  waiter.cancel();
  REQUIRE_THROWS_AS(co_await waiter, skein::cancelled_error);
  REQUIRE(lock.waiting() == 0);
  lock.release();
  REQUIRE_FALSE(lock.locked());
}

SKEIN_TEST_CASE("lock: a scope releases it on every way out (LOCK-007)", "[sync][lock]") {
  skein::lock lock;
  {
    auto const permit = co_await lock.scoped();
    REQUIRE(lock.locked());
  }
  REQUIRE_FALSE(lock.locked());
  auto const failing = [&]() -> skein::coro<> {
    auto const permit = co_await lock.scoped();
    throw std::runtime_error{"no luck"};
  };
  REQUIRE_THROWS_AS(co_await failing(), std::runtime_error);
  REQUIRE_FALSE(lock.locked());
  auto const sleeping = skein::create_task([&]() -> skein::coro<> {
    auto const permit = co_await lock.scoped();
    co_await skein::sleep(1000h);
  });
  co_await all_tasks_blocked();
  sleeping.cancel();
  REQUIRE_THROWS_AS(co_await sleeping, skein::cancelled_error);
  REQUIRE_FALSE(lock.locked());
}

SKEIN_TEST_CASE("lock: it excludes tasks on every core", "[sync][lock]") {
  skein::lock lock;
  long counter = 0;
  std::vector<skein::task<>> tasks;
  for (int t = 0; t < 16; ++t) {
    tasks.push_back(skein::create_task([&]() -> skein::coro<> {
      for (int i = 0; i < 500; ++i) {
        auto const permit = co_await lock.scoped();
        ++counter;
        if (i % 16 == 0) {
          co_await skein::sleep(0s);
        }
      }
    }));
  }
  for (auto const& task : tasks) {
    co_await task;
  }
  REQUIRE(counter == 16 * 500);
}

SKEIN_TEST_CASE("lock: a plain thread may release it", "[sync][lock]") {
  skein::lock lock;
  co_await lock.acquire();
  std::thread other{[&] { lock.release(); }};
  co_await lock.acquire();
  other.join();
  lock.release();
  REQUIRE(lock.repr() == "<lock [unlocked]>");
}
