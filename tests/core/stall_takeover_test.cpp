// SPDX-License-Identifier: Apache-2.0
// stall_takeover_test.cpp: what a step holds up is done by other workers, unless it is pinned.
#include <support/test_case.hpp>

#include "stall_support.hpp"

#include <skein/core/create_task.hpp>
#include <skein/core/sleep.hpp>
#include <skein/core/timeout.hpp>
#include <skein/core/with.hpp>

#include <atomic>
#include <thread>
#include <vector>

using namespace std::chrono_literals;
using skein_test::compute_until;

namespace {

/// Options under which only what is held up counts.
skein::run_options with_takeover(unsigned workers) {
  return {.workers = workers, .stall_report = 0ms, .stall_takeover = 10ms};
}

skein::coro<> count(std::atomic<int>& counter) {
  counter.fetch_add(1);
  co_return;
}

}  // namespace

TEST_CASE("takeover: a task woken by a step that then computes runs elsewhere meanwhile", "[core][stall]") {
  bool ran_meanwhile = false;
  skein::run(
      [&]() -> skein::coro<void> {
        std::atomic<bool> ran{false};
        auto signal = skein::create_future<void>();
        auto woken = skein::create_task([&]() -> skein::coro<void> {
          co_await signal;
          ran.store(true);
        });
        co_await all_tasks_blocked();  // the other workers sleep: nobody looks for work
        signal.set_result();
        ran_meanwhile = compute_until([&] { return ran.load(); });
        co_await woken;
      },
      with_takeover(4));
  REQUIRE(ran_meanwhile);
}

TEST_CASE("takeover: tasks queued behind a step run on a worker that is never idle", "[core][stall]") {
  constexpr int tasks = 300;  // more than the run queue holds
  bool ran_meanwhile = false;
  skein::run(
      [&]() -> skein::coro<void> {
        std::atomic<bool> busy{false};
        std::atomic<bool> enough{false};
        std::atomic<int> ran{0};
        auto other = skein::create_task([&]() -> skein::coro<void> {
          while (!enough.load()) {
            busy.store(true);
            co_await skein::sleep(0s);
          }
        });
        REQUIRE(compute_until([&] { return busy.load(); }));  // on the other worker
        std::vector<skein::task<void>> made;
        for (int i = 0; i < tasks; ++i) {
          made.push_back(skein::create_task(count(ran)));
        }
        ran_meanwhile = compute_until([&] { return ran.load() == tasks; });
        enough.store(true);
        co_await other;
      },
      with_takeover(2));
  REQUIRE(ran_meanwhile);
}

TEST_CASE("takeover: pinned tasks and callbacks wait for their loop", "[core][stall]") {
  skein::run(
      [&]() -> skein::coro<void> {
        skein::event_loop& loop = skein::get_running_loop();
        std::atomic<int> free_ones{0};
        std::vector<int> pinned_ones;  // of this loop only
        auto const thread = std::this_thread::get_id();
        auto pinned = loop.create_task([&]() -> skein::coro<void> {
          pinned_ones.push_back(std::this_thread::get_id() == thread ? 1 : -1);
          co_return;
        });
        loop.call_soon([&] { pinned_ones.push_back(std::this_thread::get_id() == thread ? 2 : -2); });
        auto free_one = skein::create_task(count(free_ones));
        REQUIRE(compute_until([&] { return free_ones.load() == 1; }));
        REQUIRE(pinned_ones.empty());
        co_await pinned;
        co_await loop.create_task([]() -> skein::coro<void> { co_return; });
        REQUIRE(pinned_ones == std::vector<int>{1, 2});
      },
      with_takeover(3));
}

TEST_CASE("takeover: timers of a loop that is held up wake their tasks in time", "[core][stall]") {
  constexpr int sleepers = 20;
  std::atomic<int> ran{0};
  bool ran_meanwhile = false;
  skein::run(
      [&]() -> skein::coro<void> {
        std::vector<skein::task<void>> made;
        for (int i = 1; i <= sleepers; ++i) {
          // They begin to sleep here, on this loop.
          made.push_back(skein::create_task({.eager_start = true}, [&ran, i]() -> skein::coro<void> {
            co_await skein::sleep(i * 1ms);
            ran.fetch_add(1);
          }));
        }
        auto limited = skein::create_task({.eager_start = true}, [&ran]() -> skein::coro<void> {
          try {
            co_await skein::with(skein::timeout(10ms),
                                 []() -> skein::coro<void> { co_await skein::sleep(1h); });
          } catch (skein::timeout_error const&) {
            ran.fetch_add(1);
          }
        });
        ran_meanwhile = compute_until([&] { return ran.load() == sleepers + 1; });
        limited.cancel();
        co_return;
      },
      with_takeover(3));
  REQUIRE(ran_meanwhile);
}

TEST_CASE("takeover: timers of callbacks and pinned tasks wait for their loop, and keep their order",
          "[core][stall]") {
  std::vector<int> order;  // of one loop only
  skein::run(
      [&]() -> skein::coro<void> {
        skein::event_loop& loop = skein::get_running_loop();
        std::atomic<int> free_ones{0};
        loop.call_later(1ms, [&] { order.push_back(1); });
        auto pinned = skein::create_task({.eager_start = true, .pin = &loop}, [&]() -> skein::coro<void> {
          co_await skein::sleep(2ms);
          order.push_back(2);
        });
        loop.call_later(3ms, [&] { order.push_back(3); });
        auto cancelled = loop.call_later(4ms, [&] { order.push_back(4); });
        auto last = skein::create_task({.eager_start = true}, [&]() -> skein::coro<void> {
          co_await skein::sleep(5ms);
          free_ones.fetch_add(1);
        });
        REQUIRE(compute_until([&] { return free_ones.load() == 1; }));
        REQUIRE(order.empty());
        cancelled.cancel();  // it is due, but has not run
        co_await pinned;
        co_await loop.create_task([]() -> skein::coro<void> { co_return; });
      },
      with_takeover(3));
  REQUIRE(order == std::vector<int>{1, 2, 3});
}

TEST_CASE("takeover: with one worker nothing runs beside a step", "[core][stall]") {
  skein::run(
      [&]() -> skein::coro<void> {
        std::atomic<int> others{0};
        auto other = skein::create_task(count(others));
        auto sleeper = skein::create_task([&]() -> skein::coro<void> {
          co_await skein::sleep(1ms);
          others.fetch_add(1);
        });
        skein::get_running_loop().call_later(1ms, [&] { others.fetch_add(1); });
        REQUIRE(compute_until([] { return skein::runtime::current().metrics().workers[0].stalls == 1; }));
        REQUIRE(others.load() == 0);
        co_await sleeper;
        REQUIRE(others.load() >= 2);
      },
      {.workers = 1, .stall_report = 50ms, .stall_takeover = 1ms});
}
