// SPDX-License-Identifier: Apache-2.0
// report_test.cpp: exception handlers and the log.
#include <support/test_case.hpp>

#include <skein/core/create_task.hpp>
#include <skein/core/report.hpp>
#include <skein/core/run.hpp>
#include <skein/core/runtime.hpp>
#include <skein/core/sleep.hpp>

#include <atomic>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <vector>

using namespace std::chrono_literals;

namespace {

// Catches the lines of the log while it lives.
class log_lines {
 public:
  log_lines() {
    skein::set_log_sink([this](std::string_view line) { lines.emplace_back(line); });
  }
  log_lines(log_lines const&) = delete;
  log_lines& operator=(log_lines const&) = delete;
  ~log_lines() { skein::set_log_sink(nullptr); }
  std::vector<std::string> lines;
};

skein::coro<> lose_an_error() {
  skein::create_task([]() -> skein::coro<> {
    co_await skein::sleep(0s);
    throw std::runtime_error{"lost"};
  });
  co_await all_tasks_blocked();
}

}  // namespace

TEST_CASE("report: without a handler the log tells message, task and error (EXC-001)", "[core][report]") {
  for (unsigned const workers : {1U, 4U}) {
    log_lines log;
    skein::run(lose_an_error(), {.workers = workers, .stall_report = std::chrono::milliseconds{0}});
    REQUIRE(log.lines.size() == 3);
    REQUIRE(log.lines[0] == "Task exception was never retrieved");
    REQUIRE_THAT(log.lines[1], Catch::StartsWith("future: <task finished name='Task-"));
    REQUIRE(log.lines[2] == "exception: std::runtime_error(\"lost\")");
  }
}

TEST_CASE("report: a handler that throws is reported itself (EXC-003)", "[core][report]") {
  log_lines log;
  skein::run(lose_an_error(),
             {.workers = 1,
              .exception_handler = [](skein::event_loop&,
                                      skein::exception_context const&) { throw std::logic_error{"handler"}; },
              .stall_report = std::chrono::milliseconds{0}});
  REQUIRE(log.lines.size() == 4);
  REQUIRE(log.lines[0] == "Unhandled error in exception handler: std::logic_error(\"handler\")");
  REQUIRE(log.lines[1] == "Task exception was never retrieved");
}

TEST_CASE("report: a handler can be asked for, replaced and put back (EXC-002)", "[core][report]") {
  log_lines log;
  auto const loop = skein::new_event_loop();
  REQUIRE_FALSE(static_cast<bool>(loop->get_exception_handler()));
  int told = 0;
  loop->set_exception_handler([&](skein::event_loop&, skein::exception_context const& context) {
    ++told;
    REQUIRE(context.message == "mine");
  });
  REQUIRE(static_cast<bool>(loop->get_exception_handler()));
  loop->call_exception_handler({.message = "mine"});
  REQUIRE(told == 1);
  loop->set_exception_handler(nullptr);
  loop->call_exception_handler({.message = "to the log"});
  loop->default_exception_handler({.message = "too"});
  REQUIRE(told == 1);
  REQUIRE(log.lines == std::vector<std::string>{"to the log", "too"});
}

TEST_CASE("report: an error lost after its loop is gone goes to the log", "[core][report]") {
  log_lines log;
  skein::future<int> f;
  {
    auto const loop = skein::new_event_loop();
    f = loop->create_future<int>();
    f.set_exception(std::runtime_error{"late"});
  }
  f = {};
  REQUIRE(log.lines.size() == 3);
  REQUIRE(log.lines[0] == "Future exception was never retrieved");
}

TEST_CASE("report: cancelling a failed future counts as having seen its error (FUT-012)", "[core][report]") {
  for (unsigned const workers : {1U, 4U}) {
    log_lines log;
    auto const main = []() -> skein::coro<> {
      auto const f = skein::create_future<int>();
      f.set_exception(std::runtime_error{"x"});
      REQUIRE_FALSE(f.cancel());
      co_return;
    };
    skein::run(main, {.workers = workers, .stall_report = std::chrono::milliseconds{0}});
    REQUIRE(log.lines.empty());
  }
}

SKEIN_TEST_CASE("report: a handler set on one loop serves all of the runtime, until it is put back (EXC-002)",
                "[core][report]") {
  std::atomic<int> told{0};
  std::atomic<int> complete{0};
  auto& runtime = skein::runtime::current();
  runtime.loop(0).set_exception_handler(
      [&](skein::event_loop& loop, skein::exception_context const& context) {
        told.fetch_add(1);
        complete.fetch_add(loop.is_running() && context.message == "Task exception was never retrieved" &&
                                   context.exception != nullptr && context.task && context.future
                               ? 1
                               : 0);
      });
  for (std::size_t i = 0; i < runtime.workers(); ++i) {
    REQUIRE(static_cast<bool>(runtime.loop(i).get_exception_handler()));
    runtime.loop(i).create_task([]() -> skein::coro<> {
      throw std::runtime_error{"lost"};
      co_return;
    });
  }
  co_await all_tasks_blocked();
  REQUIRE(told.load() == static_cast<int>(runtime.workers()));
  REQUIRE(complete.load() == told.load());
  runtime.loop(0).set_exception_handler(nullptr);
  for (std::size_t i = 0; i < runtime.workers(); ++i) {
    REQUIRE_FALSE(static_cast<bool>(runtime.loop(i).get_exception_handler()));
  }
}
