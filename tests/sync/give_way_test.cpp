// SPDX-License-Identifier: Apache-2.0
// give_way_test.cpp: a lock or permit that can be had when the budget of the turn is spent: the task gives
// way without it.
#include <support/catch.hpp>

#include <skein/core/create_task.hpp>
#include <skein/core/detail/thread_state.hpp>
#include <skein/core/event_loop.hpp>
#include <skein/core/run.hpp>
#include <skein/core/sleep.hpp>
#include <skein/sync/lock.hpp>
#include <skein/sync/rw_lock.hpp>
#include <skein/sync/semaphore.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <utility>

using namespace std::chrono_literals;

namespace {

struct one_permit {
  skein::semaphore permits{1};
  auto acquire() { return permits.acquire(); }
  bool try_acquire() { return permits.try_acquire(); }
  void release() { permits.release(); }
  std::size_t waiting() { return permits.waiting(); }
};

struct write_side {
  skein::rw_lock lock;
  auto acquire() { return lock.acquire_write(); }
  bool try_acquire() { return lock.try_acquire_write(); }
  void release() { lock.release_write(); }
  std::size_t waiting() { return lock.waiting(); }
};

/// Acquires as one does whose budget is spent; `meanwhile` runs when it has given way.
template <class Primitive>
skein::coro<> acquire_spent(Primitive& from, std::function<void()> meanwhile) {
  skein::get_running_loop().call_soon(std::move(meanwhile));
  skein::detail::this_thread().budget = 1;
  co_await from.acquire();
}

}  // namespace

TEMPLATE_TEST_CASE("give_way: who gives way takes the permit when it runs again", "[sync][lock]", skein::lock,
                   one_permit, write_side) {
  TestType one;
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

TEMPLATE_TEST_CASE("give_way: who gives way does not hold the permit, and stands in line if it is gone",
                   "[sync][lock]", skein::lock, one_permit, write_side) {
  TestType one;
  skein::run(
      [&]() -> skein::coro<> {
        bool taken = false;
        auto const acquiring = skein::create_task(
            [&]() -> skein::coro<> { co_await acquire_spent(one, [&] { taken = one.try_acquire(); }); });
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

TEMPLATE_TEST_CASE("give_way: a cancel of who has given way is thrown, and the permit stays free",
                   "[sync][lock]", skein::lock, one_permit, write_side) {
  TestType one;
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

TEMPLATE_TEST_CASE("give_way: who had given way and stands in line now can be cancelled", "[sync][lock]",
                   skein::lock, one_permit, write_side) {
  TestType one;
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
