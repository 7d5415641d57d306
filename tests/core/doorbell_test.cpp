// SPDX-License-Identifier: Apache-2.0
// doorbell_test.cpp: one coroutine waits until it is rung for, or until a deadline; cancels in between.
#include <support/test_case.hpp>

#include <skein/core/detail/doorbell.hpp>
#include <skein/core/detail/watcher.hpp>
#include <skein/core/sleep.hpp>

#include <atomic>
#include <thread>
#include <type_traits>

using namespace std::chrono_literals;
using skein::detail::deadline_from_now;
using skein::detail::doorbell;

static_assert(!std::is_copy_constructible_v<doorbell>);

SKEIN_TEST_CASE("doorbell: a ring before the wait is heard, several are one", "[core][doorbell]") {
  doorbell bell;
  bell.ring();
  bell.ring();
  REQUIRE(co_await bell.wait());
  REQUIRE_FALSE(co_await bell.wait_until(deadline_from_now(1ms)));
}

SKEIN_TEST_CASE("doorbell: it wakes who waits, with and without a deadline", "[core][doorbell]") {
  doorbell bell;
  for (auto const deadline : {skein::lowlevel::never, deadline_from_now(1h)}) {
    auto const waiter =
        skein::create_task([&]() -> skein::coro<bool> { co_return co_await bell.wait_until(deadline); });
    co_await all_tasks_blocked();
    bell.ring();
    REQUIRE(co_await waiter);
  }
}

SKEIN_TEST_CASE("doorbell: a deadline is not early, and one that has passed ends the wait",
                "[core][doorbell]") {
  doorbell bell;
  auto const start = skein::clock::now();
  REQUIRE_FALSE(co_await bell.wait_until(deadline_from_now(5ms)));
  REQUIRE(skein::clock::now() - start >= 5ms);
  REQUIRE_FALSE(co_await bell.wait_until(deadline_from_now(0s)));
}

SKEIN_TEST_CASE("doorbell: a cancel ends the wait, and a ring of the same moment is kept",
                "[core][doorbell]") {
  doorbell bell;
  for (auto const deadline : {skein::lowlevel::never, deadline_from_now(1h)}) {
    for (bool const ring : {false, true}) {
      bool woken = false;
      bool cancelled = false;
      auto const waiter = skein::create_task([&]() -> skein::coro<> {
        try {
          woken = co_await bell.wait_until(deadline);
        } catch (skein::cancelled_error const&) {
          cancelled = true;
        }
      });
      co_await all_tasks_blocked();
      waiter.cancel();
      if (ring) {
        bell.ring();
      }
      co_await waiter;
      REQUIRE(cancelled);
      REQUIRE_FALSE(woken);
      REQUIRE((co_await bell.wait_until(deadline_from_now(0s))) == ring);
    }
  }
}

TEST_CASE("doorbell: rings of a thread, a deadline and cancels at one moment end each wait once",
          "[core][doorbell]") {
  doorbell bell;
  std::atomic<bool> done{false};
  int ended = 0;
  skein::run(
      [&]() -> skein::coro<> {
        std::thread ringer{[&] {
          while (!done.load()) {
            bell.ring();
            std::this_thread::yield();
          }
        }};
        for (int i = 0; i < 500; ++i) {
          auto const waiter = skein::create_task([&]() -> skein::coro<> {
            static_cast<void>(co_await bell.wait_until(deadline_from_now(std::chrono::microseconds{5})));
            static_cast<void>(co_await bell.wait_until(deadline_from_now(std::chrono::microseconds{5})));
          });
          auto const canceller = skein::create_task([&]() -> skein::coro<> {
            waiter.cancel();
            co_return;
          });
          try {
            co_await waiter;
          } catch (skein::cancelled_error const&) {
          }
          co_await canceller;
          ++ended;
        }
        done.store(true);
        ringer.join();
      },
      {.workers = 4});
  REQUIRE(ended == 500);
}
