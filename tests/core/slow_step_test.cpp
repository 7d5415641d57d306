// SPDX-License-Identifier: Apache-2.0
// slow_step_test.cpp: callbacks and steps that hold a loop up, as debug mode names them.
#include <support/debugging.hpp>
#include <support/log_lines.hpp>
#include <support/test_case.hpp>

#include <skein/core/create_task.hpp>
#include <skein/core/run.hpp>
#include <skein/core/sleep.hpp>
#include <skein/core/when_all.hpp>

#include <atomic>
#include <chrono>
#include <limits>
#include <stdexcept>
#include <string>
#include <thread>

using namespace std::chrono_literals;
using skein_test::debugging;
using skein_test::log_lines;

namespace {

void spin(std::chrono::nanoseconds duration) {
  auto const end = std::chrono::steady_clock::now() + duration;
  while (std::chrono::steady_clock::now() < end) {
  }
}

struct slow_callback {
  void operator()() const { spin(3ms); }
};
struct other_callback {
  void operator()() const {}
};

skein::coro<int> forgotten(int n) {
  co_await skein::sleep(0s);
  co_return n;
}

// The number before " seconds".
double seconds_of(std::string const& line) {
  std::size_t const end = line.find(" seconds");
  std::size_t const begin = line.rfind(' ', end - 1) + 1;
  return std::stod(line.substr(begin, end - begin));
}

}  // namespace

TEST_CASE("debug mode: what takes longer than slow_callback_duration is named once (DBG-001)",
          "[core][debug]") {
  unsigned const workers = GENERATE(1U, 4U);
  log_lines log;
  skein::run(
      []() -> skein::coro<> {
        skein::event_loop& loop = skein::get_running_loop();
        loop.slow_callback_duration(3ms);
        loop.call_soon(slow_callback{});
        auto const busy = skein::create_task({.name = "busy"}, []() -> skein::coro<> {
          co_await skein::sleep(0s);
          spin(3ms);
        });
        co_await busy;
        auto const from_start = skein::create_task({.name = "busy from its start"}, []() -> skein::coro<int> {
          spin(3ms);
          co_return 7;
        });
        co_await from_start;
        co_await all_tasks_blocked();
      },
      {.workers = workers, .debug = true});
  REQUIRE(log.count({"Executing <handle slow_callback created at ", " took 0.", " seconds"}) == 1);
  REQUIRE(log.count({"Executing <task ", " name='busy'", " took 0."}) == 1);
  REQUIRE(log.count({"Executing <task finished name='busy from its start'", "result=7", " took 0."}) == 1);
  auto const line = log.with({" name='busy'"}).front();
  REQUIRE_THAT(line, Catch::Contains("; the step began at slow_step_test.cpp:"));
}

TEST_CASE("debug mode: a slow timer callback is named once (DBG-001)", "[core][debug]") {
  unsigned const workers = GENERATE(1U, 4U);
  log_lines log;
  skein::run(
      []() -> skein::coro<> {
        skein::event_loop& loop = skein::get_running_loop();
        loop.slow_callback_duration(3ms);
        loop.call_later(0s, slow_callback{});
        co_await skein::sleep(1ms);
        co_await all_tasks_blocked();
      },
      {.workers = workers, .debug = true});
  REQUIRE(log.count({"Executing <handle slow_callback", " seconds"}) == 1);
}

SKEIN_TEST_CASE("debug mode: with a duration of zero everything is slow, with a long one nothing (DBG-001)",
                "[core][debug]") {
  log_lines log;
  skein::event_loop& loop = skein::get_running_loop();
  debugging const on{1h};
  co_await skein::sleep(0s);
  loop.call_soon(slow_callback{});
  co_await skein::create_task(forgotten(1));
  co_await all_tasks_blocked();
  REQUIRE(log.count({"Executing"}) == 0);

  loop.slow_callback_duration(0s);
  loop.call_soon(other_callback{});
  auto const quick = skein::create_task({.name = "quick"}, forgotten, 1);
  co_await quick;
  co_await all_tasks_blocked();
  REQUIRE(log.count({"Executing <handle other_callback"}) == 1);
  REQUIRE(log.count({"Executing <task ", "name='quick'"}) == 2);  // its two steps
}

SKEIN_TEST_CASE("debug mode: nothing is slow when it is off (DBG-001)", "[core][debug]") {
  log_lines log;
  skein::event_loop& loop = skein::get_running_loop();
  loop.set_debug(false);
  co_await skein::sleep(0s);
  loop.slow_callback_duration(0s);
  loop.call_soon(slow_callback{});
  co_await skein::create_task(forgotten(1));
  co_await all_tasks_blocked();
  REQUIRE(log.count({"Executing"}) == 0);
}

TEST_CASE("debug mode: a task that starts eagerly is measured by itself, its creator without it (DBG-001)",
          "[core][debug]") {
  unsigned const workers = GENERATE(1U, 4U);
  log_lines log;
  auto const begin = std::chrono::steady_clock::now();
  skein::run(
      []() -> skein::coro<> {
        skein::get_running_loop().slow_callback_duration(0s);
        auto const creator = skein::create_task({.name = "creator"}, []() -> skein::coro<> {
          skein::create_task({.name = "eager", .eager_start = true}, []() -> skein::coro<> {
            spin(20ms);
            co_return;
          });
          co_return;
        });
        co_await creator;
      },
      {.workers = workers, .debug = true});
  std::chrono::duration<double> const all = std::chrono::steady_clock::now() - begin;
  REQUIRE(log.count({"name='eager'"}) == 1);
  REQUIRE(log.count({"name='creator'"}) == 1);
  REQUIRE(seconds_of(log.with({"name='eager'"}).front()) >= 0.020);
  REQUIRE(seconds_of(log.with({"name='creator'"}).front()) <= all.count() - 0.019);
}

TEST_CASE("debug mode: a step that another worker stole is measured there (DBG-001)", "[core][debug]") {
  log_lines log;
  skein::run(
      []() -> skein::coro<> {
        skein::get_running_loop().slow_callback_duration(0s);
        std::atomic<int> met{0};
        auto const meet = [&met]() -> skein::coro<> {
          met.fetch_add(1);
          while (met.load() != 2) {
            std::this_thread::yield();
          }
          co_return;
        };
        auto const forked = skein::create_task(
            {.name = "forked"}, [&]() -> skein::coro<> { co_await skein::when_all(meet(), meet()); });
        co_await forked;
      },
      {.workers = 2, .debug = true});
  REQUIRE(log.count({"name='forked'", " seconds"}) >= 2);
}

TEST_CASE("debug mode: the duration can be asked for, and is 100 ms at first", "[core][debug]") {
  auto const loop = skein::new_event_loop();
  REQUIRE(loop->slow_callback_duration() == 100ms);
  loop->slow_callback_duration(0.25s);
  REQUIRE(loop->slow_callback_duration() == 250ms);
  REQUIRE_THROWS_AS(
      loop->slow_callback_duration(std::chrono::duration<double>{std::numeric_limits<double>::quiet_NaN()}),
      std::invalid_argument);
}
