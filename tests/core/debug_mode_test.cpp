// SPDX-License-Identifier: Apache-2.0
// debug_mode_test.cpp: what debug mode says, and that it says nothing else.
#include <support/debugging.hpp>
#include <support/log_lines.hpp>
#include <support/test_case.hpp>

#include "native_traceback.hpp"

#include <skein/core/create_task.hpp>
#include <skein/core/detail/debug_mode.hpp>
#include <skein/core/executor.hpp>
#include <skein/core/run.hpp>
#include <skein/core/sleep.hpp>

#include <atomic>
#include <chrono>
#include <future>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

using namespace std::chrono_literals;
using skein_test::debugging;
using skein_test::environment;
using skein_test::log_lines;

namespace {

struct other_callback {
  void operator()() const {}
};

skein::coro<int> forgotten(int n) {
  co_await skein::sleep(0s);
  co_return n;
}

skein::coro<int> holding(skein::coro<int> inner) { co_return co_await std::move(inner); }

skein::coro<int> failing(skein::coro<int> inner) {
  throw std::runtime_error{"before its await"};
  co_return co_await std::move(inner);
}

bool has_lines() {
  auto const frames = skein::detail::traceback::here().frames();
  return !frames.empty() && !frames.front().file.empty();
}

}  // namespace

// ---- coroutines nobody awaited ---------------------------------------------------------------------------

SKEIN_TEST_CASE("debug mode: a coroutine that is destroyed unawaited is named, with its maker (TASK-002)",
                "[core][debug]") {
  log_lines log;
  debugging const on;
  co_await skein::sleep(0s);
  {
    auto const lost = forgotten(1);
    REQUIRE(static_cast<bool>(lost));
  }
  REQUIRE(log.count({"coroutine 'forgotten' was never awaited: co_await it", "; made at "}) == 1);
  REQUIRE(log.count({"never awaited"}) == 1);
  REQUIRE(log.count({"Coroutine created at (most recent call last):"}) == 1);
  if (has_lines()) {
    REQUIRE(log.count({"forgotten", "; made at debug_mode_test.cpp:"}) == 1);
  }

  auto replaced = forgotten(2);
  replaced = forgotten(3);
  REQUIRE(log.count({"never awaited"}) == 2);
  REQUIRE(co_await std::move(replaced) == 3);
  REQUIRE(log.count({"never awaited"}) == 2);
}

SKEIN_TEST_CASE("debug mode: a lambda that nobody awaited is called one", "[core][debug]") {
  log_lines log;
  debugging const on;
  co_await skein::sleep(0s);
  {
    auto const lambda = [](int n) -> skein::coro<int> { co_return n; };
    auto const lost = lambda(1);
    REQUIRE(static_cast<bool>(lost));
  }
  REQUIRE(log.count({"<lambda>' was never awaited"}) == 1);
}

SKEIN_TEST_CASE("debug mode: a coroutine that ran, or was given away, is not named", "[core][debug]") {
  log_lines log;
  debugging const on;
  co_await skein::sleep(0s);
  REQUIRE(co_await forgotten(1) == 1);
  REQUIRE(co_await holding(forgotten(2)) == 2);
  REQUIRE(co_await skein::create_task(forgotten(3)) == 3);
  auto moved = forgotten(4);
  auto const there = skein::create_task(std::move(moved));
  REQUIRE(co_await there == 4);
  auto const cancelled_early =
      skein::create_task(holding(forgotten(5)));  // on several workers it may run first
  bool const in_time = cancelled_early.cancel();
  try {
    static_cast<void>(co_await cancelled_early);
  } catch (skein::cancelled_error const&) {
    REQUIRE(in_time);
  }
  REQUIRE(log.count({"never awaited"}) == 0);
}

SKEIN_TEST_CASE("debug mode: a coroutine that is destroyed because of an error is not named",
                "[core][debug]") {
  log_lines log;
  debugging const on;
  co_await skein::sleep(0s);
  REQUIRE_THROWS_AS(co_await failing(forgotten(1)), std::runtime_error);
  auto const task = skein::create_task(failing(forgotten(2)));
  REQUIRE_THROWS_AS(co_await task, std::runtime_error);
  try {
    auto const lost = forgotten(3);
    throw std::runtime_error{"unwinds"};
  } catch (std::runtime_error const&) {
    REQUIRE(log.count({"never awaited"}) == 0);
  }
  auto const waiting = skein::create_task([]() -> skein::coro<int> {
    auto later = forgotten(4);
    co_await skein::sleep(1h);
    co_return co_await std::move(later);
  });
  co_await all_tasks_blocked();
  waiting.cancel();
  REQUIRE_THROWS_AS(co_await waiting, skein::cancelled_error);
  REQUIRE(log.count({"never awaited"}) == 0);
}

SKEIN_TEST_CASE("debug mode: of coroutines that hold each other the outermost is named", "[core][debug]") {
  log_lines log;
  debugging const on;
  co_await skein::sleep(0s);
  {
    auto const lost = holding(forgotten(1));
  }
  REQUIRE(log.count({"coroutine 'holding' was never awaited"}) == 1);
  REQUIRE(log.count({"never awaited"}) == 1);
}

SKEIN_TEST_CASE("debug mode: create_task on a closed loop frees the coroutine without a warning (TASK-012)",
                "[core][debug]") {
  log_lines log;
  debugging const on;
  co_await skein::sleep(0s);
  auto const loop = skein::new_event_loop();
  loop->close();
  REQUIRE_THROWS_WITH(loop->create_task(forgotten(1)),
                      Catch::StartsWith("Event loop is closed: make tasks before"));
  REQUIRE_THROWS_AS(skein::run_coroutine_threadsafe(forgotten(1), *loop), skein::loop_closed_error);
  REQUIRE_THROWS_WITH(loop->call_soon(other_callback{}),
                      Catch::StartsWith("Event loop is closed: call_soon came after close()"));
  REQUIRE(log.count({"never awaited"}) == 0);
}

SKEIN_TEST_CASE("debug mode: a loop that is closed names the tasks it destroys, and what to do (TASK-009)",
                "[core][debug]") {
  log_lines log;
  auto const loop = skein::new_event_loop();
  loop->set_debug(true);
  auto const task = loop->create_task(forgotten(1));
  loop->close();
  REQUIRE(task.cancelled());
  REQUIRE(log.count({"Task was destroyed but it is pending!",
                     "await it, or cancel and await it, before close()"}) == 1);
  REQUIRE(log.count({"future: <task pending"}) == 1);
  REQUIRE(log.count({"created at (most recent call last):"}) == 1);
  REQUIRE(log.count({"never awaited"}) == 0);
  co_return;
}

TEST_CASE("debug mode: on a thread without a loop the environment decides", "[core][debug]") {
  log_lines log;
  {
    environment const off{""};
    auto const lost = forgotten(1);
  }
  REQUIRE(log.count({"never awaited"}) == 0);
  environment const on{"1"};
  {
    auto const lost = forgotten(2);
  }
  REQUIRE(log.count({"coroutine 'forgotten' was never awaited"}) == 1);
}

// ---- nothing stays on ------------------------------------------------------------------------------------

TEST_CASE("debug mode: after a run in debug mode nothing is on (DBG-005)", "[core][debug]") {
  unsigned const workers = GENERATE(1U, 4U);
  environment const off{""};
  skein::run(forgotten(1), {.workers = workers, .debug = true});
  log_lines log;
  REQUIRE_FALSE(skein::detail::debug_tracks());
  {
    auto const lost = forgotten(2);
  }
  skein::run(
      []() -> skein::coro<> {
        skein::event_loop& loop = skein::get_running_loop();
        loop.slow_callback_duration(0s);
        REQUIRE_FALSE(loop.get_debug());
        REQUIRE_FALSE(skein::detail::debug_tracks());
        REQUIRE(skein::create_future<>().repr() == "<future pending>");
        {
          auto const lost = forgotten(3);
        }
        co_await skein::create_task(forgotten(4));
      },
      {.workers = workers});
  REQUIRE(log.count({""}) == 0);
}

SKEIN_TEST_CASE("debug mode: switched off, it is off from the next step on (DBG-005)", "[core][debug]") {
  log_lines log;
  {
    debugging const on{0s};
    co_await skein::sleep(0s);
    REQUIRE(skein::detail::debug_tracks());
    REQUIRE(skein::detail::debug_here());
  }
  REQUIRE_FALSE(skein::detail::debug_here());
  co_await skein::sleep(0s);
  REQUIRE_FALSE(skein::detail::debug_tracks());
  std::size_t const before = log.count({""});
  {
    auto const lost = forgotten(1);
  }
  co_await skein::create_task(forgotten(2));
  REQUIRE(log.count({""}) == before);
}

TEST_CASE("debug mode: of two runtimes at once only the one that is in debug mode reports (DBG-005)",
          "[core][debug]") {
  unsigned const workers = GENERATE(1U, 2U);
  log_lines log;
  std::atomic<int> met{0};
  auto const body = [&met](bool debug, std::string name) -> skein::coro<> {
    skein::event_loop& loop = skein::get_running_loop();
    loop.slow_callback_duration(0s);
    met.fetch_add(1);
    while (met.load() < 2) {
      co_await skein::sleep(0s);
    }
    REQUIRE(loop.get_debug() == debug);
    auto const task = skein::create_task({.name = name}, forgotten, 1);
    REQUIRE((task.repr().find("created at") != std::string::npos) == debug);
    co_await task;
    auto const lost = forgotten(2);
  };
  auto const run = [&](bool debug, char const* name) {
    skein::run(body(debug, name), {.workers = workers, .debug = debug});
  };
  std::thread other{[&] { run(false, "quiet"); }};
  run(true, "loud");
  other.join();
  REQUIRE(log.count({"Executing", "name='loud'"}) == 2);
  REQUIRE(log.count({"name='quiet'"}) == 0);
  REQUIRE(log.count({"coroutine 'forgotten' was never awaited"}) == 1);
}

// ---- where things were made ------------------------------------------------------------------------------

SKEIN_TEST_CASE("debug mode: a report says where the task, future or handle was made (EXC-002, FUT-010)",
                "[core][debug]") {
  skein::event_loop& loop = skein::get_running_loop();
  std::mutex mutex;
  std::vector<skein::exception_context> reports;
  loop.set_exception_handler([&](skein::event_loop&, skein::exception_context const& context) {
    std::lock_guard const guard{mutex};
    reports.push_back(context);
  });
  auto const lose = [&]() -> skein::coro<> {
    skein::create_task([]() -> skein::coro<> {
      throw std::runtime_error{"of a task"};
      co_return;
    });
    skein::create_future<int>().set_exception(std::runtime_error{"of a future"});
    loop.call_soon([] { throw std::runtime_error{"of a callback"}; });
    co_await all_tasks_blocked();
  };
  loop.set_debug(false);
  co_await skein::sleep(0s);
  co_await lose();
  REQUIRE(reports.size() == 3);
  for (auto const& report : reports) {
    REQUIRE(report.source_traceback.empty());
  }
  reports.clear();
  debugging const on;
  co_await skein::sleep(0s);
  co_await lose();
  REQUIRE(reports.size() == 3);
  for (auto const& report : reports) {
    REQUIRE_THAT(report.source_traceback, Catch::StartsWith("  "));
    if (has_lines()) {
      REQUIRE_THAT(report.source_traceback, Catch::Contains("debug_mode_test.cpp\", line "));
    }
  }
  loop.set_exception_handler(nullptr);
}

TEST_CASE("debug mode: a pending task that is destroyed says where it was made (TASK-009)", "[core][debug]") {
  log_lines log;
  auto const loop = skein::new_event_loop();
  loop->set_debug(true);
  loop->create_task({.name = "lonely"}, []() -> skein::coro<> { co_await skein::sleep(1h); });
  loop->run_until_complete(all_tasks_blocked());
  loop->close();
  REQUIRE(log.count({"Task was destroyed but it is pending!", "await it"}) == 1);
  REQUIRE(log.count({"future: <task pending name='lonely'"}) == 1);
  REQUIRE(log.count({"created at (most recent call last):"}) == 1);
}

SKEIN_TEST_CASE(
    "debug mode: the repr of a future and of a handle tells where they were made (FUT-015, DBG-003)",
    "[core][debug]") {
  skein::event_loop& loop = skein::get_running_loop();
  loop.set_debug(false);
  co_await skein::sleep(0s);
  REQUIRE(skein::create_future<>().repr() == "<future pending>");
  debugging const on;
  co_await skein::sleep(0s);
  REQUIRE_THAT(skein::create_future<>().repr(), Catch::StartsWith("<future pending created at "));
  auto handle = loop.call_later(1h, other_callback{});
  REQUIRE_THAT(handle.repr(),
               Catch::StartsWith("<timer_handle when=") && Catch::Contains(" other_callback created at "));
  handle.cancel();
  REQUIRE_THAT(handle.repr(), Catch::StartsWith("<timer_handle cancelled when=") &&
                                  Catch::Contains(" other_callback created at "));
}

// ---- threads ---------------------------------------------------------------------------------------------

SKEIN_TEST_CASE("debug mode: other threads may schedule on a loop, as always (THR-004)", "[core][debug]") {
  debugging const on;
  co_await skein::sleep(0s);
  skein::event_loop& loop = skein::get_running_loop();
  auto const soon = loop.create_future<>();
  auto const later = loop.create_future<>();
  co_await skein::to_thread([&] {
    loop.call_soon([soon] { soon.set_result(); });
    loop.call_later(0s, [later] { later.set_result(); });
  });
  co_await soon;
  co_await later;
}

TEST_CASE("debug mode: a runner refuses other threads than its own (THR-004)", "[core][debug]") {
  skein::runner debugged{{.workers = 1, .debug = true}};
  skein::runner plain{{.workers = 1, .debug = false}};
  REQUIRE(debugged.run(forgotten(1)) == 1);
  std::string refused;
  std::string closing;
  int allowed = 0;
  std::thread{[&] {
    try {
      debugged.run(forgotten(2));
    } catch (std::runtime_error const& error) {
      refused = error.what();
    }
    try {
      debugged.close();
    } catch (std::runtime_error const& error) {
      closing = error.what();
    }
    allowed = plain.run(forgotten(3));
  }}.join();
  REQUIRE_THAT(refused, Catch::StartsWith("runner::run: Non-thread-safe operation") &&
                            Catch::Contains("run_coroutine_threadsafe"));
  REQUIRE_THAT(closing, Catch::StartsWith("runner::close: Non-thread-safe operation"));
  REQUIRE(allowed == 3);
  REQUIRE(debugged.run(forgotten(4)) == 4);
}

// ---- what was not closed ---------------------------------------------------------------------------------

TEST_CASE("debug mode: a loop that goes unclosed is reported", "[core][debug]") {
  log_lines log;
  {
    auto const plain = skein::new_event_loop();
    plain->set_debug(false);
  }
  {
    auto const closed = skein::new_event_loop();
    closed->set_debug(true);
    closed->close();
  }
  REQUIRE(log.count({"unclosed"}) == 0);
  {
    environment const debug{"1"};
    auto const lost = skein::new_event_loop();
  }
  REQUIRE(log.count({"unclosed event loop: call close() before it goes; made at "}) == 1);
  {
    auto const lost = skein::new_event_loop();
    lost->set_debug(true);  // too late to know where it was made
  }
  REQUIRE(log.count({"unclosed event loop: call close() before it goes"}) == 2);
  skein::run(forgotten(1), {.debug = true});
  REQUIRE(log.count({"unclosed"}) == 2);
}

SKEIN_TEST_CASE("debug mode: a pool whose destructor has to wait for jobs is reported", "[core][debug]") {
  log_lines log;
  debugging const on;
  co_await skein::sleep(0s);
  std::promise<void> go;
  std::thread opener;
  {
    skein::thread_pool_executor idle{1, "idle"};
    skein::thread_pool_executor busy{1, "busy"};
    std::promise<void> began;
    skein::get_running_loop().run_in_executor(&busy, [&] {
      began.set_value();
      go.get_future().wait();
    });
    began.get_future().wait();
    opener = std::thread{[&] {
      while (log.count({"unclosed"}) == 0) {
        std::this_thread::yield();
      }
      go.set_value();
    }};
  }
  opener.join();
  REQUIRE(log.count({"unclosed thread_pool_executor 'busy'", "1 job(s)"}) == 1);
  REQUIRE(log.count({"unclosed"}) == 1);
  co_await all_tasks_blocked();
}
