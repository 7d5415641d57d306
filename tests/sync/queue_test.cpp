// SPDX-License-Identifier: Apache-2.0
// queue_test.cpp: items between tasks: order, bounds, cancelling, shutting down.
#include <support/test_case.hpp>

#include <skein/core/create_task.hpp>
#include <skein/core/gather.hpp>
#include <skein/core/sleep.hpp>
#include <skein/sync/queue.hpp>

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

using namespace std::chrono_literals;

SKEIN_TEST_CASE("queue: first in, first out, with its size (QUE-001)", "[sync][queue]") {
  skein::queue<int> q{2};
  REQUIRE(q.empty());
  REQUIRE_THROWS_AS(q.get_nowait(), skein::queue_empty);
  q.put_nowait(1);
  co_await q.put(2);
  REQUIRE(q.full());
  REQUIRE(q.qsize() == 2);
  REQUIRE_THROWS_AS(q.put_nowait(3), skein::queue_full);
  REQUIRE_THROWS_WITH(q.put_nowait(3), Catch::Contains("full with 2 items"));
  REQUIRE(co_await q.get() == 1);
  REQUIRE(q.get_nowait() == 2);
  skein::queue<int> unbounded;
  for (int i = 0; i < 1000; ++i) {
    unbounded.put_nowait(i);
  }
  REQUIRE_FALSE(unbounded.full());
}

SKEIN_TEST_CASE("queue: a put waits for room (QUE-003)", "[sync][queue]") {
  skein::queue<int> q{2};
  auto const putter = skein::create_task([&]() -> skein::coro<> {
    for (int i = 0; i < 3; ++i) {
      co_await q.put(i);
    }
  });
  co_await all_tasks_blocked();
  REQUIRE_FALSE(putter.done());
  REQUIRE(q.waiting() == 1);
  REQUIRE(co_await q.get() == 0);
  co_await putter;
  REQUIRE(q.get_nowait() == 1);
  REQUIRE(q.get_nowait() == 2);
}

SKEIN_TEST_CASE("queue: a cancelled get loses no item", "[sync][queue]") {
  skein::queue<int> jobs;
  auto const getter = skein::create_task([&]() -> skein::coro<int> { co_return co_await jobs.get(); });
  co_await all_tasks_blocked();

  getter.cancel();
  REQUIRE_THROWS_AS(co_await getter, skein::cancelled_error);

  co_await jobs.put(7);
  REQUIRE(co_await jobs.get() == 7);
}

SKEIN_TEST_CASE_1W("queue: a getter that is cancelled with an item gives it back in its place (QUE-005, B1)",
                   "[sync][queue]") {
  skein::queue<int> q;
  auto const getter = skein::create_task([&]() -> skein::coro<int> { co_return co_await q.get(); });
  co_await all_tasks_blocked();
  q.put_nowait(1);
  q.put_nowait(2);
  getter.cancel();
  REQUIRE_THROWS_AS(co_await getter, skein::cancelled_error);
  REQUIRE(q.get_nowait() == 1);
  REQUIRE(q.get_nowait() == 2);
}

SKEIN_TEST_CASE_1W("queue: the items of a cancelled getter go to those behind it (QUE-006)",
                   "[sync][queue]") {
  skein::queue<int> q;
  auto const get = [&]() -> skein::coro<int> { co_return co_await q.get(); };
  auto const a = skein::create_task(get);
  auto const b = skein::create_task(get);
  auto const c = skein::create_task(get);
  co_await all_tasks_blocked();
  q.put_nowait(1);
  q.put_nowait(2);
  a.cancel();
  REQUIRE_THROWS_AS(co_await a, skein::cancelled_error);
  int const x = co_await b;
  int const y = co_await c;
  REQUIRE(x + y == 3);
}

SKEIN_TEST_CASE_1W("queue: a put that is cancelled is not put, and its room goes to the next",
                   "[sync][queue]") {
  skein::queue<int> q{1};
  q.put_nowait(0);
  auto const put = [&](int n) -> skein::coro<> { co_await q.put(n); };
  auto const a = skein::create_task(put, 1);
  auto const b = skein::create_task(put, 2);
  co_await all_tasks_blocked();
  REQUIRE(q.get_nowait() == 0);
  a.cancel();
  REQUIRE_THROWS_AS(co_await a, skein::cancelled_error);
  co_await b;
  REQUIRE(q.get_nowait() == 2);
  REQUIRE(q.empty());
}

SKEIN_TEST_CASE("queue: join waits for every task_done (QUE-009)", "[sync][queue]") {
  skein::queue<int> q;
  co_await q.join();
  for (int i = 0; i < 100; ++i) {
    q.put_nowait(i);
  }
  std::atomic<int> done{0};
  std::vector<skein::task<>> workers;
  for (int w = 0; w < 2; ++w) {
    workers.push_back(skein::create_task([&]() -> skein::coro<> {
      while (true) {
        static_cast<void>(co_await q.get());
        co_await skein::sleep(0s);
        ++done;
        q.task_done();
      }
    }));
  }
  co_await q.join();
  REQUIRE(done == 100);
  REQUIRE_THROWS_AS(q.task_done(), std::invalid_argument);
  REQUIRE_THROWS_WITH(q.task_done(), Catch::StartsWith("task_done() called too many times"));
  for (auto const& worker : workers) {
    worker.cancel();
  }
  co_await skein::gather(skein::return_exceptions, workers);
}

SKEIN_TEST_CASE("queue: after shutdown what is in it can still be taken (QUE-010)", "[sync][queue]") {
  skein::queue<int> q{1};
  q.put_nowait(1);
  auto const putter = skein::create_task([&]() -> skein::coro<> { co_await q.put(2); });
  auto const joiner = skein::create_task([&]() -> skein::coro<> { co_await q.join(); });
  co_await all_tasks_blocked();
  q.shutdown();
  REQUIRE_THROWS_AS(co_await putter, skein::queue_shut_down);
  REQUIRE_THROWS_AS(q.put_nowait(3), skein::queue_shut_down);
  REQUIRE(co_await q.get() == 1);
  REQUIRE_THROWS_AS(co_await q.get(), skein::queue_shut_down);
  REQUIRE_THROWS_AS(q.get_nowait(), skein::queue_shut_down);
  REQUIRE_FALSE(joiner.done());
  q.task_done();
  co_await joiner;
  REQUIRE_THROWS_AS(q.task_done(), std::invalid_argument);
}

SKEIN_TEST_CASE("queue: an immediate shutdown drops the items and wakes everybody (QUE-011, QUE-012)",
                "[sync][queue]") {
  skein::queue<std::shared_ptr<int>> q;
  auto item = std::make_shared<int>(1);
  q.put_nowait(item);
  q.put_nowait(item);
  static_cast<void>(q.get_nowait());
  auto const joiner = skein::create_task([&]() -> skein::coro<> { co_await q.join(); });
  co_await all_tasks_blocked();
  q.shutdown(true);
  REQUIRE(item.use_count() == 1);
  REQUIRE(q.qsize() == 0);
  co_await all_tasks_blocked();
  REQUIRE_FALSE(joiner.done());
  q.task_done();
  co_await joiner;
}

SKEIN_TEST_CASE("queue: getters that wait are told of a shutdown", "[sync][queue]") {
  skein::queue<int> q;
  auto const getter = skein::create_task([&]() -> skein::coro<int> { co_return co_await q.get(); });
  co_await all_tasks_blocked();
  q.shutdown();
  REQUIRE_THROWS_AS(co_await getter, skein::queue_shut_down);
}

SKEIN_TEST_CASE("queue: move-only items, and its repr (QUE-013)", "[sync][queue]") {
  skein::queue<std::unique_ptr<int>> q{3};
  co_await q.put(std::make_unique<int>(5));
  REQUIRE(q.repr() == "<queue maxsize=3 size=1 tasks=1>");
  auto const item = co_await q.get();
  REQUIRE(*item == 5);
}

SKEIN_TEST_CASE("queue: a thread may put, tasks get every item once, cancelled or not", "[sync][queue]") {
  constexpr int items = 4000;
  skein::queue<int> q;
  std::atomic<int> taken{0};
  std::atomic<long> sum{0};
  auto const get = [&]() -> skein::coro<> {
    while (true) {
      sum += co_await q.get();
      ++taken;
    }
  };
  std::vector<skein::task<>> getters;
  for (int i = 0; i < 8; ++i) {
    getters.push_back(skein::create_task(get));
  }
  std::thread producer{[&] {
    for (int i = 0; i < items; ++i) {
      q.put_nowait(i);
    }
  }};
  std::uint32_t random = 1;
  while (taken < items) {
    co_await skein::sleep(50us);
    random = random * 1664525U + 1013904223U;
    auto& victim = getters[random % getters.size()];
    victim.cancel();
    victim = skein::create_task(get);
  }
  producer.join();
  REQUIRE(sum == static_cast<long>(items) * (items - 1) / 2);
  q.shutdown();
  co_await skein::gather(skein::return_exceptions, getters);  // they use what ends with this body
}
