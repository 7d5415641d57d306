// SPDX-License-Identifier: Apache-2.0
// stall_monitor_test.cpp: steps that hold their worker up are noticed and told.
#include <support/log_lines.hpp>
#include <support/test_case.hpp>

#include "runtime_core.hpp"
#include "stall_support.hpp"

#include <skein/core/create_task.hpp>
#include <skein/core/sleep.hpp>

#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <ctime>

using namespace std::chrono_literals;
using skein_test::log_lines;

namespace {

using skein_test::compute_until;

/// Options with a short limit, and nothing given away.
skein::run_options short_limit(unsigned workers, skein::delay report = 5ms) {
  return {.workers = workers, .stall_report = report, .stall_takeover = 0ms};
}

/// Steps that were told of on any worker.
std::uint64_t stalls() { return skein::runtime::current().metrics().total().stalls; }

/// Makes somebody who can be held up.
void make_bystander() {
  static_cast<void>(skein::create_task([]() -> skein::coro<void> { co_await skein::sleep(1h); }));
}

/// A child process that does something and is waited for.
template <class F>
struct child_process {
  explicit child_process(F f) : number{::fork()} {
    if (number == 0) {
      f(::getppid());
      ::_exit(0);
    }
  }
  ~child_process() { ::waitpid(number, nullptr, 0); }
  pid_t number;
};

void nap(long ms) {
  timespec const time{.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1'000'000};
  ::nanosleep(&time, nullptr);  // wall clock: in the child that stops its parent
}

}  // namespace

TEST_CASE("stall: a step that holds its worker up is told while it lasts, with its task", "[core][stall]") {
  for (unsigned const workers : {1U, 2U}) {
    log_lines const log;
    bool told = false;
    skein::run(
        [&]() -> skein::coro<void> {
          auto hog = skein::create_task({.name = "hog"}, [&]() -> skein::coro<void> {
            told = compute_until([&] { return log.count({"its thread"}) != 0; });
            co_return;
          });
          auto waiter = skein::create_task({.name = "waiter"}, [&]() -> skein::coro<void> { co_await hog; });
          co_await waiter;
        },
        short_limit(workers));
    REQUIRE(told);
    REQUIRE(log.count({"is held up for", "ms by the first step of 'hog'"}) == 1);
    REQUIRE(log.count({"Task(name='hog'"}) == 1);
    REQUIRE(log.count({"goes on after"}) >= 1);
  }
}

TEST_CASE("stall: the report says who awaits the task, and where it waited last", "[core][stall]") {
  log_lines const log;
  skein::run(
      [&]() -> skein::coro<void> {
        auto hog = skein::create_task({.name = "hog"}, [&]() -> skein::coro<void> {
          co_await all_tasks_blocked();
          REQUIRE(compute_until([&] { return log.count({"its thread"}) != 0; }));
        });
        auto waiter = skein::create_task({.name = "waiter"}, [&]() -> skein::coro<void> { co_await hog; });
        co_await waiter;
      },
      short_limit(2, 20ms));
  REQUIRE(log.count({"is held up for", "ms by a step after"}) >= 1);
  REQUIRE(log.count({"Task(name='waiter'"}) >= 1);
}

#ifndef __SANITIZE_THREAD__  // which delivers signals late
TEST_CASE("stall: a step that computes shows the stack of its thread", "[core][stall]") {
  log_lines const log;
  skein::run(
      [&]() -> skein::coro<void> {
        make_bystander();
        REQUIRE(compute_until([&] { return log.count({"in skein_test::compute_until"}) != 0; }));
        co_return;
      },
      short_limit(1));
  REQUIRE(log.count({"its thread computes:"}) == 1);
}
#endif

TEST_CASE("stall: a step that sleeps in the system is told, and sleeps to the end", "[core][stall]") {
  log_lines const log;
  int interrupted = 0;
  skein::run(
      [&]() -> skein::coro<void> {
        make_bystander();
        timespec const time{.tv_sec = 0, .tv_nsec = 50'000'000};
        bool const told = compute_until([&] {
          interrupted += ::nanosleep(&time, nullptr) != 0 ? 1 : 0;  // wall clock: the subject of this test
          return log.count({"its thread waits in", "nanosleep"}) != 0;
        });
        REQUIRE(told);
        co_return;
      },
      short_limit(1));
  REQUIRE(interrupted == 0);
}

TEST_CASE("stall: a callback that holds its loop up is told", "[core][stall]") {
  log_lines const log;
  skein::run(
      [&]() -> skein::coro<void> {
        auto done = skein::create_future<bool>();
        skein::get_running_loop().call_soon([&log, done]() mutable {
          done.set_result(compute_until([&] { return log.count({"is held up for", "a callback"}) != 0; }));
        });
        REQUIRE(co_await done);
      },
      short_limit(1));
}

TEST_CASE("stall: one place is told once, and then counted", "[core][stall]") {
  constexpr std::uint64_t times = 5;
  log_lines const log;
  skein::run(
      [&]() -> skein::coro<void> {
        make_bystander();
        auto const& reporter = skein::detail::running_worker().runtime.monitor.reporter();
        for (std::uint64_t i = 1; i <= times; ++i) {
          co_await skein::sleep(0s);
          REQUIRE(compute_until([&] { return reporter.looked_at() == i; }));
        }
        REQUIRE(stalls() == times);
      },
      short_limit(1, 20ms));
  REQUIRE(log.count({"its thread"}) == 1);
  REQUIRE(log.count({"4 more stall(s) by a step after"}) == 1);
}

TEST_CASE("stall: the monitor sleeps while all workers sleep, and one that wakes up wakes it",
          "[core][stall]") {
  for (unsigned const workers : {1U, 4U}) {
    log_lines const log;
    skein::run(
        [&]() -> skein::coro<void> {
          make_bystander();
          auto const& monitor = skein::detail::running_worker().runtime.monitor;
          auto asleep = skein::create_future<bool>();
          std::thread other{
              [&, asleep]() mutable { asleep.set_result(compute_until([&] { return monitor.asleep(); })); }};
          bool const slept = co_await asleep;
          other.join();
          REQUIRE(slept);
          REQUIRE(compute_until([&] { return log.count({"is held up for"}) != 0; }));
        },
        short_limit(workers));
  }
}

TEST_CASE("stall: the time of a stopped process does not count", "[core][stall]") {
  std::uint64_t told = 1;
  skein::run(
      [&]() -> skein::coro<void> {
        make_bystander();
        auto const began = std::chrono::steady_clock::now();
        {
          child_process const stopper{[](pid_t parent) {
            nap(150);
            ::kill(parent, SIGSTOP);
            nap(1500);
            ::kill(parent, SIGCONT);
          }};
        }
        REQUIRE(std::chrono::steady_clock::now() - began > 1500ms);
        told = stalls();
        co_return;
      },
      short_limit(1, 800ms));
  REQUIRE(told == 0);
}

TEST_CASE("stall: with a limit of zero, and in virtual time, nothing is told", "[core][stall]") {
  skein::run_options const off = short_limit(1, 0ms);
  skein::run_options virtual_time = short_limit(1);
  virtual_time.virtual_time = true;
  for (auto const& options : {off, virtual_time}) {
    std::uint64_t told = 1;
    skein::run(
        [&]() -> skein::coro<void> {
          make_bystander();
          auto const end = std::chrono::steady_clock::now() + 100ms;
          static_cast<void>(compute_until([&] { return std::chrono::steady_clock::now() > end; }));
          told = stalls();
          co_return;
        },
        options);
    REQUIRE(told == 0);
  }
}

TEST_CASE("stall: a step that holds nobody up is not told", "[core][stall]") {
  std::uint64_t told = 1;
  std::uint64_t with_bystander = 0;
  skein::run(
      [&]() -> skein::coro<void> {
        auto const end = std::chrono::steady_clock::now() + 100ms;
        static_cast<void>(compute_until([&] { return std::chrono::steady_clock::now() > end; }));
        told = stalls();
        make_bystander();
        static_cast<void>(compute_until([&] { return (with_bystander = stalls()) != 0; }));
        co_return;
      },
      short_limit(1));
  REQUIRE(told == 0);
  REQUIRE(with_bystander == 1);
}
