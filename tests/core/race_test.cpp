// SPDX-License-Identifier: Apache-2.0
// race_test.cpp: the first to end wins; the others are cancelled, and have ended when the race returns.
#include <support/test_case.hpp>

#include <skein/core/race.hpp>
#include <skein/core/sleep.hpp>

#include <atomic>
#include <memory>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <variant>
#include <vector>

using namespace std::chrono_literals;

namespace {

skein::coro<int> after(skein::delay d, int value) {
  co_await skein::sleep(d);
  co_return value;
}
skein::coro<std::string> never(std::atomic<int>& ended) {
  struct count {
    std::atomic<int>& n;
    ~count() { n.fetch_add(1); }
  } const counted{ended};
  co_await skein::sleep(1000h);
  co_return "never";
}
skein::coro<int> fails() {
  co_await skein::sleep(0s);
  throw std::runtime_error{"no luck"};
}

/// Swallows cancels and goes on until the future is set.
skein::coro<int> stubborn(skein::future<> until, std::atomic<int>& cancels) {
  for (;;) {
    try {
      co_await skein::sleep(until.done() ? 0h : 1000h);
      break;
    } catch (skein::cancelled_error const&) {
      cancels.fetch_add(1);
    }
    if (until.done()) {
      break;
    }
  }
  co_return 1;
}

}  // namespace

SKEIN_TEST_CASE("race: it gives the index and the value of the first", "[core][race]") {
  auto const same = co_await skein::race(after(1000h, 1), after(1ms, 2), after(1000h, 3));
  static_assert(std::is_same_v<decltype(same.value), int>);
  REQUIRE(same.index == 1);
  REQUIRE(same.value == 2);
  std::atomic<int> ended{0};
  auto const mixed = co_await skein::race(never(ended), after(1ms, 4), skein::sleep(1000h));
  static_assert(std::is_same_v<decltype(mixed.value), std::variant<std::string, int, std::monostate>>);
  REQUIRE(mixed.index == 1);
  REQUIRE(std::get<1>(mixed.value) == 4);
  REQUIRE(ended.load() == 1);
}

SKEIN_TEST_CASE("race: of a range", "[core][race]") {
  std::vector<skein::coro<int>> many;
  for (int i = 0; i < 10; ++i) {
    many.push_back(after(i == 7 ? 1ms : 1000h, i));
  }
  auto const won = co_await skein::race(std::move(many));
  REQUIRE(won.index == 7);
  REQUIRE(won.value == 7);
  std::vector<skein::task<int>> const none;
  REQUIRE_THROWS_AS(co_await skein::race(none), std::invalid_argument);
  std::vector<skein::task<int>> const null(1);
  REQUIRE_THROWS_AS(co_await skein::race(null), skein::invalid_state_error);
}

SKEIN_TEST_CASE("race: move-only values and one racer alone", "[core][race]") {
  auto const boxed = []() -> skein::coro<std::unique_ptr<int>> { co_return std::make_unique<int>(3); };
  auto const won = co_await skein::race(boxed());
  REQUIRE(*won.value == 3);
}

SKEIN_TEST_CASE("race: losers have ended when it returns, also those that clean up for a while",
                "[core][race]") {
  std::atomic<bool> cleaned{false};
  auto const loser = [&]() -> skein::coro<int> {
    try {
      co_await skein::sleep(1000h);
    } catch (skein::cancelled_error const&) {
    }
    co_await skein::sleep(2ms);
    cleaned.store(true);
    throw std::runtime_error{"dropped"};
  };
  auto const winner = skein::create_future<int>();
  auto const racing = skein::create_task(skein::race(loser(), winner));
  co_await all_tasks_blocked();
  winner.set_result(5);
  REQUIRE((co_await racing).value == 5);
  REQUIRE(cleaned.load());
}

SKEIN_TEST_CASE("race: an error of the first is thrown, those of losers are dropped", "[core][race]") {
  std::atomic<int> reports{0};
  skein::runtime::current().set_exception_handler(
      [&](skein::event_loop&, skein::exception_context const&) { reports.fetch_add(1); });
  std::atomic<int> ended{0};
  REQUIRE_THROWS_WITH(co_await skein::race(never(ended), fails()), "no luck");
  REQUIRE(ended.load() == 1);
  auto const loser = skein::create_future<int>();
  auto const both = skein::create_future<int>();
  both.set_result(1);
  loser.set_exception(std::runtime_error{"dropped"});
  REQUIRE((co_await skein::race(both, loser)).index == 0);
  co_await all_tasks_blocked();
  REQUIRE(reports.load() == 0);
  skein::runtime::current().set_exception_handler(nullptr);
}

SKEIN_TEST_CASE("race: a racer that somebody cancels ends it cancelled", "[core][race]") {
  auto const racer = skein::create_task(after(1000h, 1));
  std::atomic<int> ended{0};
  auto const racing = skein::create_task(skein::race(racer, never(ended)));
  co_await all_tasks_blocked();
  racer.cancel();
  REQUIRE_THROWS_AS(co_await racing, skein::cancelled_error);
  REQUIRE(ended.load() == 1);
}

SKEIN_TEST_CASE("race: cancelled, it cancels all each time, and ends when they have", "[core][race]") {
  auto const until = skein::create_future<>();
  std::atomic<int> cancels{0};
  std::atomic<int> ended{0};
  auto const racing = skein::create_task(skein::race(stubborn(until, cancels), never(ended)));
  co_await all_tasks_blocked();
  racing.cancel();
  co_await all_tasks_blocked();
  REQUIRE(cancels.load() >= 1);
  REQUIRE(ended.load() == 1);
  REQUIRE_FALSE(racing.done());
  until.set_result();
  racing.cancel();
  REQUIRE_THROWS_AS(co_await racing, skein::cancelled_error);
  REQUIRE(cancels.load() >= 2);
}

SKEIN_TEST_CASE("race: when one racer cannot be started the others are ended first", "[core][race]") {
  std::atomic<int> ended{0};
  auto used = after(0s, 1);
  co_await std::move(used);
  REQUIRE_THROWS_WITH(co_await skein::race(never(ended), std::move(used)),
                      Catch::StartsWith("coroutine is being awaited already"));
  REQUIRE(ended.load() <= 1);
  co_await all_tasks_blocked();
  REQUIRE(skein::all_tasks().size() == 1);
}

SKEIN_TEST_CASE("race: nothing starts before it is awaited", "[core][race]") {
  bool started = false;
  auto const racer = [&]() -> skein::coro<> {
    started = true;
    co_return;
  };
  {
    auto const dropped = skein::race(racer(), racer());
  }
  co_await all_tasks_blocked();
  REQUIRE_FALSE(started);
}

SKEIN_TEST_CASE("race: cancelled before its first step, while it runs, and after its end (B25)",
                "[core][race]") {
  std::atomic<int> ended{0};
  auto const before = skein::create_task(skein::race(never(ended), never(ended)));
  before.cancel();
  REQUIRE_THROWS_AS(co_await before, skein::cancelled_error);
  auto const during = skein::create_task(skein::race(never(ended), never(ended)));
  co_await all_tasks_blocked();
  during.cancel();
  REQUIRE_THROWS_AS(co_await during, skein::cancelled_error);
  auto const done = skein::create_task(skein::race(after(0s, 1), after(1000h, 2)));
  REQUIRE((co_await done).value == 1);
  REQUIRE_FALSE(done.cancel());
  REQUIRE(skein::all_tasks().size() == 1);
}

TEST_CASE("race: racers that end on other cores at one moment leave one winner (B24)", "[core][race]") {
  std::atomic<int> entered{0};
  std::atomic<int> left{0};
  int wrong = 0;
  skein::run(
      [&]() -> skein::coro<> {
        struct count {
          std::atomic<int>& n;
          ~count() { n.fetch_add(1); }
        };
        auto const racer = [&](int n) -> skein::coro<int> {
          entered.fetch_add(1);
          count const counted{left};
          co_await skein::sleep(std::chrono::microseconds{n % 3});
          co_return n;
        };
        for (int round = 0; round < 300; ++round) {
          auto const racing = skein::create_task(skein::race(racer(0), racer(1), racer(2), racer(3)));
          if (round % 3 == 0) {
            co_await skein::sleep(std::chrono::microseconds{round % 20});
            racing.cancel();
          }
          try {
            auto const won = co_await racing;
            wrong += static_cast<int>(won.index) == won.value ? 0 : 1;
          } catch (skein::cancelled_error const&) {
            wrong += round % 3 == 0 ? 0 : 1;
          }
          wrong += entered.load() == left.load() ? 0 : 1;
        }
      },
      {.workers = 4});
  REQUIRE(wrong == 0);
}
