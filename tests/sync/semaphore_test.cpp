// SPDX-License-Identifier: Apache-2.0
// semaphore_test.cpp: permits in the order of the line.
#include <support/test_case.hpp>

#include <skein/core/create_task.hpp>
#include <skein/core/sleep.hpp>
#include <skein/sync/semaphore.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
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
  REQUIRE_THROWS_AS(skein::semaphore{static_cast<std::size_t>(-1)}, std::invalid_argument);
  REQUIRE_THROWS_AS(skein::bounded_semaphore{static_cast<std::size_t>(-1)}, std::invalid_argument);
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

SKEIN_TEST_CASE_1W("semaphore: three releases at once serve three in line, before a fourth (SEM-004)",
                   "[sync][semaphore]") {
  skein::semaphore none{0};
  std::vector<int> order;
  skein::task<> fourth;
  auto const first = skein::create_task([&]() -> skein::coro<> {
    co_await none.acquire();
    REQUIRE(none.value() == 0);  // all who wait were woken
    fourth = skein::create_task([&]() -> skein::coro<> {
      order.push_back(4);
      co_return;
    });
    order.push_back(1);
  });
  auto const second = skein::create_task([&]() -> skein::coro<> {
    none.release();
    none.release();
    none.release();
    REQUIRE(none.value() == 2);
    REQUIRE(none.locked());  // the first has not run yet
    co_await none.acquire();
    order.push_back(2);
  });
  auto const third = skein::create_task([&]() -> skein::coro<> {
    co_await none.acquire();
    REQUIRE(none.locked());
    order.push_back(3);
  });
  co_await skein::sleep(0s);
  REQUIRE(none.value() == 2);
  REQUIRE(none.locked());
  co_await first;
  co_await second;
  co_await third;
  co_await fourth;
  REQUIRE(order == std::vector<int>{1, 2, 3, 4});
}

SKEIN_TEST_CASE_1W("semaphore: a newcomer does not overtake one who was woken (SEM-005)",
                   "[sync][semaphore]") {
  skein::semaphore none{0};
  std::vector<char> order;
  auto const take = [&](char name) -> skein::coro<> {
    co_await none.acquire();
    order.push_back(name);
  };
  auto const a = skein::create_task(take, 'a');
  co_await all_tasks_blocked();
  none.release();
  REQUIRE(none.locked());
  REQUIRE_FALSE(none.try_acquire());
  auto const newcomer = skein::create_task(take, 'n');
  co_await all_tasks_blocked();
  REQUIRE(order == std::vector<char>{'a'});
  REQUIRE(none.locked());
  REQUIRE_FALSE(newcomer.done());
  none.release();
  co_await newcomer;
  co_await a;
  REQUIRE(order == std::vector<char>{'a', 'n'});
  REQUIRE(none.value() == 0);
}

SKEIN_TEST_CASE(
    "semaphore: those in line are never overtaken, whoever comes meanwhile (SEM-005, several workers)",
    "[sync][semaphore]") {
  skein::semaphore none{0};
  std::vector<int> order;
  std::vector<skein::task<>> tasks;
  for (int i = 0; i < 3; ++i) {
    tasks.push_back(skein::create_task([&, i]() -> skein::coro<> {
      co_await none.acquire();
      order.push_back(i);
    }));
    co_await all_tasks_blocked();
  }
  REQUIRE_FALSE(none.try_acquire());
  for (int i = 0; i < 3; ++i) {
    none.release();
    co_await all_tasks_blocked();
    REQUIRE(order.back() == i);
    REQUIRE_FALSE(none.try_acquire());
  }
}

SKEIN_TEST_CASE_1W("semaphore: a second release before the woken one runs is kept (SEM-007)",
                   "[sync][semaphore]") {
  skein::semaphore one{1};
  co_await one.acquire();
  auto const waiter = skein::create_task(one.acquire());
  co_await all_tasks_blocked();
  one.release();
  one.release();
  REQUIRE(one.value() == 1);
  REQUIRE(one.locked());
  co_await waiter;
  REQUIRE_FALSE(one.locked());
  REQUIRE(one.try_acquire());
  REQUIRE(one.value() == 0);
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

SKEIN_TEST_CASE("semaphore: k releases by others wake the first k in line (SEM-008)", "[sync][semaphore]") {
  skein::semaphore none{0};
  std::vector<skein::task<>> tasks;
  for (int i = 0; i < 5; ++i) {
    tasks.push_back(skein::create_task(none.acquire()));
    co_await all_tasks_blocked();
  }
  for (std::size_t k : {2U, 1U, 2U}) {
    std::size_t const waiting = none.waiting();
    co_await skein::create_task([&]() -> skein::coro<> {
      for (std::size_t i = 0; i < k; ++i) {
        none.release();
      }
      co_return;
    });
    co_await all_tasks_blocked();
    REQUIRE(none.waiting() == waiting - k);
    for (std::size_t i = 0; i < tasks.size(); ++i) {
      REQUIRE(tasks[i].done() == (i < tasks.size() - none.waiting()));
    }
  }
  REQUIRE(none.value() == 0);
}

SKEIN_TEST_CASE_1W("semaphore: a woken waiter that is cancelled strands nobody (B4)", "[sync][semaphore]") {
  skein::semaphore one{1};
  co_await one.acquire();
  auto const a = skein::create_task(one.acquire());
  auto const b = skein::create_task(one.acquire());
  co_await all_tasks_blocked();
  one.release();
  a.cancel();
  REQUIRE(one.waiting() == 0);  // it is b's already
  co_await b;
  REQUIRE_THROWS_AS(co_await a, skein::cancelled_error);
  one.release();
  REQUIRE(one.value() == 1);
}

SKEIN_TEST_CASE_1W("semaphore: permits go in the order of arrival minus the cancelled, and none sticks (B5)",
                   "[sync][semaphore]") {
  // Each round releases some permits and cancels some waiters, woken or not, in one turn.
  std::uint32_t random = 5;
  auto const dice = [&](std::uint32_t sides) {
    random = random * 1664525U + 1013904223U;
    return (random >> 16) % sides;
  };
  for (int round = 0; round < 200; ++round) {
    skein::semaphore none{0};
    std::vector<int> order;
    std::vector<skein::task<>> tasks;
    for (int i = 0; i < 6; ++i) {
      tasks.push_back(skein::create_task([&, i]() -> skein::coro<> {
        co_await none.acquire();
        order.push_back(i);
      }));
    }
    co_await all_tasks_blocked();
    std::size_t released = 0;
    for (int step = 0; step < 6; ++step) {
      if (dice(2) == 0) {
        none.release();
        ++released;
      } else {
        tasks[dice(6)].cancel();
      }
    }
    co_await all_tasks_blocked();
    std::vector<int> expected;
    for (int i = 0; i < 6 && expected.size() < released; ++i) {
      if (!tasks[static_cast<std::size_t>(i)].cancelled()) {
        expected.push_back(i);
      }
    }
    REQUIRE(order == expected);
    REQUIRE(none.value() == released - expected.size());
    REQUIRE((none.value() == 0 || none.try_acquire()));
    for (auto const& task : tasks) {
      task.cancel();
    }
    co_await all_tasks_blocked();
  }
}

SKEIN_TEST_CASE_1W("semaphore: a head that was cancelled but did not run yet is not in the way (B7)",
                   "[sync][semaphore]") {
  skein::semaphore none{0};
  auto const head = skein::create_task(none.acquire());
  auto const next = skein::create_task(none.acquire());
  auto const last = skein::create_task(none.acquire());
  co_await all_tasks_blocked();
  head.cancel();
  none.release();
  none.release();
  REQUIRE_FALSE(head.done());
  co_await next;
  co_await last;
  REQUIRE(head.cancelled());
  REQUIRE(none.value() == 0);
}

SKEIN_TEST_CASE_1W("semaphore: what a dropped waiter had been given is kept beside later permits (B8)",
                   "[sync][semaphore]") {
  skein::semaphore none{0};
  auto const dropped = skein::create_task(none.acquire());
  co_await all_tasks_blocked();
  none.release();
  none.release();
  REQUIRE(none.value() == 1);
  dropped.cancel();
  REQUIRE(none.value() == 2);
  auto const late = skein::create_task(none.acquire());
  co_await late;
  REQUIRE(dropped.cancelled());
  REQUIRE(none.value() == 1);
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

SKEIN_TEST_CASE("semaphore: on several workers too, who acquires again goes behind those in line (SEM-003)",
                "[sync][semaphore]") {
  skein::semaphore one{1};
  std::vector<std::string> order;  // guarded by the semaphore
  auto const twice = [&](std::string name) -> skein::coro<> {
    for (int i = 1; i <= 2; ++i) {
      co_await one.acquire();
      order.push_back(name + std::to_string(i));
      while (i == 1 && one.waiting() < 2) {
        co_await skein::sleep(0s);  // until the one before stands in line again
      }
      one.release();
    }
  };
  REQUIRE(one.try_acquire());
  std::vector<skein::task<>> tasks;
  for (std::string const name : {"a", "b", "c"}) {
    tasks.push_back(skein::create_task(twice, name));
    while (one.waiting() < tasks.size()) {
      co_await skein::sleep(0s);
    }
  }
  one.release();
  for (auto const& task : tasks) {
    co_await task;
  }
  REQUIRE(order == std::vector<std::string>{"a1", "b1", "c1", "a2", "b2", "c2"});
}

SKEIN_TEST_CASE("semaphore: units released to those in line cannot be taken by a newcomer (SEM-004)",
                "[sync][semaphore]") {
  skein::semaphore none{0};
  std::atomic<int> served{0};
  auto const take = [&]() -> skein::coro<int> {
    co_await none.acquire();
    co_return served.fetch_add(1);
  };
  std::vector<skein::task<int>> tasks;
  for (std::size_t i = 0; i < 3; ++i) {
    tasks.push_back(skein::create_task(take));
    while (none.waiting() < i + 1) {
      co_await skein::sleep(0s);
    }
  }
  none.release();
  none.release();
  none.release();
  REQUIRE(none.locked());
  REQUIRE_FALSE(none.try_acquire());
  auto const fourth = skein::create_task(take);
  for (auto const& task : tasks) {
    REQUIRE(co_await task < 3);
  }
  co_await all_tasks_blocked();
  REQUIRE_FALSE(fourth.done());
  REQUIRE(none.value() == 0);
  none.release();
  REQUIRE(co_await fourth == 3);
  REQUIRE(none.value() == 0);
}
