// SPDX-License-Identifier: Apache-2.0
// condition_test.cpp: waiting for a change that somebody announces.
#include <support/test_case.hpp>

#include <skein/core/create_task.hpp>
#include <skein/core/event_loop.hpp>
#include <skein/core/gather.hpp>
#include <skein/core/runtime.hpp>
#include <skein/core/sleep.hpp>
#include <skein/sync/condition.hpp>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <utility>
#include <vector>

using namespace std::chrono_literals;

SKEIN_TEST_CASE("condition: who is notified goes on when the lock is free, one after the other (COND-001)",
                "[sync][condition]") {
  skein::condition condition;
  std::vector<int> order;
  std::vector<skein::task<>> tasks;
  for (int i = 1; i <= 3; ++i) {
    tasks.push_back(skein::create_task([&, i]() -> skein::coro<> {
      co_await condition.acquire();
      co_await condition.wait();
      order.push_back(i);  // and keeps the lock
    }));
    co_await all_tasks_blocked();
  }
  REQUIRE(condition.waiting() == 3);
  co_await condition.acquire();
  condition.notify();
  co_await all_tasks_blocked();
  REQUIRE(order.empty());
  condition.release();
  co_await all_tasks_blocked();
  REQUIRE(order == std::vector<int>{1});
  REQUIRE(condition.locked());

  condition.notify(2);
  co_await all_tasks_blocked();
  REQUIRE(order == std::vector<int>{1});
  condition.release();
  co_await all_tasks_blocked();
  REQUIRE(order == std::vector<int>{1, 2});
  condition.release();
  co_await all_tasks_blocked();
  REQUIRE(order == std::vector<int>{1, 2, 3});
  REQUIRE(condition.locked());
  condition.release();
}

SKEIN_TEST_CASE("condition: notifications beyond the number of waiters are not kept (COND-003)",
                "[sync][condition]") {
  skein::condition condition;
  auto const wait = [&]() -> skein::coro<> {
    auto const permit = co_await condition.scoped();
    co_await condition.wait();
  };
  auto const a = skein::create_task(wait);
  auto const b = skein::create_task(wait);
  co_await all_tasks_blocked();
  co_await condition.acquire();
  condition.notify(5);
  condition.release();
  co_await a;
  co_await b;

  auto const late = skein::create_task(wait);
  co_await all_tasks_blocked();
  REQUIRE_FALSE(late.done());
  REQUIRE(condition.waiting() == 1);
  co_await condition.acquire();
  condition.notify_all();
  condition.release();
  co_await late;
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
  REQUIRE(condition.waiting() == 1);  // the second has the notification already
  co_await all_tasks_blocked();
  REQUIRE(tasks[0].cancelled());
  REQUIRE(woken == std::vector<int>{2});
  REQUIRE_FALSE(tasks[2].done());
  tasks[2].cancel();
  co_await all_tasks_blocked();
  REQUIRE_FALSE(condition.locked());
}

SKEIN_TEST_CASE(
    "condition: an item announced to one who is cancelled at the lock is consumed by the next (COND-006)",
    "[sync][condition]") {
  skein::condition condition;
  int items = 0;
  std::vector<char> consumed;
  auto const consume = [&](char name) -> skein::coro<> {
    auto const permit = co_await condition.scoped();
    co_await condition.wait_for([&] { return items > 0; });
    --items;
    consumed.push_back(name);
  };
  auto const a = skein::create_task(consume, 'a');
  co_await all_tasks_blocked();
  auto const b = skein::create_task(consume, 'b');
  co_await all_tasks_blocked();

  co_await condition.acquire();
  items = 1;
  condition.notify(1);
  co_await all_tasks_blocked();
  REQUIRE(condition.waiting() == 1);  // a waits for the lock
  a.cancel();
  co_await all_tasks_blocked();
  REQUIRE_FALSE(a.done());  // it ends with the lock held
  condition.release();
  co_await b;
  REQUIRE_THROWS_AS(co_await a, skein::cancelled_error);
  REQUIRE(consumed == std::vector<char>{'b'});
  REQUIRE(items == 0);
  REQUIRE_FALSE(condition.locked());
}

SKEIN_TEST_CASE_1W(
    "condition: a woken waiter that is cancelled passes on the notification, not the lock (B6)",
    "[sync][condition]") {
  skein::condition condition;
  std::vector<char> order;
  auto const wait = [&](char name) -> skein::coro<> {
    auto const permit = co_await condition.scoped();
    try {
      co_await condition.wait();
      order.push_back(name);
    } catch (skein::cancelled_error const&) {
      REQUIRE(condition.locked());
      order.push_back('x');
      throw;
    }
  };
  auto const a = skein::create_task(wait, 'a');
  auto const b = skein::create_task(wait, 'b');
  co_await all_tasks_blocked();
  REQUIRE(condition.try_acquire());
  condition.notify(1);
  condition.release();  // a is woken with the lock, and did not run yet
  a.cancel();
  REQUIRE_FALSE(condition.try_acquire());
  co_await b;
  REQUIRE(a.cancelled());
  REQUIRE(order == std::vector<char>{'x', 'b'});
  REQUIRE_FALSE(condition.locked());
}

SKEIN_TEST_CASE("condition: notify, then the notified one is dropped: the next is notified (B8)",
                "[sync][condition]") {
  skein::condition condition;
  auto const wait = [&]() -> skein::coro<> {
    auto const permit = co_await condition.scoped();
    co_await condition.wait();
  };
  auto const dropped = skein::create_task(wait);
  co_await all_tasks_blocked();
  auto const next = skein::create_task(wait);
  co_await all_tasks_blocked();
  co_await condition.acquire();
  condition.notify(1);
  dropped.cancel();
  condition.release();
  co_await next;
  REQUIRE_THROWS_AS(co_await dropped, skein::cancelled_error);
}

SKEIN_TEST_CASE(
    "condition: notify_all, a newcomer, notify, then the first is dropped: the newcomer goes on (B8)",
    "[sync][condition]") {
  skein::condition condition;
  auto const wait = [&]() -> skein::coro<> {
    auto const permit = co_await condition.scoped();
    co_await condition.wait();
  };
  auto const dropped = skein::create_task(wait);
  co_await all_tasks_blocked();
  co_await condition.acquire();
  auto const newcomer = skein::create_task(wait);  // in the line of the lock
  co_await all_tasks_blocked();
  auto const notifier = skein::create_task([&]() -> skein::coro<> {  // behind it
    auto const permit = co_await condition.scoped();
    condition.notify(1);
    dropped.cancel();
  });
  co_await all_tasks_blocked();
  condition.notify_all();  // the first goes behind both
  REQUIRE(condition.waiting() == 0);
  condition.release();
  co_await notifier;
  co_await newcomer;
  REQUIRE_THROWS_AS(co_await dropped, skein::cancelled_error);
  REQUIRE_FALSE(condition.locked());
}

SKEIN_TEST_CASE("condition: notify_all wakes a task once, however many wait and whatever it awaits next (B9)",
                "[sync][condition]") {
  constexpr std::size_t waiters = 100;  // more than any batch
  skein::condition condition;
  int first = 0;
  int second = 0;
  std::vector<skein::task<>> tasks;
  for (std::size_t i = 0; i < waiters; ++i) {
    tasks.push_back(skein::create_task([&]() -> skein::coro<> {
      auto const permit = co_await condition.scoped();
      co_await condition.wait();
      ++first;
      co_await condition.wait();
      ++second;
    }));
  }
  co_await all_tasks_blocked();
  co_await condition.acquire();
  condition.notify_all();
  condition.release();
  co_await all_tasks_blocked();
  REQUIRE(first == static_cast<int>(waiters));
  REQUIRE(second == 0);
  REQUIRE(condition.waiting() == waiters);
  co_await condition.acquire();
  condition.notify(waiters);
  condition.release();
  for (auto const& task : tasks) {
    co_await task;
  }
  REQUIRE(second == static_cast<int>(waiters));
}

SKEIN_TEST_CASE("condition: a cancelled waiter that was not notified gives no notification on (B15)",
                "[sync][condition]") {
  skein::condition condition;
  std::vector<skein::task<>> tasks;
  for (int i = 0; i < 3; ++i) {
    tasks.push_back(skein::create_task([&]() -> skein::coro<> {
      auto const permit = co_await condition.scoped();
      co_await condition.wait();
    }));
    co_await all_tasks_blocked();
  }
  tasks[0].cancel();
  tasks[0].cancel();
  co_await all_tasks_blocked();
  REQUIRE(tasks[0].cancelled());
  REQUIRE(condition.waiting() == 2);
  co_await condition.acquire();
  condition.notify(1);
  tasks[1].cancel();
  tasks[1].cancel();  // passes it on once
  REQUIRE(condition.waiting() == 0);
  condition.release();
  co_await tasks[2];
  REQUIRE(tasks[1].cancelled());
}

TEST_CASE("condition: a notified waiter whose loop is closed leaves the notification to the next (B8)",
          "[sync][condition]") {
  skein::condition condition;
  auto const wait = [&]() -> skein::coro<> {
    co_await condition.acquire();
    co_await condition.wait();
    condition.release();
  };
  auto const rest = []() -> skein::coro<> { co_await all_tasks_blocked(); };
  auto const closed = skein::new_event_loop();
  closed->set_exception_handler([](skein::event_loop&, skein::exception_context const&) {});
  auto const other = skein::new_event_loop();
  auto const dropped = closed->create_task(wait);
  closed->run_until_complete(rest);
  auto const next = other->create_task(wait);
  other->run_until_complete(rest);
  REQUIRE(condition.waiting() == 2);

  REQUIRE(condition.try_acquire());
  condition.notify(1);
  closed->close();
  REQUIRE(dropped.cancelled());
  REQUIRE(condition.waiting() == 0);
  condition.release();
  other->run_until_complete(next);
  REQUIRE_FALSE(condition.locked());
}

SKEIN_TEST_CASE("condition: destroyed before its lock, it is not looked for by those who were notified",
                "[sync][condition]") {
  skein::lock lock;
  auto condition = std::make_unique<skein::condition>(lock);
  auto const waiter = skein::create_task([&]() -> skein::coro<> {
    auto const permit = co_await lock.scoped();
    co_await condition->wait();
  });
  co_await all_tasks_blocked();
  co_await lock.acquire();
  condition->notify_all();
  condition.reset();
  waiter.cancel();
  lock.release();
  REQUIRE_THROWS_AS(co_await waiter, skein::cancelled_error);
  REQUIRE_FALSE(lock.locked());
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
    "condition: 8 producers, 8 consumers that are cancelled now and then: every item is taken once "
    "(COND-008)",
    "[sync][condition]") {
  constexpr int items = 10'000;
  constexpr int pairs = 8;
  skein::lock lock;
  skein::condition not_empty{lock};
  skein::condition not_full{lock};
  std::deque<int> buffer;
  std::atomic<int> consumed{0};
  std::atomic<long> sum{0};
  auto const produce = [&](int first) -> skein::coro<> {
    for (int i = first; i < items; i += pairs) {
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
  std::vector<skein::task<>> cancelled;
  for (int i = 0; i < pairs; ++i) {
    producers.push_back(skein::create_task(produce, i));
    consumers.push_back(skein::create_task(consume));
  }
  std::uint32_t random = 1;
  while (consumed < items) {
    co_await skein::sleep(0s);
    random = random * 1664525U + 1013904223U;
    auto& victim = consumers[(random >> 16) % consumers.size()];
    if (victim.cancel()) {
      cancelled.push_back(std::exchange(victim, skein::create_task(consume)));
    }
  }
  for (auto const& task : producers) {
    co_await task;
  }
  for (auto const& task : consumers) {
    co_await task;
  }
  co_await skein::gather(skein::return_exceptions, cancelled);
  REQUIRE(sum == static_cast<long>(items) * (items - 1) / 2);
  if (skein::runtime::current().workers() == 1) {
    REQUIRE(cancelled.size() > 1000);
  }
}

// The first may have taken its notification already: then the second keeps waiting.
SKEIN_TEST_CASE("condition: of a notification and a cancel, exactly one waiter is woken by it (COND-005)",
                "[sync][condition]") {
  for (int round = 0; round < 20; ++round) {
    skein::condition condition;
    std::vector<int> woken;  // guarded by the condition's lock
    std::vector<skein::task<>> tasks;
    for (int i = 0; i < 3; ++i) {
      tasks.push_back(skein::create_task([&, i]() -> skein::coro<> {
        auto const permit = co_await condition.scoped();
        co_await condition.wait();
        woken.push_back(i);
      }));
      while (condition.waiting() < static_cast<std::size_t>(i) + 1) {
        co_await skein::sleep(0s);
      }
    }
    {
      auto const permit = co_await condition.scoped();
      condition.notify(1);
    }
    tasks[0].cancel();
    co_await all_tasks_blocked();
    REQUIRE(tasks[0].done());
    REQUIRE(woken == std::vector<int>{tasks[0].cancelled() ? 1 : 0});
    REQUIRE_FALSE(tasks[2].done());
    REQUIRE(condition.waiting() == (tasks[0].cancelled() ? 1 : 2));
    {
      auto const permit = co_await condition.scoped();
      condition.notify_all();
    }
    co_await all_tasks_blocked();
    REQUIRE(woken.size() == (tasks[0].cancelled() ? 2 : 3));
    REQUIRE(tasks[2].done());
    REQUIRE_FALSE(condition.locked());
  }
}
