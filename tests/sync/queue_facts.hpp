// SPDX-License-Identifier: Apache-2.0
// queue_facts.hpp: what holds for a queue in whatever order its items leave.
#pragma once

#include <support/test_case.hpp>

#include <skein/core/create_task.hpp>
#include <skein/core/gather.hpp>
#include <skein/sync/queue.hpp>

#include <algorithm>
#include <atomic>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace queue_facts {

template <class Queue>
skein::coro<> has_bounds() {
  Queue q{2};
  REQUIRE(q.empty());
  REQUIRE(q.maxsize() == 2);
  REQUIRE_THROWS_AS(q.get_nowait(), skein::queue_empty);
  q.put_nowait(1);
  co_await q.put(1);
  REQUIRE(q.full());
  REQUIRE(q.qsize() == 2);
  REQUIRE_THROWS_AS(q.put_nowait(1), skein::queue_full);
  auto const putter = skein::create_task([&]() -> skein::coro<> { co_await q.put(1); });
  co_await all_tasks_blocked();
  REQUIRE_FALSE(putter.done());
  REQUIRE(q.waiting() == 1);
  REQUIRE(co_await q.get() == 1);
  co_await putter;
  REQUIRE(q.full());
  REQUIRE(q.get_nowait() == 1);
  REQUIRE(q.get_nowait() == 1);
  Queue negative{static_cast<std::size_t>(-1)};
  REQUIRE(negative.maxsize() == 0);
  REQUIRE_FALSE(negative.full());
}

template <class Queue>
skein::coro<> joins() {
  Queue q;
  co_await q.join();
  for (int i = 0; i < 100; ++i) {
    q.put_nowait(i);
  }
  std::atomic<int> done{0};
  std::vector<skein::task<>> workers;
  for (int w = 0; w < 2; ++w) {
    workers.push_back(skein::create_task([&]() -> skein::coro<> {
      for (;;) {
        static_cast<void>(co_await q.get());
        done.fetch_add(1);
        q.task_done();
      }
    }));
  }
  co_await q.join();
  REQUIRE(done.load() == 100);
  REQUIRE_THROWS_AS(q.task_done(), std::invalid_argument);
  for (auto const& worker : workers) {
    worker.cancel();
  }
  co_await skein::gather(skein::return_exceptions, workers);
}

template <class Queue>
skein::coro<> shuts_down() {
  Queue q{1};
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

  Queue waited_for;
  auto const getter =
      skein::create_task([&]() -> skein::coro<> { static_cast<void>(co_await waited_for.get()); });
  co_await all_tasks_blocked();
  waited_for.shutdown();
  REQUIRE_THROWS_AS(co_await getter, skein::queue_shut_down);
}

/// For a queue of shared pointers.
template <class Queue>
skein::coro<> drops_at_once() {
  Queue q;
  auto item = std::make_shared<int>(1);
  for (int i = 0; i < 3; ++i) {
    q.put_nowait(item);
  }
  REQUIRE(q.get_nowait() == item);
  q.put_nowait(item);
  auto const joiner = skein::create_task([&]() -> skein::coro<> { co_await q.join(); });
  co_await all_tasks_blocked();
  q.shutdown(true);
  REQUIRE(item.use_count() == 1);
  REQUIRE(q.qsize() == 0);
  co_await all_tasks_blocked();
  REQUIRE_FALSE(joiner.done());  // one was taken, and is not done
  q.task_done();
  co_await joiner;
  REQUIRE_THROWS_AS(q.task_done(), std::invalid_argument);
  REQUIRE_THROWS_AS(co_await q.get(), skein::queue_shut_down);
}

template <class Queue>
skein::coro<> says_what_it_is(std::string name) {
  Queue q{3};
  REQUIRE(q.repr() == "<" + name + " maxsize=3>");
  co_await q.put(5);
  REQUIRE(q.repr() == "<" + name + " maxsize=3 size=1 tasks=1>");
  REQUIRE(co_await q.get() == 5);
  q.task_done();
  auto const getter = skein::create_task([&]() -> skein::coro<> { static_cast<void>(co_await q.get()); });
  co_await all_tasks_blocked();
  REQUIRE(q.repr() == "<" + name + " maxsize=3 _getters[1]>");
  q.shutdown();
  REQUIRE(q.repr() == "<" + name + " maxsize=3 shutdown>");
  REQUIRE_THROWS_AS(co_await getter, skein::queue_shut_down);
}

/// Threads put and take, tasks take and are cancelled: every item once.
template <class Queue>
skein::coro<> keeps_every_item() {
  constexpr int items = 2000;
  constexpr int threads = 2;
  Queue q;
  std::vector<std::atomic<int>> taken(items * threads);
  auto const get = [&]() -> skein::coro<> {
    for (;;) {
      taken[static_cast<std::size_t>(co_await q.get())].fetch_add(1);
      q.task_done();
    }
  };
  std::vector<skein::task<>> getters;
  for (int i = 0; i < 4; ++i) {
    getters.push_back(skein::create_task(get));
  }
  co_await all_tasks_blocked();
  std::vector<std::thread> putters;
  for (int t = 0; t < threads; ++t) {
    putters.emplace_back([&, t] {
      for (int i = 0; i < items; ++i) {
        q.put_nowait(t * items + i);
        if (i % 16 == 0) {
          getters[static_cast<std::size_t>(t)].cancel();
        }
        if (i % 4 == 0) {
          try {
            taken[static_cast<std::size_t>(q.get_nowait())].fetch_add(1);
            q.task_done();
          } catch (skein::queue_empty const&) {
          }
        }
      }
    });
  }
  for (auto& putter : putters) {
    putter.join();
  }
  co_await q.join();
  q.shutdown();
  for (auto const& n : taken) {
    REQUIRE(n.load() == 1);
  }
  co_await skein::gather(skein::return_exceptions, getters);
}

}  // namespace queue_facts
