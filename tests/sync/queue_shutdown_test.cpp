// SPDX-License-Identifier: Apache-2.0
// queue_shutdown_test.cpp: what happens to items and waiters when a queue is shut down.
#include <support/test_case.hpp>

#include <skein/core/create_task.hpp>
#include <skein/sync/queue.hpp>

#include <memory>
#include <stdexcept>

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

SKEIN_TEST_CASE("queue: an immediate shutdown destroys the items and lets joiners go (QUE-011)",
                "[sync][queue]") {
  skein::queue<std::shared_ptr<int>> q;
  auto item = std::make_shared<int>(1);
  q.put_nowait(item);
  q.put_nowait(item);
  auto const joiner = skein::create_task([&]() -> skein::coro<> { co_await q.join(); });
  co_await all_tasks_blocked();
  REQUIRE_FALSE(joiner.done());
  q.shutdown(true);
  REQUIRE(item.use_count() == 1);
  REQUIRE(q.qsize() == 0);
  co_await joiner;
  REQUIRE_THROWS_AS(q.task_done(), std::invalid_argument);
  REQUIRE_THROWS_AS(co_await q.get(), skein::queue_shut_down);
}

SKEIN_TEST_CASE("queue: an immediate shutdown waits for the work on items that were taken (QUE-012)",
                "[sync][queue]") {
  skein::queue<int> q;
  q.put_nowait(1);
  q.put_nowait(2);
  REQUIRE(q.get_nowait() == 1);
  auto const joiner = skein::create_task([&]() -> skein::coro<> { co_await q.join(); });
  co_await all_tasks_blocked();
  q.shutdown(true);
  REQUIRE(q.qsize() == 0);
  REQUIRE(q.repr() == "<queue maxsize=0 tasks=1 shutdown>");
  co_await all_tasks_blocked();
  REQUIRE_FALSE(joiner.done());
  q.task_done();
  co_await joiner;
}

SKEIN_TEST_CASE_1W(
    "queue: an item that was handed over before an immediate shutdown shares the fate of its getter",
    "[sync][queue]") {
  skein::queue<std::shared_ptr<int>> q;
  auto item = std::make_shared<int>(1);
  auto const get = [&]() -> skein::coro<> { REQUIRE(co_await q.get() == item); };
  auto const a = skein::create_task(get);
  auto const b = skein::create_task(get);
  co_await all_tasks_blocked();
  q.put_nowait(item);
  q.put_nowait(item);
  q.shutdown(true);
  a.cancel();
  REQUIRE_THROWS_AS(co_await a, skein::cancelled_error);
  co_await b;
  REQUIRE(item.use_count() == 1);
  REQUIRE(q.repr() == "<queue maxsize=0 tasks=1 shutdown>");  // b's
  q.task_done();
  co_await q.join();
}

SKEIN_TEST_CASE_1W(
    "queue: after shutdown nobody is told that it is drained while an item may come back (B11)",
    "[sync][queue]") {
  for (bool const comes_back : {true, false}) {
    skein::queue<int> q;
    auto const get = [&]() -> skein::coro<int> { co_return co_await q.get(); };
    auto const a = skein::create_task(get);
    co_await all_tasks_blocked();
    auto const b = skein::create_task(get);  // has its turn before a
    q.put_nowait(1);
    q.shutdown();
    REQUIRE_THROWS_AS(q.get_nowait(), skein::queue_empty);
    if (comes_back) {
      a.cancel();
      REQUIRE(co_await b == 1);
    } else {
      REQUIRE(co_await a == 1);
      REQUIRE_THROWS_AS(co_await b, skein::queue_shut_down);
    }
    REQUIRE_THROWS_AS(q.get_nowait(), skein::queue_shut_down);
  }
}

SKEIN_TEST_CASE("queue: getters that wait are told of a shutdown", "[sync][queue]") {
  skein::queue<int> q;
  auto const getter = skein::create_task([&]() -> skein::coro<int> { co_return co_await q.get(); });
  co_await all_tasks_blocked();
  q.shutdown();
  REQUIRE_THROWS_AS(co_await getter, skein::queue_shut_down);
}
