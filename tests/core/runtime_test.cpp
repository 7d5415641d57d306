// SPDX-License-Identifier: Apache-2.0
// runtime_test.cpp: the runtime seen from inside, and how many workers there are.
#include <support/on_one_core.hpp>
#include <support/test_case.hpp>

#include <skein/core/create_task.hpp>
#include <skein/core/run.hpp>
#include <skein/core/runtime.hpp>
#include <skein/core/sleep.hpp>
#include <skein/core/when_all.hpp>

#include <atomic>
#include <chrono>
#include <stdexcept>
#include <thread>

using namespace std::chrono_literals;

namespace {
skein::coro<long> fib(int n) {
  if (n < 2) {
    co_return n;
  }
  auto [a, b] = co_await skein::when_all(fib(n - 1), fib(n - 2));
  co_return a + b;
}
/// The counters of all workers of this runtime, added up.
skein::worker_metrics sums() { return skein::runtime::current().metrics().total(); }
}  // namespace

TEST_CASE("runtime: the counters of all workers are added up, each of them", "[core][runtime]") {
  skein::worker_metrics const one{.turns = 1,
                                  .steals = 2,
                                  .parks = 3,
                                  .spills = 4,
                                  .searches = 5,
                                  .probes = 6,
                                  .notified = 7,
                                  .injected = 8,
                                  .stalls = 9};
  skein::worker_metrics const sum = skein::runtime_metrics{.workers = {one, one}, .tasks = 0}.total();
  REQUIRE(sum.turns == 2);
  REQUIRE(sum.steals == 4);
  REQUIRE(sum.parks == 6);
  REQUIRE(sum.spills == 8);
  REQUIRE(sum.searches == 10);
  REQUIRE(sum.probes == 12);
  REQUIRE(sum.notified == 14);
  REQUIRE(sum.injected == 16);
  REQUIRE(sum.stalls == 18);
}

TEST_CASE("runtime: outside of one there is none", "[core][runtime]") {
  REQUIRE_THROWS_AS(skein::runtime::current(), skein::no_running_loop_error);
}

TEST_CASE("runtime: the default number of workers is that of the cores the process may use",
          "[core][runtime]") {
  auto const cores = skein_test::cores_of_thread();
  REQUIRE(skein::default_worker_count() >= 1);
  REQUIRE(skein::default_worker_count() <= cores);
  skein_test::on_one_core const one;
  REQUIRE(skein::default_worker_count() == 1);
}

SKEIN_TEST_CASE("runtime: it knows its loops", "[core][runtime]") {
  auto& runtime = skein::runtime::current();
  REQUIRE(runtime.workers() >= 1);
  REQUIRE(&runtime.loop(0) != nullptr);
  REQUIRE_THROWS_AS(runtime.loop(runtime.workers()), std::out_of_range);
  REQUIRE_THROWS_WITH(runtime.loop(99), Catch::Contains("no loop 99"));
  co_return;
}

SKEIN_TEST_CASE("runtime: its metrics count turns, tasks and steals", "[core][runtime]") {
  auto const waiting = skein::create_task([]() -> skein::coro<> { co_await skein::sleep(1000h); });
  co_await all_tasks_blocked();
  auto const metrics = skein::runtime::current().metrics();
  REQUIRE(metrics.workers.size() == skein::runtime::current().workers());
  REQUIRE(metrics.tasks >= 2);
  std::uint64_t turns = 0;
  for (auto const& worker : metrics.workers) {
    turns += worker.turns;
  }
  REQUIRE(turns > 0);
  waiting.cancel();
}

TEST_CASE("runtime: with one worker nobody is searched, notified or stolen from", "[core][runtime]") {
  skein::run(
      []() -> skein::coro<> {
        REQUIRE(co_await fib(15) == 610);
        co_await skein::sleep(1ms);
        auto const sum = sums();
        REQUIRE(sum.searches + sum.probes + sum.notified + sum.steals + sum.injected == 0U);
        REQUIRE(sum.parks > 0U);
      },
      {.workers = 1});
}

TEST_CASE("runtime: its metrics count the search for a task, and the call for somebody to search",
          "[core][runtime]") {
  skein::run(
      [&]() -> skein::coro<> {
        // Who makes a task while all others sleep notifies one: they sleep sooner or later.
        for (int round = 0; round < 10'000 && (sums().notified == 0 || sums().steals == 0); ++round) {
          auto const parks = sums().parks;
          auto const end = std::chrono::steady_clock::now() + 1ms;
          while (sums().parks == parks && std::chrono::steady_clock::now() < end) {
            std::this_thread::yield();
          }
          std::atomic<bool> ran{false};
          auto const other = skein::create_task([&]() -> skein::coro<> {
            ran.store(true);
            co_return;
          });
          while (!ran.load()) {
            std::this_thread::yield();
          }
          co_await other;
        }
        auto const sum = sums();
        REQUIRE(sum.notified > 0U);
        REQUIRE(sum.steals > 0U);
        REQUIRE(sum.searches >= sum.steals);
        REQUIRE(sum.probes >= sum.steals);
      },
      {.workers = 4});
}

TEST_CASE("runtime: a task that a plain thread wakes comes from the queue of nobody", "[core][runtime]") {
  skein::run(
      []() -> skein::coro<> {
        auto const before = sums().injected;  // main came that way
        // A future that is done before it is awaited wakes nobody: sooner or later one is not.
        std::uint64_t rounds = 0;
        while (rounds < 10'000 && sums().injected == before) {
          ++rounds;
          auto done = skein::create_future();
          std::jthread const other{[done]() mutable { done.set_result(); }};
          co_await done;
        }
        REQUIRE(sums().injected - before > 0U);
        REQUIRE(sums().injected - before <= rounds);
      },
      {.workers = 2});
}

// Each time a worker went to sleep it knocked, and who computed woke it at the next await of a child: 25,000
// times a second.
TEST_CASE("runtime: who awaits children while the others sleep wakes them for nothing only once or twice",
          "[core][runtime]") {
  skein::run(
      []() -> skein::coro<> {
        auto const child = [](int n) -> skein::coro<int> { co_return n; };
        auto const calls = [&](int n) -> skein::coro<long> {
          long sum = 0;
          for (int i = 0; i < n; ++i) {
            sum += co_await child(1);
          }
          co_return sum;
        };
        while (sums().parks < 3) {
          std::this_thread::yield();
        }
        auto const before = sums().notified;
        auto const end = std::chrono::steady_clock::now() + 100ms;
        while (std::chrono::steady_clock::now() < end) {
          REQUIRE(co_await calls(1'000) == 1'000);
        }
        REQUIRE(sums().notified - before < 20U);
      },
      {.workers = 4});
}

TEST_CASE("runtime: a task that was woken is taken by another worker when its waker goes on with children",
          "[core][runtime]") {
  bool taken = true;
  skein::run(
      [&]() -> skein::coro<> {
        auto const child = []() -> skein::coro<> { co_return; };
        for (int round = 0; round < 20 && taken; ++round) {
          auto event = skein::create_future();
          std::atomic<bool> waits{false};
          std::atomic<bool> ran{false};
          auto const other = skein::create_task([&]() -> skein::coro<> {
            waits.store(true);
            co_await event;
            ran.store(true);
          });
          while (!waits.load()) {
            co_await skein::sleep(0s);
          }
          // The other worker goes to sleep, whatever it did.
          auto const moment = std::chrono::steady_clock::now() + round * 100us;
          while (std::chrono::steady_clock::now() < moment) {
            co_await child();
          }
          event.set_result();
          auto const end = std::chrono::steady_clock::now() + 10s;
          while (!ran.load() && taken) {
            co_await child();
            taken = std::chrono::steady_clock::now() < end;
          }
          co_await other;
        }
      },
      {.workers = 2});
  REQUIRE(taken);
}

TEST_CASE("runtime: forks are stolen by idle workers", "[core][runtime]") {
  std::uint64_t steals = 0;
  for (int attempt = 0; attempt < 20 && steals == 0; ++attempt) {
    skein::run(
        [&]() -> skein::coro<> {
          REQUIRE(co_await fib(25) == 75025);
          for (auto const& worker : skein::runtime::current().metrics().workers) {
            steals += worker.steals;
          }
        },
        {.workers = 4});
  }
  REQUIRE(steals > 0);
}

TEST_CASE("runtime: all children of an outermost fork can run at once while their parent's worker is busy",
          "[core][runtime]") {
  constexpr int children = 4;
  for (int round = 0; round < 20; ++round) {
    std::atomic<int> arrived{0};
    // A child blocks its worker until the others have come: each needs a worker of its own.
    auto const child = [&]() -> skein::coro<int> {
      arrived.fetch_add(1);
      while (arrived.load() < children) {
        std::this_thread::yield();
      }
      co_return 1;
    };
    skein::run(
        [&]() -> skein::coro<> {
          std::vector<skein::coro<int>> all;
          for (int i = 0; i < children; ++i) {
            all.push_back(child());
          }
          auto const ones = co_await skein::when_all(std::move(all));
          REQUIRE(ones == std::vector<int>(children, 1));
        },
        {.workers = children});
  }
}

// A worker that went to sleep just then looked at the run queue before the task was there, and the maker
// asked before the worker was counted as asleep: the order of a store and a load was not kept.
TEST_CASE("runtime: a task whose maker blocks at once is run by another worker, every time",
          "[core][runtime]") {
  int late = 0;
  skein::run(
      [&]() -> skein::coro<> {
        for (int round = 0; round < 10'000 && late == 0; ++round) {
          std::atomic<bool> ran{false};
          // The other worker goes to sleep some 10 µs after it found nothing: at every moment of that, once.
          auto const moment = std::chrono::steady_clock::now() + (round % 200) * 200ns;
          while (std::chrono::steady_clock::now() < moment) {
          }
          auto const other = skein::create_task([&]() -> skein::coro<> {
            ran.store(true);
            co_return;
          });
          auto const end = std::chrono::steady_clock::now() + 10s;
          while (!ran.load() && late == 0) {
            std::this_thread::yield();
            late += std::chrono::steady_clock::now() > end ? 1 : 0;
          }
          co_await other;
        }
      },
      {.workers = 2});
  REQUIRE(late == 0);
}
