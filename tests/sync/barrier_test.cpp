// SPDX-License-Identifier: Apache-2.0
// barrier_test.cpp: tasks that wait for each other: rounds, draining, cancelling, breaking.
#include <support/test_case.hpp>

#include <skein/core/create_task.hpp>
#include <skein/core/sleep.hpp>
#include <skein/sync/barrier.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

using namespace std::chrono_literals;

static_assert(!std::is_copy_constructible_v<skein::barrier>);
static_assert(std::is_base_of_v<std::runtime_error, skein::broken_barrier_error>);

namespace {

skein::coro<std::size_t> pass(skein::barrier& b) { co_return co_await b.wait(); }

/// n tasks that wait, in this order.
skein::coro<> add_waiters(skein::barrier& b, int n, std::vector<skein::task<std::size_t>>& tasks) {
  for (int i = 0; i < n; ++i) {
    tasks.push_back(skein::create_task(pass(b)));
    co_await all_tasks_blocked();
  }
}

/// How many of them failed because the barrier broke.
skein::coro<int> count_broken(std::vector<skein::task<std::size_t>>& tasks) {
  int broken = 0;
  for (auto const& task : tasks) {
    try {
      static_cast<void>(co_await task);
    } catch (skein::broken_barrier_error const&) {
      ++broken;
    }
  }
  co_return broken;
}

}  // namespace

SKEIN_TEST_CASE("barrier: the last one lets all go on, each with its number (BAR-001)", "[sync][barrier]") {
  skein::barrier b{3};
  REQUIRE(b.parties() == 3);
  std::vector<skein::task<std::size_t>> tasks;
  co_await add_waiters(b, 2, tasks);
  REQUIRE(b.n_waiting() == 2);
  REQUIRE(b.waiting() == 2);
  REQUIRE_FALSE(tasks[0].done());
  REQUIRE(co_await b.wait() == 2);
  REQUIRE(co_await tasks[0] == 0);
  REQUIRE(co_await tasks[1] == 1);
  REQUIRE(b.n_waiting() == 0);
  REQUIRE(b.waiting() == 0);
  REQUIRE_FALSE(b.broken());
  REQUIRE_THROWS_AS(skein::barrier{0}, std::invalid_argument);
  REQUIRE_THROWS_WITH(skein::barrier{static_cast<std::size_t>(-1)}, Catch::StartsWith("parties must be > 0"));
}

SKEIN_TEST_CASE_1W("barrier: one of one party never waits, again and again (BAR-002)", "[sync][barrier]") {
  skein::barrier b{1};
  bool ran = false;
  auto const other = skein::create_task([&]() -> skein::coro<> {
    ran = true;
    co_return;
  });
  for (int i = 0; i < 3; ++i) {
    REQUIRE(co_await b.wait() == 0);
  }
  REQUIRE_FALSE(ran);
  REQUIRE(b.repr() == "<barrier [filling, waiters:0/1]>");
  co_await other;
}

SKEIN_TEST_CASE("barrier: one of one party lets pass as often as it is asked (BAR-002)", "[sync][barrier]") {
  skein::barrier b{1};
  std::size_t sum = 0;
  for (int i = 0; i < 10'000; ++i) {  // more than a budget: it yields sometimes
    sum += co_await b.wait();
  }
  REQUIRE(sum == 0);
  REQUIRE(b.repr() == "<barrier [filling, waiters:0/1]>");
}

SKEIN_TEST_CASE("barrier: all pass the first round before anyone passes the second (BAR-003)",
                "[sync][barrier]") {
  constexpr int parties = 5;
  skein::barrier b{parties};
  std::atomic<int> first{0};
  std::atomic<bool> early{false};
  std::vector<skein::task<>> tasks;
  for (int i = 0; i < parties; ++i) {
    tasks.push_back(skein::create_task([&]() -> skein::coro<> {
      static_cast<void>(co_await b.wait());
      first.fetch_add(1);
      static_cast<void>(co_await b.wait());
      if (first.load() != parties) {
        early.store(true);
      }
    }));
  }
  for (auto const& task : tasks) {
    co_await task;
  }
  REQUIRE_FALSE(early.load());
  REQUIRE(first.load() == parties);
  REQUIRE(b.n_waiting() == 0);
}

SKEIN_TEST_CASE_1W("barrier: who comes while others are leaving counts for the next round (BAR-004)",
                   "[sync][barrier]") {
  skein::barrier b{3};
  std::vector<skein::task<std::size_t>> tasks;
  co_await add_waiters(b, 2, tasks);
  REQUIRE(b.repr() == "<barrier [filling, waiters:2/3]>");
  auto const early = skein::create_task(pass(b));  // has its turn before those who will be called
  auto const look = skein::create_task([&]() -> skein::coro<> {
    REQUIRE(b.repr() == "<barrier [draining, waiters:0/3]>");
    REQUIRE(b.waiting() == 1);
    REQUIRE(b.n_waiting() == 0);
    co_return;
  });
  REQUIRE(co_await b.wait() == 2);  // does not suspend: the others have not run
  REQUIRE(b.repr() == "<barrier [draining, waiters:0/3]>");
  auto const second_wait = skein::create_task(pass(b));  // has its turn after them
  co_await look;
  co_await all_tasks_blocked();
  REQUIRE(co_await tasks[0] == 0);
  REQUIRE(co_await tasks[1] == 1);
  REQUIRE_FALSE(early.done());
  REQUIRE(b.repr() == "<barrier [filling, waiters:2/3]>");
  REQUIRE(co_await b.wait() == 2);
  REQUIRE(co_await early == 0);
  REQUIRE(co_await second_wait == 1);
}

SKEIN_TEST_CASE("barrier: several rounds that came early follow each other (BAR-004)", "[sync][barrier]") {
  skein::barrier b{2};
  std::vector<skein::task<std::size_t>> tasks;
  for (int i = 0; i < 10; ++i) {
    tasks.push_back(skein::create_task(pass(b)));
  }
  std::vector<std::size_t> indices;
  for (auto const& task : tasks) {
    indices.push_back(co_await task);
  }
  REQUIRE(std::count(indices.begin(), indices.end(), 0U) == 5);
  REQUIRE(std::count(indices.begin(), indices.end(), 1U) == 5);
  REQUIRE(b.waiting() == 0);
  REQUIRE(b.repr() == "<barrier [filling, waiters:0/2]>");
}

SKEIN_TEST_CASE("barrier: one that is cancelled does not break it (BAR-005)", "[sync][barrier]") {
  skein::barrier b{3};
  std::vector<skein::task<std::size_t>> tasks;
  co_await add_waiters(b, 2, tasks);
  tasks[0].cancel();
  REQUIRE_THROWS_AS(co_await tasks[0], skein::cancelled_error);
  REQUIRE(b.n_waiting() == 1);
  REQUIRE_FALSE(b.broken());
  co_await add_waiters(b, 1, tasks);
  REQUIRE(b.n_waiting() == 2);
  REQUIRE_FALSE(tasks[1].done());
  REQUIRE(co_await b.wait() == 2);
  REQUIRE(co_await tasks[1] == 0);  // all different, though one left
  REQUIRE(co_await tasks[2] == 1);
}

SKEIN_TEST_CASE_1W("barrier: one that is cancelled while it leaves does not hold up the next round (BAR-005)",
                   "[sync][barrier]") {
  skein::barrier b{2};
  auto const a = skein::create_task(pass(b));
  co_await all_tasks_blocked();
  auto const early = skein::create_task(pass(b));
  auto const cancel = skein::create_task([&]() -> skein::coro<> {
    REQUIRE(b.repr() == "<barrier [draining, waiters:0/2]>");
    REQUIRE(b.waiting() == 1);
    a.cancel();
    REQUIRE(b.repr() == "<barrier [filling, waiters:1/2]>");  // the next round began during the cancel
    co_return;
  });
  REQUIRE(co_await b.wait() == 1);
  co_await cancel;
  REQUIRE_THROWS_AS(co_await a, skein::cancelled_error);
  REQUIRE(co_await b.wait() == 1);
  REQUIRE(co_await early == 0);
}

SKEIN_TEST_CASE("barrier: a round is complete for all but those who were cancelled meanwhile (BAR-005, T1)",
                "[sync][barrier]") {
  constexpr std::size_t parties = 4;
  skein::barrier b{parties};
  for (bool const by_thread : {false, true}) {
    for (unsigned victims = 1; victims < 8; ++victims) {
      std::vector<skein::task<std::size_t>> tasks;
      co_await add_waiters(b, parties - 1, tasks);
      auto const cancel = [&] {
        for (std::size_t i = 0; i < tasks.size(); ++i) {
          if ((victims >> i & 1U) != 0) {
            tasks[i].cancel();
          }
        }
      };
      REQUIRE(co_await b.wait() == parties - 1);
      if (by_thread) {
        std::thread{cancel}.join();
      } else {
        cancel();
      }
      co_await all_tasks_blocked();
      for (std::size_t i = 0; i < tasks.size(); ++i) {
        REQUIRE(tasks[i].done());
        if ((victims >> i & 1U) == 0) {
          REQUIRE(tasks[i].result() == i);
        }
      }
      REQUIRE(b.repr() == "<barrier [filling, waiters:0/4]>");
    }
  }
}

SKEIN_TEST_CASE_1W("barrier: an abort fails those who leave and those who came early (BAR-006)",
                   "[sync][barrier]") {
  skein::barrier b{5};
  std::vector<skein::task<std::size_t>> leaving;
  std::vector<skein::task<std::size_t>> early;
  co_await add_waiters(b, 4, leaving);
  for (int i = 0; i < 2; ++i) {
    early.push_back(skein::create_task(pass(b)));
  }
  auto const abort = skein::create_task([&]() -> skein::coro<> {
    REQUIRE(b.repr() == "<barrier [draining, waiters:0/5]>");
    REQUIRE(b.waiting() == 2);
    b.abort();
    REQUIRE(b.broken());
    REQUIRE(b.waiting() == 0);
    co_return;
  });
  REQUIRE(co_await b.wait() == 4);
  co_await abort;
  REQUIRE(co_await count_broken(leaving) == 4);
  REQUIRE(co_await count_broken(early) == 2);
  REQUIRE(b.repr() == "<barrier [broken]>");
  REQUIRE_THROWS_AS(co_await b.wait(), skein::broken_barrier_error);
  REQUIRE_THROWS_WITH(co_await b.wait(), Catch::StartsWith("Barrier aborted"));
}

SKEIN_TEST_CASE("barrier: an abort fails all who wait and all who come, until it is reset (BAR-006)",
                "[sync][barrier]") {
  skein::barrier b{3};
  std::vector<skein::task<std::size_t>> tasks;
  co_await add_waiters(b, 2, tasks);
  b.abort();
  REQUIRE(b.broken());
  REQUIRE(b.n_waiting() == 0);
  REQUIRE(co_await count_broken(tasks) == 2);
  REQUIRE_THROWS_AS(co_await b.wait(), skein::broken_barrier_error);
  b.abort();
  b.reset();
  REQUIRE_FALSE(b.broken());
  tasks.clear();
  co_await add_waiters(b, 2, tasks);
  REQUIRE(co_await b.wait() == 2);
  REQUIRE(co_await count_broken(tasks) == 0);
}

SKEIN_TEST_CASE("barrier: a reset fails those who wait, and it can be used again", "[sync][barrier]") {
  skein::barrier b{3};
  b.reset();
  REQUIRE(b.repr() == "<barrier [filling, waiters:0/3]>");
  std::vector<skein::task<std::size_t>> tasks;
  co_await add_waiters(b, 2, tasks);
  b.reset();
  REQUIRE_FALSE(b.broken());
  REQUIRE(co_await count_broken(tasks) == 2);
  REQUIRE_THROWS_WITH(co_await tasks[0], Catch::StartsWith("Abort or reset of barrier"));
  co_await all_tasks_blocked();
  REQUIRE(b.repr() == "<barrier [filling, waiters:0/3]>");
  tasks.clear();
  co_await add_waiters(b, 2, tasks);
  REQUIRE(co_await b.wait() == 2);
  REQUIRE(co_await count_broken(tasks) == 0);
}

SKEIN_TEST_CASE_1W("barrier: a reset while others leave fails them, and keeps those who came early",
                   "[sync][barrier]") {
  skein::barrier b{3};
  std::vector<skein::task<std::size_t>> leaving;
  std::vector<skein::task<std::size_t>> early;
  co_await add_waiters(b, 2, leaving);
  early.push_back(skein::create_task(pass(b)));
  auto const reset = skein::create_task([&]() -> skein::coro<> {
    REQUIRE(b.waiting() == 1);
    b.reset();
    REQUIRE(b.repr() == "<barrier [resetting, waiters:0/3]>");
    co_return;
  });
  early.push_back(skein::create_task(pass(b)));
  REQUIRE(co_await b.wait() == 2);
  co_await reset;
  REQUIRE(co_await count_broken(leaving) == 2);
  co_await all_tasks_blocked();
  REQUIRE(b.repr() == "<barrier [filling, waiters:2/3]>");
  REQUIRE(co_await b.wait() == 2);
  REQUIRE(co_await count_broken(early) == 0);
}

SKEIN_TEST_CASE("barrier: for `with` it waits and gives nothing back", "[sync][barrier]") {
  skein::barrier b{2};
  auto const other = skein::create_task(b.aenter());
  co_await all_tasks_blocked();
  REQUIRE(co_await b.aenter() == 1);
  REQUIRE(co_await other == 0);
  REQUIRE_FALSE(co_await b.aexit(nullptr));
}

SKEIN_TEST_CASE("barrier: 8 tasks are never more than a round apart, each round has one first (BAR-007)",
                "[sync][barrier]") {
  constexpr int parties = 8;
  constexpr int rounds = 10'000;
  skein::barrier b{parties};
  std::vector<std::atomic<int>> firsts(rounds);
  std::vector<std::atomic<int>> arrived(rounds);
  std::atomic<int> apart{0};
  std::vector<skein::task<>> tasks;
  for (int t = 0; t < parties; ++t) {
    tasks.push_back(skein::create_task([&]() -> skein::coro<> {
      for (std::size_t round = 0; round < rounds; ++round) {
        arrived[round].fetch_add(1, std::memory_order_relaxed);
        std::size_t const index = co_await b.wait();
        firsts[round].fetch_add(index == 0 ? 1 : 0, std::memory_order_relaxed);
        if (arrived[round].load(std::memory_order_relaxed) != parties ||
            (round + 2 < rounds && arrived[round + 2].load(std::memory_order_relaxed) != 0)) {
          apart.fetch_add(1, std::memory_order_relaxed);
        }
      }
    }));
  }
  for (auto const& task : tasks) {
    co_await task;
  }
  REQUIRE(apart.load() == 0);
  auto const is_one = [](std::atomic<int> const& n) { return n.load() == 1; };
  REQUIRE(std::all_of(firsts.begin(), firsts.end(), is_one));
  REQUIRE(b.repr() == "<barrier [filling, waiters:0/8]>");
}

TEST_CASE("barrier: tasks of two runtimes wait for each other; a thread may abort it", "[sync][barrier]") {
  skein::barrier b{2};
  std::atomic<int> broken{0};
  auto const until_broken = [&]() -> skein::coro<> {
    try {
      for (;;) {
        static_cast<void>(co_await b.wait());
      }
    } catch (skein::broken_barrier_error const&) {
      broken.fetch_add(1);
    }
  };
  auto const meet = [&]() -> skein::coro<> {
    for (int i = 0; i < 100; ++i) {
      static_cast<void>(co_await b.wait());
    }
  };
  std::thread other{[&] { skein::run(meet, {.workers = 1}); }};
  skein::run(meet, {.workers = 1});
  other.join();
  std::thread one{[&] { skein::run(until_broken, {.workers = 1}); }};
  std::thread two{[&] { skein::run(until_broken, {.workers = 1}); }};
  b.abort();
  one.join();
  two.join();
  REQUIRE(broken.load() == 2);
}
