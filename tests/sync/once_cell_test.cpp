// SPDX-License-Identifier: Apache-2.0
// once_cell_test.cpp: a value that is made once.
#include <support/test_case.hpp>

#include <skein/core/create_task.hpp>
#include <skein/sync/event.hpp>
#include <skein/sync/once_cell.hpp>

#include <atomic>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <type_traits>
#include <vector>

static_assert(!std::is_copy_constructible_v<skein::once_cell<int>>);

SKEIN_TEST_CASE("once_cell: it is empty until somebody makes the value", "[sync][once_cell]") {
  skein::once_cell<std::string> cell;
  REQUIRE(cell.get() == nullptr);
  std::string& made = co_await cell.get_or_init([] { return "first"; });
  REQUIRE(made == "first");
  REQUIRE(cell.get() == &made);
  REQUIRE(&co_await cell.get_or_init([] { return "second"; }) == &made);
  REQUIRE(*std::as_const(cell).get() == "first");
}

SKEIN_TEST_CASE("once_cell: one initialiser runs, the others wait for its value", "[sync][once_cell]") {
  skein::once_cell<std::unique_ptr<int>> cell;
  skein::event go_on;
  std::atomic<int> runs{0};
  std::vector<skein::task<int>> tasks;
  for (int i = 0; i < 10; ++i) {
    tasks.push_back(skein::create_task([&]() -> skein::coro<int> {
      auto const make = [&]() -> skein::coro<std::unique_ptr<int>> {
        runs.fetch_add(1);
        co_await go_on.wait();
        co_return std::make_unique<int>(7);
      };
      co_return *(co_await cell.get_or_init(make));
    }));
  }
  co_await all_tasks_blocked();
  REQUIRE(runs.load() == 1);
  REQUIRE(cell.waiting() == 9);
  REQUIRE(cell.get() == nullptr);
  REQUIRE_FALSE(cell.set(nullptr));  // an initialiser runs
  go_on.set();
  for (auto const& task : tasks) {
    REQUIRE(co_await task == 7);
  }
  REQUIRE(runs.load() == 1);
}

SKEIN_TEST_CASE("once_cell: when an initialiser throws, the next in line tries", "[sync][once_cell]") {
  skein::once_cell<int> cell;
  skein::event go_on;
  std::vector<int> tried;
  std::vector<skein::task<int>> tasks;
  for (int i = 0; i < 4; ++i) {
    tasks.push_back(skein::create_task([&, i]() -> skein::coro<int> {
      auto const make = [&, i]() -> skein::coro<int> {
        tried.push_back(i);
        co_await go_on.wait();
        if (i < 2) {
          throw std::domain_error{"not yet"};
        }
        co_return i;
      };
      co_return co_await cell.get_or_init(make);
    }));
    co_await all_tasks_blocked();
  }
  go_on.set();
  REQUIRE_THROWS_AS(co_await tasks[0], std::domain_error);
  REQUIRE_THROWS_AS(co_await tasks[1], std::domain_error);
  REQUIRE(co_await tasks[2] == 2);
  REQUIRE(co_await tasks[3] == 2);
  REQUIRE(tried == std::vector<int>{0, 1, 2});
}

SKEIN_TEST_CASE("once_cell: when an initialiser is cancelled, the next in line tries (T1)",
                "[sync][once_cell]") {
  skein::once_cell<int> cell;
  skein::event never;
  auto const stuck = [&]() -> skein::coro<int> {
    auto const make = [&]() -> skein::coro<int> {
      co_await never.wait();
      co_return 1;
    };
    co_return co_await cell.get_or_init(make);
  };
  auto const quick = [&]() -> skein::coro<int> { co_return co_await cell.get_or_init([] { return 2; }); };
  auto const first = skein::create_task(stuck);
  co_await all_tasks_blocked();
  auto const victim = skein::create_task(quick);
  co_await all_tasks_blocked();
  auto const third = skein::create_task(quick);
  co_await all_tasks_blocked();
  REQUIRE(cell.waiting() == 2);
  first.cancel();
  victim.cancel();
  REQUIRE(co_await third == 2);
  REQUIRE_THROWS_AS(co_await first, skein::cancelled_error);
  REQUIRE_THROWS_AS(co_await victim, skein::cancelled_error);
  REQUIRE(*cell.get() == 2);
}

SKEIN_TEST_CASE("once_cell: set fills an empty cell once", "[sync][once_cell]") {
  skein::once_cell<int> cell;
  REQUIRE(cell.set(1));
  REQUIRE_FALSE(cell.set(2));
  REQUIRE(*cell.get() == 1);
  bool called = false;
  REQUIRE(co_await cell.get_or_init([&] {
    called = true;
    return 3;
  }) == 1);
  REQUIRE_FALSE(called);
}

SKEIN_TEST_CASE("once_cell: threads that set and tasks that initialise agree on one value",
                "[sync][once_cell]") {
  for (int round = 0; round < 100; ++round) {
    skein::once_cell<std::string> cell;
    std::atomic<int> made{0};
    std::vector<skein::task<std::string>> tasks;
    for (int i = 0; i < 4; ++i) {
      tasks.push_back(skein::create_task([&, i]() -> skein::coro<std::string> {
        co_return co_await cell.get_or_init([&made, i] {
          made.fetch_add(1);
          return std::string(30, static_cast<char>('a' + i));
        });
      }));
    }
    std::thread setter{[&] { made.fetch_add(cell.set(std::string(30, 'z')) ? 1 : 0); }};
    std::string const value = co_await tasks[0];
    for (auto const& task : tasks) {
      REQUIRE(co_await task == value);
    }
    setter.join();
    REQUIRE(made.load() == 1);
    REQUIRE(*cell.get() == value);
  }
}
