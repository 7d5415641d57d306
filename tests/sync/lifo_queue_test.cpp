// SPDX-License-Identifier: Apache-2.0
// lifo_queue_test.cpp: the newest item first.
#include "queue_facts.hpp"

#include <skein/sync/lifo_queue.hpp>

#include <memory>
#include <type_traits>
#include <vector>

using lifo = skein::lifo_queue<int>;

static_assert(!std::is_copy_constructible_v<lifo>);

SKEIN_TEST_CASE("lifo_queue: the newest item leaves first (QUE-002)", "[sync][lifo_queue]") {
  lifo q;
  for (int const i : {1, 3, 2}) {
    co_await q.put(i);
  }
  REQUIRE(co_await q.get() == 2);
  REQUIRE(q.get_nowait() == 3);
  q.put_nowait(4);
  REQUIRE(q.get_nowait() == 4);
  REQUIRE(co_await q.get() == 1);
  REQUIRE(q.empty());
}

SKEIN_TEST_CASE("lifo_queue: it has the bounds of a queue (QUE-001, QUE-003)", "[sync][lifo_queue]") {
  co_await queue_facts::has_bounds<lifo>();
}

SKEIN_TEST_CASE("lifo_queue: join waits for every task_done (QUE-009)", "[sync][lifo_queue]") {
  co_await queue_facts::joins<lifo>();
}

SKEIN_TEST_CASE("lifo_queue: after shutdown what is in it can still be taken (QUE-010)",
                "[sync][lifo_queue]") {
  co_await queue_facts::shuts_down<lifo>();
}

SKEIN_TEST_CASE("lifo_queue: an immediate shutdown destroys the items (QUE-011, QUE-012)",
                "[sync][lifo_queue]") {
  co_await queue_facts::drops_at_once<skein::lifo_queue<std::shared_ptr<int>>>();
}

SKEIN_TEST_CASE("lifo_queue: it says what it is (QUE-013)", "[sync][lifo_queue]") {
  co_await queue_facts::says_what_it_is<lifo>("lifo_queue");
}

SKEIN_TEST_CASE("lifo_queue: threads and tasks take every item once, cancelled or not",
                "[sync][lifo_queue]") {
  co_await queue_facts::keeps_every_item<lifo>();
}

SKEIN_TEST_CASE_1W("lifo_queue: a getter that was called takes what is the newest item when it runs",
                   "[sync][lifo_queue]") {
  lifo q;
  auto const get = [&]() -> skein::coro<int> { co_return co_await q.get(); };
  auto const a = skein::create_task(get);
  co_await all_tasks_blocked();
  q.put_nowait(1);
  q.put_nowait(2);
  REQUIRE(q.qsize() == 1);
  REQUIRE(co_await a == 2);
  REQUIRE(q.get_nowait() == 1);
}

SKEIN_TEST_CASE_1W("lifo_queue: a getter that is cancelled with a claim leaves it to the next (QUE-006, B16)",
                   "[sync][lifo_queue]") {
  lifo q;
  auto const get = [&]() -> skein::coro<int> { co_return co_await q.get(); };
  auto const a = skein::create_task(get);
  auto const b = skein::create_task(get);
  auto const c = skein::create_task(get);
  co_await all_tasks_blocked();
  q.put_nowait(1);
  q.put_nowait(2);
  a.cancel();
  REQUIRE(q.waiting() == 0);  // c has a's claim
  REQUIRE_THROWS_AS(co_await a, skein::cancelled_error);
  REQUIRE(co_await b == 2);
  REQUIRE(co_await c == 1);
  REQUIRE(q.empty());
}

SKEIN_TEST_CASE_1W("lifo_queue: a claim is void when all items were dropped", "[sync][lifo_queue]") {
  skein::lifo_queue<std::shared_ptr<int>> q;
  auto item = std::make_shared<int>(1);
  auto const get = [&]() -> skein::coro<> { REQUIRE(co_await q.get() == item); };
  auto const a = skein::create_task(get);
  auto const b = skein::create_task(get);
  co_await all_tasks_blocked();
  q.put_nowait(item);
  q.put_nowait(item);
  q.shutdown(true);
  REQUIRE(item.use_count() == 1);
  b.cancel();
  REQUIRE_THROWS_AS(co_await a, skein::queue_shut_down);
  REQUIRE_THROWS_AS(co_await b, skein::cancelled_error);
  co_await q.join();
  REQUIRE_THROWS_AS(q.task_done(), std::invalid_argument);
}
