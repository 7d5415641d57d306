// SPDX-License-Identifier: Apache-2.0
// watch_test.cpp: the latest value, and who wants to know that it changed.
#include <support/test_case.hpp>

#include <skein/core/create_task.hpp>
#include <skein/sync/watch.hpp>

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <type_traits>
#include <vector>

using receiver = skein::watch<int>::receiver;

static_assert(!std::is_copy_constructible_v<skein::watch<int>>);
static_assert(!std::is_copy_constructible_v<receiver>);
static_assert(std::is_nothrow_move_constructible_v<receiver>);

SKEIN_TEST_CASE("watch: a receiver learns that the value changed, not how often", "[sync][watch]") {
  skein::watch<int> value{1};
  receiver mine = value.subscribe();
  REQUIRE(mine.get() == 1);
  REQUIRE_FALSE(mine.has_changed());
  value.send(2);
  value.send(3);
  REQUIRE(mine.has_changed());
  REQUIRE(co_await mine.changed());
  REQUIRE_FALSE(mine.has_changed());
  REQUIRE(mine.get() == 3);
  REQUIRE(value.get() == 3);
  value.send(4);
  REQUIRE(mine.get() == 4);
  REQUIRE(mine.has_changed());  // looking is not seeing
  REQUIRE(mine.get_and_update() == 4);
  REQUIRE_FALSE(mine.has_changed());
}

SKEIN_TEST_CASE("watch: changed waits for a version that was not seen", "[sync][watch]") {
  skein::watch<std::string> value{"old"};
  auto mine = value.subscribe();
  auto const task = skein::create_task([&]() -> skein::coro<std::string> {
    bool const changed = co_await mine.changed();
    REQUIRE(changed);
    co_return mine.get();
  });
  co_await all_tasks_blocked();
  REQUIRE(value.waiting() == 1);
  REQUIRE_FALSE(task.done());
  value.send("new");
  REQUIRE(co_await task == "new");
  REQUIRE(value.waiting() == 0);
}

SKEIN_TEST_CASE("watch: closing it is seen after the last version", "[sync][watch]") {
  skein::watch<int> value{1};
  receiver mine = value.subscribe();
  receiver waits = value.subscribe();
  auto const task = skein::create_task(waits.changed());
  co_await all_tasks_blocked();
  value.close();
  REQUIRE_FALSE(co_await task);
  REQUIRE_FALSE(co_await mine.changed());
  REQUIRE_THROWS_AS(value.send(2), skein::channel_closed);
  REQUIRE(mine.get() == 1);

  skein::watch<int> other{1};
  receiver late = other.subscribe();
  other.send(2);
  other.close();
  REQUIRE(other.closed());
  REQUIRE(co_await late.changed());
  REQUIRE(late.get() == 2);
  REQUIRE_FALSE(co_await late.changed());
}

SKEIN_TEST_CASE("watch: receivers may outlive it, with its last value", "[sync][watch]") {
  auto value = std::make_unique<skein::watch<std::string>>("last");
  auto mine = value->subscribe();
  REQUIRE(value->receivers() == 1);
  auto const waiting = skein::create_task(mine.changed());
  co_await all_tasks_blocked();
  value.reset();
  REQUIRE_FALSE(co_await waiting);
  REQUIRE(mine.get() == "last");
}

SKEIN_TEST_CASE("watch: a cancelled changed has seen nothing (T1)", "[sync][watch]") {
  skein::watch<int> value{1};
  receiver mine = value.subscribe();
  auto const victim =
      skein::create_task([&]() -> skein::coro<> { static_cast<void>(co_await mine.changed()); });
  co_await all_tasks_blocked();
  victim.cancel();
  value.send(2);
  REQUIRE_THROWS_AS(co_await victim, skein::cancelled_error);
  REQUIRE(mine.has_changed());
  REQUIRE(co_await mine.changed());
  REQUIRE(mine.get() == 2);
}

SKEIN_TEST_CASE("watch: every receiver sees the last of many values, and none goes back", "[sync][watch]") {
  constexpr int values = 2000;
  skein::watch<int> value{0};
  std::vector<skein::task<int>> tasks;
  std::atomic<int> back{0};
  for (int i = 0; i < 4; ++i) {
    tasks.push_back(skein::create_task([&back, mine = value.subscribe()]() mutable -> skein::coro<int> {
      int last = 0;
      for (;;) {
        bool const changed = co_await mine.changed();
        if (!changed) {
          co_return last;
        }
        int const now = mine.get();
        back.fetch_add(now < last ? 1 : 0);
        last = now;
      }
    }));
  }
  std::thread sender{[&] {
    for (int i = 1; i <= values; ++i) {
      value.send(i);
    }
    value.close();
  }};
  for (auto const& task : tasks) {
    REQUIRE(co_await task == values);
  }
  sender.join();
  REQUIRE(back.load() == 0);
}
