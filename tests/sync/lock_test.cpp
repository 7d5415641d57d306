// SPDX-License-Identifier: Apache-2.0
// lock_test.cpp: handing a lock from task to task.
#include <support/test_case.hpp>

#include <skein/core/create_task.hpp>
#include <skein/core/event_loop.hpp>
#include <skein/core/sleep.hpp>
#include <skein/sync/lock.hpp>

#include <memory>
#include <thread>
#include <type_traits>
#include <vector>

using namespace std::chrono_literals;

static_assert(!std::is_copy_constructible_v<skein::lock> && !std::is_move_constructible_v<skein::lock>);
static_assert(!skein::awaitable<skein::lock&>);  // LOCK-007: one awaits acquire() or scoped()

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

SKEIN_TEST_CASE("lock: each release hands it to the next in line, also to one that came later (LOCK-002)",
                "[sync][lock]") {
  skein::lock lock;
  std::vector<int> order;
  std::vector<skein::task<>> tasks;
  auto const queue_up = [&](int i) -> skein::coro<> {
    tasks.push_back(skein::create_task([&, i]() -> skein::coro<> {
      co_await lock.acquire();
      order.push_back(i);
    }));
    co_await all_tasks_blocked();
  };
  co_await lock.acquire();
  co_await queue_up(1);
  co_await queue_up(2);
  REQUIRE(lock.waiting() == 2);
  REQUIRE(order.empty());

  lock.release();
  co_await all_tasks_blocked();
  REQUIRE(order == std::vector<int>{1});
  co_await queue_up(3);
  lock.release();
  co_await all_tasks_blocked();
  REQUIRE(order == std::vector<int>{1, 2});
  lock.release();
  co_await all_tasks_blocked();
  REQUIRE(order == std::vector<int>{1, 2, 3});

  lock.release();
  REQUIRE_FALSE(lock.locked());
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

SKEIN_TEST_CASE_1W("lock: released and the first waiter cancelled in one turn, the next gets it (LOCK-003)",
                   "[sync][lock]") {
  for (bool const cancel_first : {true, false}) {
    skein::lock lock;
    co_await lock.acquire();
    auto const take = [&]() -> skein::coro<> { co_await lock.acquire(); };
    auto const b = skein::create_task(take);
    auto const c = skein::create_task(take);
    co_await all_tasks_blocked();
    if (cancel_first) {
      REQUIRE(b.cancel());
      lock.release();
    } else {
      lock.release();
      REQUIRE(b.cancel());
    }
    REQUIRE_THROWS_AS(co_await b, skein::cancelled_error);
    co_await c;
    REQUIRE(lock.locked());
    lock.release();
    REQUIRE_FALSE(lock.locked());
  }
}

SKEIN_TEST_CASE_1W("lock: a waiter that is cancelled after it was woken gives it back at once (LOCK-004, B6)",
                   "[sync][lock]") {
  skein::lock lock;
  co_await lock.acquire();
  int acquired = 0;
  auto const take = [&]() -> skein::coro<> {
    co_await lock.acquire();
    ++acquired;
  };
  auto const a = skein::create_task(take);
  auto const b = skein::create_task(take);
  co_await all_tasks_blocked();
  lock.release();
  REQUIRE(lock.waiting() == 1);
  REQUIRE(a.cancel());
  REQUIRE(lock.waiting() == 0);  // b has it already, though a did not run
  REQUIRE_FALSE(lock.try_acquire());
  REQUIRE(b.cancel());
  REQUIRE(lock.try_acquire());  // and so does the next who comes
  lock.release();
  auto const c = skein::create_task(take);
  REQUIRE_THROWS_AS(co_await a, skein::cancelled_error);
  REQUIRE_THROWS_AS(co_await b, skein::cancelled_error);
  co_await c;
  REQUIRE(acquired == 1);
  REQUIRE(lock.locked());
  lock.release();
}

SKEIN_TEST_CASE_1W("lock: a head that was cancelled but did not run yet is not in the way of a release (B7)",
                   "[sync][lock]") {
  skein::lock lock;
  co_await lock.acquire();
  std::vector<char> order;
  auto const take = [&](char name) -> skein::coro<> {
    try {
      co_await lock.acquire();
    } catch (skein::cancelled_error const&) {
      order.push_back('x');
      throw;
    }
    order.push_back(name);
    lock.release();
  };
  auto const head = skein::create_task(take, 'a');
  auto const next = skein::create_task(take, 'b');
  auto const last = skein::create_task(take, 'c');
  co_await all_tasks_blocked();
  head.cancel();
  lock.release();
  REQUIRE(order.empty());
  co_await all_tasks_blocked();
  REQUIRE(order == std::vector<char>{'x', 'b', 'c'});
  REQUIRE(head.cancelled());
  co_await next;
  co_await last;
  REQUIRE_FALSE(lock.locked());
}

SKEIN_TEST_CASE("lock: cancelled waiters do not change the order of the others (B14)", "[sync][lock]") {
  skein::lock lock;
  co_await lock.acquire();
  std::vector<int> order;
  std::vector<skein::task<>> tasks;
  for (int i = 0; i < 10; ++i) {
    tasks.push_back(skein::create_task([&, i]() -> skein::coro<> {
      auto const permit = co_await lock.scoped();
      order.push_back(i);
    }));
    co_await all_tasks_blocked();
  }
  for (std::size_t const victim : {4U, 0U, 9U, 5U}) {
    tasks[victim].cancel();
  }
  lock.release();
  co_await all_tasks_blocked();
  REQUIRE(order == std::vector<int>{1, 2, 3, 6, 7, 8});
  REQUIRE_FALSE(lock.locked());
  for (auto const& task : tasks) {
    REQUIRE(task.done());
  }
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

TEST_CASE("lock: tasks of two runtimes contend for it; it is bound to none (LOCK-008, differs)",
          "[sync][lock]") {
  constexpr int rounds = 300;
  skein::lock lock;
  int counter = 0;
  auto const count = [&]() -> skein::coro<> {
    for (int i = 0; i < rounds; ++i) {
      auto const permit = co_await lock.scoped();
      int const before = counter;
      co_await skein::sleep(0s);  // the other runtime comes to wait
      counter = before + 1;
    }
  };
  auto const two_tasks = [&]() -> skein::coro<> {
    auto const a = skein::create_task(count);
    auto const b = skein::create_task(count);
    co_await a;
    co_await b;
  };
  std::thread other{[&] { skein::run(two_tasks, {.workers = 1}); }};
  skein::run(two_tasks, {.workers = 2});
  other.join();
  REQUIRE(counter == 4 * rounds);
  REQUIRE_FALSE(lock.locked());
}

TEST_CASE("lock: destroyed while tasks wait, it leaves them to be cancelled", "[sync][lock]") {
  auto const loop = skein::new_event_loop();
  auto lock = std::make_unique<skein::lock>();
  std::vector<skein::task<>> tasks;
  loop->run_until_complete([&]() -> skein::coro<> {
    co_await lock->acquire();
    for (int i = 0; i < 2; ++i) {
      tasks.push_back(skein::create_task(lock->acquire()));
    }
    co_await all_tasks_blocked();
    lock.reset();
    co_await all_tasks_blocked();
    for (auto const& task : tasks) {
      REQUIRE_FALSE(task.done());
      REQUIRE(task.cancel());
      REQUIRE_THROWS_AS(co_await task, skein::cancelled_error);
    }
  });
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
