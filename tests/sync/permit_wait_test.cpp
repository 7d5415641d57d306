// SPDX-License-Identifier: Apache-2.0
// permit_wait_test.cpp: taking a permit when the budget of the turn is spent: the task gives way without it.
#include <support/catch.hpp>

#include <skein/core/create_task.hpp>
#include <skein/core/detail/thread_state.hpp>
#include <skein/core/event_loop.hpp>
#include <skein/core/run.hpp>
#include <skein/core/sleep.hpp>
#include <skein/sync/lock.hpp>
#include <skein/sync/semaphore.hpp>

#include <chrono>
#include <functional>
#include <type_traits>
#include <utility>

using namespace std::chrono_literals;

namespace {

template <class Primitive>
Primitive one_permit() {
  if constexpr (std::is_same_v<Primitive, skein::lock>) {
    return Primitive{};
  } else {
    return Primitive{1};
  }
}

/// Acquires as one does whose budget is spent; `meanwhile` runs when it has given way.
template <class Primitive>
skein::coro<> acquire_spent(Primitive& from, std::function<void()> meanwhile) {
  skein::get_running_loop().call_soon(std::move(meanwhile));
  skein::detail::this_thread().budget = 1;
  co_await from.acquire();
}

}  // namespace

TEMPLATE_TEST_CASE("permit_wait: who gives way takes the permit when it runs again", "[sync][lock]", skein::lock,
                   skein::semaphore) {
  TestType one = one_permit<TestType>();
  bool gave_way = false;
  skein::run(
      [&]() -> skein::coro<> {
        co_await acquire_spent(one, [&] {
          gave_way = true;
          REQUIRE(one.try_acquire());
          one.release();
        });
        REQUIRE(gave_way);
        REQUIRE_FALSE(one.try_acquire());
        one.release();
      },
      {.workers = 1});
}

TEMPLATE_TEST_CASE("permit_wait: who gives way does not hold the permit, and stands in line if it is gone",
                   "[sync][lock]", skein::lock, skein::semaphore) {
  TestType one = one_permit<TestType>();
  skein::run(
      [&]() -> skein::coro<> {
        bool taken = false;
        auto const acquiring =
            skein::create_task([&]() -> skein::coro<> { co_await acquire_spent(one, [&] { taken = one.try_acquire(); }); });
        while (one.waiting() == 0) {
          co_await skein::sleep(0s);
        }
        REQUIRE(taken);
        one.release();
        co_await acquiring;
        REQUIRE_FALSE(one.try_acquire());
        one.release();
      },
      {.workers = 1});
}

TEMPLATE_TEST_CASE("permit_wait: a cancel of who has given way is thrown, and the permit stays free",
                   "[sync][lock]", skein::lock, skein::semaphore) {
  TestType one = one_permit<TestType>();
  skein::run(
      [&]() -> skein::coro<> {
        skein::task<> acquiring;
        acquiring = skein::create_task(
            [&]() -> skein::coro<> { co_await acquire_spent(one, [&] { REQUIRE(acquiring.cancel()); }); });
        REQUIRE_THROWS_AS(co_await acquiring, skein::cancelled_error);
        REQUIRE(acquiring.cancelled());
        REQUIRE(one.try_acquire());
        one.release();
      },
      {.workers = 1});
}

TEMPLATE_TEST_CASE("permit_wait: who had given way and stands in line now can be cancelled", "[sync][lock]",
                   skein::lock, skein::semaphore) {
  TestType one = one_permit<TestType>();
  skein::run(
      [&]() -> skein::coro<> {
        auto const acquiring = skein::create_task(
            [&]() -> skein::coro<> { co_await acquire_spent(one, [&] { REQUIRE(one.try_acquire()); }); });
        while (one.waiting() == 0) {
          co_await skein::sleep(0s);
        }
        REQUIRE(acquiring.cancel());
        REQUIRE_THROWS_AS(co_await acquiring, skein::cancelled_error);
        REQUIRE(one.waiting() == 0);
        one.release();
        REQUIRE(one.try_acquire());
        one.release();
      },
      {.workers = 1});
}
