// SPDX-License-Identifier: Apache-2.0
// wait_for_test.cpp: awaiting one thing for so long at most, and the requests that meet it.
#include <support/test_case.hpp>

#include <skein/core/shield.hpp>
#include <skein/core/sleep.hpp>
#include <skein/core/wait_for.hpp>
#include <skein/core/when_all.hpp>

#include <atomic>
#include <limits>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

using namespace std::chrono_literals;

namespace {

skein::coro<int> after(skein::delay d, int value) {
  co_await skein::sleep(d);
  co_return value;
}

/// Waits for ever; when it is cancelled it cleans up for a while, and then ends so.
skein::coro<int> cleans_up(std::atomic<bool>& cleaned) {
  bool cancelled = false;
  try {
    co_await skein::sleep(1000h);
  } catch (skein::cancelled_error const&) {
    cancelled = true;
  }
  co_await skein::sleep(2ms);
  cleaned.store(true);
  if (cancelled) {
    throw skein::cancelled_error{};
  }
  co_return 0;
}

/// Waits for ever, and returns when it is cancelled.
skein::coro<int> swallows(int value) {
  try {
    co_await skein::sleep(1000h);
  } catch (skein::cancelled_error const&) {
  }
  co_return value;
}

}  // namespace

SKEIN_TEST_CASE("wait_for: without a limit, or with an infinite one, it awaits plainly (WFOR-001)",
                "[core][wait_for]") {
  REQUIRE(co_await skein::wait_for(after(1ms, 1), std::nullopt) == 1);
  std::chrono::duration<double> const infinite{std::numeric_limits<double>::infinity()};
  REQUIRE(co_await skein::wait_for(after(1ms, 2), infinite) == 2);
  REQUIRE(co_await skein::wait_for(after(1ms, 3), 1h) == 3);
  co_await skein::wait_for(skein::sleep(1ms), 1h);
}

SKEIN_TEST_CASE("wait_for: references and move-only results pass", "[core][wait_for]") {
  int number = 1;
  auto const referring = [](int& n) -> skein::coro<int&> {
    co_await skein::sleep(0s);
    co_return n;
  };
  REQUIRE(&co_await skein::wait_for(referring(number), 1h) == &number);
  auto const boxed = []() -> skein::coro<std::unique_ptr<int>> { co_return std::make_unique<int>(3); };
  auto const box = co_await skein::wait_for(skein::create_task(boxed()), 1h);
  REQUIRE(*box == 3);
}

SKEIN_TEST_CASE("wait_for: at the limit the inner task has ended before the error comes (WFOR-002)",
                "[core][wait_for]") {
  std::atomic<bool> cleaned{false};
  auto const inner = skein::create_task(cleans_up(cleaned));
  REQUIRE_THROWS_AS(co_await skein::wait_for(inner, 1ms), skein::timeout_error);
  REQUIRE(cleaned.load());
  REQUIRE(inner.done());
  REQUIRE(inner.cancelled());
  REQUIRE(skein::current_task().cancelling() == 0);
  cleaned.store(false);
  REQUIRE_THROWS_AS(co_await skein::wait_for(cleans_up(cleaned), 1ms), skein::timeout_error);
  REQUIRE(cleaned.load());
  REQUIRE(skein::current_task().cancelling() == 0);
}

SKEIN_TEST_CASE("wait_for: without time a coroutine never starts (WFOR-003)", "[core][wait_for]") {
  bool started = false;
  auto const body = [&]() -> skein::coro<> {
    started = true;
    co_return;
  };
  REQUIRE_THROWS_AS(co_await skein::wait_for(body(), 0s), skein::timeout_error);
  REQUIRE_THROWS_AS(co_await skein::wait_for(body(), -1s), skein::timeout_error);
  REQUIRE_FALSE(started);
}

SKEIN_TEST_CASE("wait_for: without time a task is cancelled and awaited (WFOR-004)", "[core][wait_for]") {
  std::atomic<bool> cleaned{false};
  auto const inner = skein::create_task(cleans_up(cleaned));
  co_await all_tasks_blocked();
  REQUIRE_THROWS_AS(co_await skein::wait_for(inner, 0s), skein::timeout_error);
  REQUIRE(cleaned.load());
  REQUIRE(inner.cancelled());
  auto const done = skein::create_task(after(0s, 5));
  co_await done;
  REQUIRE(co_await skein::wait_for(done, 0s) == 5);
  auto const stubborn = skein::create_task(swallows(6));
  co_await all_tasks_blocked();
  REQUIRE(co_await skein::wait_for(stubborn, -1s) == 6);
}

SKEIN_TEST_CASE("wait_for: a value that comes in spite of the limit is returned (WFOR-005, B3)",
                "[core][wait_for]") {
  REQUIRE(co_await skein::wait_for(swallows(1), 1ms) == 1);
  REQUIRE(co_await skein::wait_for(skein::create_task(swallows(2)), 1ms) == 2);
  REQUIRE(skein::current_task().cancelling() == 0);
}

SKEIN_TEST_CASE("wait_for: cancelling it cancels the inner task (WFOR-006)", "[core][wait_for]") {
  for (std::optional<skein::delay> const& limit :
       std::vector<std::optional<skein::delay>>{std::nullopt, skein::delay{1min}}) {
    auto const inner = skein::create_task(after(1000h, 1));
    auto const waiter = skein::create_task(skein::wait_for(inner, limit));
    co_await all_tasks_blocked();
    waiter.cancel();
    REQUIRE_THROWS_AS(co_await waiter, skein::cancelled_error);
    REQUIRE(inner.cancelled());
  }
}

SKEIN_TEST_CASE("wait_for: cancelled while it waits for a task that has no time", "[core][wait_for]") {
  auto const held = skein::create_future<>();
  auto const inner = skein::create_task([held]() -> skein::coro<int> {
    try {
      co_await skein::sleep(1000h);
    } catch (skein::cancelled_error const&) {
    }
    co_await held;
    co_return 1;
  });
  co_await all_tasks_blocked();
  auto const waiter = skein::create_task(skein::wait_for(inner, 0s));
  co_await all_tasks_blocked();
  waiter.cancel();
  REQUIRE_THROWS_AS(co_await waiter, skein::cancelled_error);
  held.set_result();
  REQUIRE(co_await inner == 1);
  auto const lazy = skein::create_task(skein::wait_for(after(0s, 1), 0s));
  lazy.cancel();
  REQUIRE_THROWS(co_await lazy);
}

SKEIN_TEST_CASE("wait_for: cancelled, with an inner task that swallows it, it goes on (WFOR-007)",
                "[core][wait_for]") {
  auto const waiter = skein::create_task(skein::wait_for(skein::create_task(swallows(8)), 1h));
  co_await all_tasks_blocked();
  waiter.cancel();
  REQUIRE(co_await waiter == 8);
  REQUIRE(waiter.cancelling() == 1);
}

SKEIN_TEST_CASE("wait_for: an inner result is kept when the waiter is cancelled later (WFOR-008)",
                "[core][wait_for]") {
  int kept = 0;
  bool reached = false;
  auto const waiter = skein::create_task([&]() -> skein::coro<> {
    kept = co_await skein::wait_for(after(0s, 9), 1h);
    co_await skein::sleep(1000h);
    reached = true;
  });
  co_await all_tasks_blocked();
  waiter.cancel();
  REQUIRE_THROWS_AS(co_await waiter, skein::cancelled_error);
  REQUIRE(kept == 9);
  REQUIRE_FALSE(reached);
}

SKEIN_TEST_CASE("wait_for: a third party that cancels the inner task cancels the waiter (WFOR-009)",
                "[core][wait_for]") {
  auto const inner = skein::create_task(after(1000h, 1));
  auto const waiter = skein::create_task(skein::wait_for(inner, 1h));
  co_await all_tasks_blocked();
  inner.cancel();
  REQUIRE_THROWS_AS(co_await waiter, skein::cancelled_error);
  REQUIRE(waiter.cancelled());
  REQUIRE(waiter.cancelling() == 0);
}

SKEIN_TEST_CASE("wait_for: a timeout_error of the inner work passes unchanged (WFOR-010)",
                "[core][wait_for]") {
  auto const error = std::make_exception_ptr(skein::timeout_error{"mine"});
  auto const f = skein::create_future<int>();
  f.set_exception(error);
  std::exception_ptr seen;
  try {
    co_await skein::wait_for(f, 1h);
  } catch (...) {
    seen = std::current_exception();
  }
  REQUIRE(seen == error);
}

TEST_CASE("wait_for: no timer is left behind (WFOR-011)", "[core][wait_for]") {
  auto const start = std::chrono::steady_clock::now();
  REQUIRE(skein::run(skein::wait_for(after(0s, 1), 1h), {.workers = 1}) == 1);
  skein::run(
      []() -> skein::coro<> {
        for (int i = 0; i < 100; ++i) {
          co_await skein::wait_for(after(0s, 1), 1h);
        }
        auto const before = skein::clock::now();
        co_await all_tasks_blocked();
        REQUIRE(skein::clock::now() == before);  // time jumps to whatever timer is left
      },
      {.workers = 1, .virtual_time = true});
  REQUIRE(std::chrono::steady_clock::now() - start < 1min);
}

SKEIN_TEST_CASE("wait_for: of a shield the task is not touched (WFOR-012)", "[core][wait_for]") {
  for (skein::delay const limit : {skein::delay{0s}, skein::delay{1ms}}) {
    auto const go = skein::create_future<>();
    auto const inner = skein::create_task([go]() -> skein::coro<int> {
      co_await go;
      co_return 4;
    });
    auto const outer = skein::shield(inner);
    REQUIRE_THROWS_AS(co_await skein::wait_for(outer, limit), skein::timeout_error);
    REQUIRE(outer.cancelled());
    REQUIRE_FALSE(inner.done());
    go.set_result();
    REQUIRE(co_await inner == 4);
  }
}

SKEIN_TEST_CASE_1W("wait_for: a completion and a cancel in one turn, in both orders (B2)",
                   "[core][wait_for]") {
  for (bool const cancel_first : {false, true}) {
    auto const f = skein::create_future<int>();
    bool later = false;
    int value = 0;
    auto const waiter = skein::create_task([&]() -> skein::coro<> {
      value = co_await skein::wait_for(f, 1h);
      co_await skein::sleep(0s);
      later = true;
    });
    co_await all_tasks_blocked();
    if (cancel_first) {
      waiter.cancel();
      REQUIRE_FALSE(f.try_set_result(1));
    } else {
      f.set_result(1);
      waiter.cancel();
    }
    REQUIRE_THROWS_AS(co_await waiter, skein::cancelled_error);
    REQUIRE(waiter.cancelled());
    REQUIRE_FALSE(later);
    REQUIRE(value == 0);
  }
}

TEST_CASE("wait_for: completion, cancel and limit at one moment lose neither value nor request (B2)",
          "[core][wait_for]") {
  int wrong = 0;
  skein::run(
      [&]() -> skein::coro<> {
        for (int round = 0; round < 300; ++round) {
          auto const f = skein::create_future<int>();
          std::atomic<bool> later{false};
          std::atomic<int> got{0};
          auto const waiter = skein::create_task([&]() -> skein::coro<> {
            try {
              got.store(co_await skein::wait_for(f, std::chrono::microseconds{round % 60}));
            } catch (skein::timeout_error const&) {
              got.store(-1);
            }
            co_await skein::sleep(1h);
            later.store(true);
          });
          auto const setter = skein::create_task([&]() -> skein::coro<> {
            f.try_set_result(1);
            co_return;
          });
          auto const canceller = skein::create_task([&]() -> skein::coro<> {
            waiter.cancel();
            co_return;
          });
          co_await setter;
          co_await canceller;
          bool cancelled = false;
          try {
            co_await waiter;
          } catch (skein::cancelled_error const&) {
            cancelled = true;
          }
          wrong += cancelled && !later.load() ? 0 : 1;
        }
      },
      {.workers = 4});
  REQUIRE(wrong == 0);
}

SKEIN_TEST_CASE("wait_for: in a branch of when_all it cancels its branch only", "[core][wait_for]") {
  auto const go = skein::create_future<>();
  auto const limited = [](skein::future<> start) -> skein::coro<bool> {
    bool timed_out = false;
    try {
      co_await skein::wait_for(after(1000h, 1), 1ms);
    } catch (skein::timeout_error const&) {
      timed_out = true;
    }
    start.try_set_result();
    co_return timed_out;
  };
  auto const other = [](skein::future<> start) -> skein::coro<int> {
    co_await start;
    co_return 2;
  };
  auto const [one, two, three] = co_await skein::when_all(limited(go), other(go), limited(go));
  REQUIRE(one);
  REQUIRE(two == 2);
  REQUIRE(three);
  REQUIRE(skein::current_task().cancelling() == 0);
}

SKEIN_TEST_CASE("wait_for: cancelled before its first step, at its wait, and after its end (B25)",
                "[core][wait_for]") {
  auto payload = std::make_shared<int>(1);
  auto const body = [](std::shared_ptr<int>) -> skein::coro<> { co_await skein::sleep(1000h); };
  auto const before = skein::create_task(skein::wait_for(body(payload), 1h));
  before.cancel();
  REQUIRE_THROWS_AS(co_await before, skein::cancelled_error);
  auto const during = skein::create_task(skein::wait_for(body(payload), 1h));
  co_await all_tasks_blocked();
  during.cancel();
  REQUIRE_THROWS_AS(co_await during, skein::cancelled_error);
  auto const ended = skein::create_task(skein::wait_for(after(0s, 1), 1h));
  REQUIRE(co_await ended == 1);
  REQUIRE_FALSE(ended.cancel());
  REQUIRE(payload.use_count() == 1);
}
