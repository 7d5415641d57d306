// SPDX-License-Identifier: Apache-2.0
// semaphore_test.cpp: permits in the order of the line.
#include <support/test_case.hpp>

#include <skein/core/create_task.hpp>
#include <skein/core/sleep.hpp>
#include <skein/sync/semaphore.hpp>

#include <atomic>
#include <string>
#include <vector>

using namespace std::chrono_literals;

SKEIN_TEST_CASE("semaphore: it is locked when no permit is left (SEM-001)", "[sync][semaphore]") {
  skein::semaphore three{3};
  co_await three.acquire();
  co_await three.acquire();
  REQUIRE_FALSE(three.locked());
  REQUIRE(three.value() == 1);
  co_await three.acquire();
  REQUIRE(three.locked());
  REQUIRE_FALSE(three.try_acquire());
  REQUIRE(skein::semaphore{0}.locked());
}

SKEIN_TEST_CASE("semaphore: a bounded one refuses a release too many (SEM-002)", "[sync][semaphore]") {
  skein::bounded_semaphore two{2};
  co_await two.acquire();
  two.release();
  REQUIRE_THROWS_AS(two.release(), std::invalid_argument);
  REQUIRE_THROWS_WITH(two.release(), Catch::StartsWith("BoundedSemaphore released too many times"));
  REQUIRE(two.value() == 2);
  skein::semaphore plain{0};
  plain.release();
  plain.release();
  REQUIRE(plain.value() == 2);
}

SKEIN_TEST_CASE_1W("semaphore: who acquires again goes to the end of the line (SEM-003)",
                   "[sync][semaphore]") {
  skein::semaphore one{1};
  std::vector<std::string> order;
  auto const twice = [&](std::string name) -> skein::coro<> {
    for (int i = 1; i <= 2; ++i) {
      co_await one.acquire();
      co_await skein::sleep(1ms);
      one.release();
      order.push_back(name + std::to_string(i));
    }
  };
  auto const a = skein::create_task(twice, "a");
  auto const b = skein::create_task(twice, "b");
  auto const c = skein::create_task(twice, "c");
  co_await a;
  co_await b;
  co_await c;
  REQUIRE(order == std::vector<std::string>{"a1", "b1", "c1", "a2", "b2", "c2"});
}

SKEIN_TEST_CASE_1W("semaphore: a waiter in line is not overtaken (SEM-005, SEM-007)", "[sync][semaphore]") {
  skein::semaphore none{0};
  auto const first = skein::create_task([&]() -> skein::coro<> { co_await none.acquire(); });
  co_await all_tasks_blocked();
  none.release();
  REQUIRE(none.locked());
  REQUIRE_FALSE(none.try_acquire());
  none.release();
  REQUIRE(none.value() == 1);
  co_await first;
  REQUIRE(none.try_acquire());
}

SKEIN_TEST_CASE("semaphore: a permit goes past those who were cancelled (SEM-006)", "[sync][semaphore]") {
  skein::semaphore none{0};
  std::vector<skein::task<>> tasks;
  for (int i = 0; i < 4; ++i) {
    tasks.push_back(skein::create_task([&]() -> skein::coro<> { co_await none.acquire(); }));
    co_await all_tasks_blocked();
  }
  tasks[0].cancel();
  tasks[1].cancel();
  co_await all_tasks_blocked();
  none.release();
  co_await tasks[2];
  REQUIRE_FALSE(tasks[3].done());
  none.release();
  co_await tasks[3];
  REQUIRE(tasks[0].cancelled());
  REQUIRE(tasks[1].cancelled());
  REQUIRE(none.value() == 0);
}

SKEIN_TEST_CASE("semaphore: no more than its permits are inside at a time", "[sync][semaphore]") {
  skein::semaphore three{3};
  std::atomic<int> inside{0};
  std::atomic<bool> too_many{false};
  std::vector<skein::task<>> tasks;
  for (int t = 0; t < 20; ++t) {
    tasks.push_back(skein::create_task([&]() -> skein::coro<> {
      for (int i = 0; i < 50; ++i) {
        auto const permit = co_await three.scoped();
        too_many = too_many || ++inside > 3;
        co_await skein::sleep(0s);
        --inside;
      }
    }));
  }
  for (auto const& task : tasks) {
    co_await task;
  }
  REQUIRE_FALSE(too_many);
  REQUIRE(three.value() == 3);
  REQUIRE(three.repr() == "<semaphore [unlocked, value:3]>");
}
