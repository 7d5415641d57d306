// SPDX-License-Identifier: Apache-2.0
// run_test.cpp: starting and ending a runtime: values, errors, leftovers, bad options.
#include <support/test_case.hpp>

#include <skein/core/async_generator.hpp>
#include <skein/core/create_task.hpp>
#include <skein/core/executor.hpp>
#include <skein/core/run.hpp>
#include <skein/core/sleep.hpp>

#include <atomic>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <stdexcept>
#include <thread>
#include <vector>

using namespace std::chrono_literals;

namespace {

skein::coro<int> number(int n) { co_return n; }

template <class A>
concept can_run = requires(A a) { skein::run(a); };

// Collects what an exception handler is told.
class reports {
 public:
  [[nodiscard]] skein::exception_handler handler() {
    return [this](skein::event_loop&, skein::exception_context const& context) {
      std::lock_guard const guard{mutex_};
      texts_.push_back(context.message);
    };
  }
  [[nodiscard]] std::vector<std::string> texts() const {
    std::lock_guard const guard{mutex_};
    return texts_;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> texts_;
};

}  // namespace

TEST_CASE("run: main's value comes back, from a coroutine, a callable, any awaitable (RUN-001)",
          "[core][run]") {
  REQUIRE(skein::run(number(3)) == 3);
  REQUIRE(skein::run([] { return number(4); }) == 4);
  REQUIRE(skein::run(skein::sleep(1ms, 5)) == 5);
  skein::run([]() -> skein::coro<> { co_return; });
  for (unsigned const workers : {1U, 4U}) {
    REQUIRE(skein::run(number(3), {.workers = workers}) == 3);
    REQUIRE(skein::run([] { return number(4); }, {.workers = workers}) == 4);
  }
}

TEST_CASE("run: main's error comes out (RUN-001)", "[core][run]") {
  auto const failing = []() -> skein::coro<> {
    co_await skein::sleep(0s);
    throw std::runtime_error{"no luck"};
  };
  auto const cancels_itself = []() -> skein::coro<> {
    skein::current_task().cancel();
    co_await skein::sleep(0s);
  };
  for (unsigned const workers : {1U, 4U}) {
    REQUIRE_THROWS_WITH(skein::run(failing, {.workers = workers}), "no luck");
    REQUIRE_THROWS_AS(skein::run(cancels_itself, {.workers = workers}), skein::cancelled_error);
  }
}

TEST_CASE("run: inside a loop it is refused and the coroutine does not start (RUN-003)", "[core][run]") {
  bool started = false;
  auto const inner = [&]() -> skein::coro<> {
    started = true;
    co_return;
  };
  skein::runner idle{{.workers = 1}};
  auto const main = [&]() -> skein::coro<> {
    auto const refusal = Catch::StartsWith("run() cannot be called from a running event loop");
    REQUIRE_THROWS_WITH(skein::run(inner), refusal);
    REQUIRE_THROWS_WITH(idle.run(inner), refusal);
    co_return;
  };
  for (unsigned const workers : {1U, 4U}) {
    skein::run(main, {.workers = workers});
  }
  REQUIRE_FALSE(started);
}

TEST_CASE("run: a moved-from main is refused (RUN-002)", "[core][run]") {
  static_assert(!can_run<int>);
  static_assert(!can_run<decltype([] { return 1; })>);
  for (unsigned const workers : {1U, 4U}) {
    auto c = number(1);
    auto d = std::move(c);
    REQUIRE_THROWS_AS(skein::run(std::move(c), {.workers = workers}), std::runtime_error);
    REQUIRE(skein::run(std::move(d), {.workers = workers}) == 1);
  }
}

TEST_CASE(
    "run: it makes its own loops, one a worker, and main finds them closed afterwards (RUN-008, differs)",
    "[core][run]") {
  for (unsigned const workers : {1U, 4U}) {
    skein::future<> of_the_run;
    std::set<skein::event_loop*> loops;
    auto const main = [&]() -> skein::coro<> {
      of_the_run = skein::create_future<>();
      auto& runtime = skein::runtime::current();
      for (std::size_t i = 0; i < runtime.workers(); ++i) {
        loops.insert(&runtime.loop(i));
      }
      REQUIRE(loops.contains(&skein::get_running_loop()));
      co_return;
    };
    skein::runner r{{.workers = workers}};
    skein::event_loop* const made = &r.get_loop();
    r.run(main);
    r.run(main);
    REQUIRE(loops.size() == workers);  // the same in both runs
    REQUIRE(loops.contains(made));
    REQUIRE_FALSE(made->is_closed());
    r.close();
    REQUIRE_THROWS_AS(of_the_run.get_loop(), skein::loop_closed_error);
  }
}

TEST_CASE("run: leftover tasks are cancelled and awaited, also those born meanwhile (RUN-004)",
          "[core][run]") {
  for (unsigned const workers : {1U, 4U}) {
    std::atomic<int> cleaned{0};
    std::atomic<bool> late_ran{false};
    REQUIRE(skein::run(
                [&]() -> skein::coro<int> {
                  for (int i = 0; i < 10; ++i) {
                    skein::create_task([&]() -> skein::coro<> {
                      try {
                        co_await skein::sleep(1000h);
                      } catch (skein::cancelled_error const&) {
                        ++cleaned;
                        skein::create_task([&]() -> skein::coro<> {
                          try {
                            co_await skein::sleep(1000h);
                          } catch (skein::cancelled_error const&) {
                            late_ran = true;
                          }
                        });
                      }
                      co_await skein::sleep(1ms);
                    });
                  }
                  co_await all_tasks_blocked();
                  co_return 7;
                },
                {.workers = workers}) == 7);
    REQUIRE(cleaned == 10);
    REQUIRE(late_ran);
  }
}

TEST_CASE("run: a leftover that fails while it is cancelled is reported (RUN-005)", "[core][run]") {
  reports told;
  skein::run(
      []() -> skein::coro<> {
        skein::create_task([]() -> skein::coro<> {
          try {
            co_await skein::sleep(1000h);
          } catch (skein::cancelled_error const&) {
            throw std::runtime_error{"cleaning up"};
          }
        });
        co_await all_tasks_blocked();
      },
      {.workers = 1, .exception_handler = told.handler()});
  REQUIRE(told.texts() == std::vector<std::string>{"unhandled exception during run() shutdown"});
}

TEST_CASE("run: leftovers of a failing main end too, and its error is the one thrown (RUN-013)",
          "[core][run]") {
  bool cleaned = false;
  REQUIRE_THROWS_WITH(skein::run(
                          [&]() -> skein::coro<> {
                            skein::create_task([&]() -> skein::coro<> {
                              try {
                                co_await skein::sleep(1000h);
                              } catch (skein::cancelled_error const&) {
                                cleaned = true;
                                throw;
                              }
                            });
                            co_await all_tasks_blocked();
                            throw std::runtime_error{"main"};
                          },
                          {.workers = 2}),
                      "main");
  REQUIRE(cleaned);
}

TEST_CASE("run: an error nobody took is reported when the last handle goes (EXC-004)", "[core][run]") {
  for (unsigned const workers : {1U, 4U}) {
    reports told;
    skein::run(
        []() -> skein::coro<> {
          skein::create_task([]() -> skein::coro<> {
            co_await skein::sleep(0s);
            throw std::runtime_error{"lost"};
          });
          auto const taken = skein::create_task([]() -> skein::coro<> {
            co_await skein::sleep(0s);
            throw std::runtime_error{"taken"};
          });
          co_await all_tasks_blocked();
          REQUIRE(taken.exception() != nullptr);
        },
        {.workers = workers, .exception_handler = told.handler()});
    REQUIRE(told.texts() == std::vector<std::string>{"Task exception was never retrieved"});
  }
}

TEST_CASE("run: keyboard_interrupt in a task leaves at once, after the leftovers ended", "[core][run]") {
  for (unsigned const workers : {1U, 3U}) {
    std::atomic<bool> cleaned{false};
    REQUIRE_THROWS_AS(skein::run(
                          [&]() -> skein::coro<> {
                            skein::create_task([&]() -> skein::coro<> {
                              try {
                                co_await skein::sleep(1000h);
                              } catch (skein::cancelled_error const&) {
                                cleaned = true;
                              }
                            });
                            co_await all_tasks_blocked();
                            skein::create_task([]() -> skein::coro<> {
                              throw skein::keyboard_interrupt{};
                              co_return;
                            });
                            co_await skein::sleep(1000h);
                          },
                          {.workers = workers}),
                      skein::keyboard_interrupt);
    REQUIRE(cleaned);
  }
}

TEST_CASE("run: absurd options are refused with the value and what to do", "[core][run]") {
  REQUIRE_THROWS_AS(skein::run(number(1), {.workers = 100'000}), std::invalid_argument);
  REQUIRE_THROWS_WITH(skein::run(number(1), {.workers = 100'000}),
                      Catch::Contains("100000") && Catch::Contains("1 to 1024"));
  REQUIRE_THROWS_AS(skein::run(number(1), {.budget = 0}), std::invalid_argument);
  REQUIRE_THROWS_AS(skein::run(number(1), {.workers = 2, .virtual_time = true}), std::invalid_argument);
}

TEST_CASE("runner: one runtime for several runs", "[core][run]") {
  skein::runner runner{{.workers = 2}};
  REQUIRE(runner.run(number(1)) == 1);
  auto* const loop = &runner.get_loop();
  REQUIRE(runner.run([&]() -> skein::coro<bool> {
    co_await skein::sleep(1ms);
    co_return &skein::runtime::current().loop(0) == loop;
  }));
  runner.close();
  runner.close();
  REQUIRE_THROWS_WITH(runner.run(number(1)), Catch::StartsWith("Runner is closed"));
  REQUIRE_THROWS_AS(runner.get_loop(), std::runtime_error);
}

TEST_CASE("run: two runtimes on two threads do not disturb each other", "[core][run]") {
  std::vector<std::thread> threads;
  std::atomic<int> sum{0};
  for (int t = 0; t < 3; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 20; ++i) {
        sum += skein::run(
            []() -> skein::coro<int> {
              auto const a = skein::create_task(skein::sleep(100us, 1));
              auto const b = skein::create_task(skein::sleep(200us, 2));
              co_return co_await a + co_await b;
            },
            {.workers = 2});
      }
    });
  }
  for (auto& thread : threads) {
    thread.join();
  }
  REQUIRE(sum == 3 * 20 * 3);
}

SKEIN_TEST_CASE("run: always-ready awaits give way to others when the budget is spent", "[core][run]") {
  if (skein::runtime::current().workers() == 1) {
    co_return;  // asyncio has no budget
  }
  auto const ready = skein::create_future<int>();
  ready.set_result(1);
  std::atomic<bool> stop{false};
  auto& loop = skein::get_running_loop();
  auto const greedy = loop.create_task([&]() -> skein::coro<long> {
    long turns = 0;
    while (!stop) {
      turns += co_await ready;
    }
    co_return turns;
  });
  auto const other = loop.create_task([&]() -> skein::coro<> {
    stop = true;
    co_return;
  });
  REQUIRE(co_await greedy > 0);
  co_await other;
}

TEST_CASE("run: at the end tasks, then generators, then the executor, then the loops (RUN-006)",
          "[core][run]") {
  for (unsigned const workers : {1U, 4U}) {
    std::mutex mutex;
    std::vector<std::string> order;
    auto const note = [&](std::string text) {
      std::lock_guard const guard{mutex};
      order.push_back(std::move(text));
    };
    std::atomic<bool> generator_closed{false};
    std::atomic<int> started{0};
    std::optional<skein::async_generator<int>> generator;
    skein::event_loop* loop = nullptr;
    skein::runner runner{{.workers = workers}};
    runner.run([&]() -> skein::coro<> {
      loop = &skein::get_running_loop();
      generator = [](auto const& say, std::atomic<bool>& closed) -> skein::async_generator<int> {
        try {
          co_yield 1;
        } catch (skein::generator_exit const&) {
        }
        co_await skein::sleep(1ms);
        say("generator");
        closed = true;
      }(note, generator_closed);
      co_await generator->next();
      for (int i = 0; i < 2; ++i) {
        skein::create_task([&]() -> skein::coro<> {
          ++started;
          try {
            co_await skein::sleep(1000h);
          } catch (skein::cancelled_error const&) {
          }
          co_await skein::sleep(2ms);
          note("task");
        });
      }
      static_cast<void>(skein::to_thread([&] {
        while (!generator_closed) {  // joined before the generators, this would never end
          std::this_thread::yield();
        }
        note(loop->is_closed() ? "job, too late" : "job");
      }));
      while (started < 2) {
        co_await skein::sleep(0s);
      }
    });
    REQUIRE(order.empty());
    runner.close();
    REQUIRE(order == std::vector<std::string>{"task", "task", "generator", "job"});
  }
}

TEST_CASE("run: debug mode is what the options say, else what the environment says (RUN-007)",
          "[core][run]") {
  auto const debug = []() -> skein::coro<bool> { co_return skein::get_running_loop().get_debug(); };
  REQUIRE(skein::run(debug(), {.workers = 1, .debug = true}));
  REQUIRE_FALSE(skein::run(debug(), {.workers = 1, .debug = false}));
  char const* const given = std::getenv("SKEIN_DEBUG");
  std::string const before = given != nullptr ? given : "";
  ::setenv("SKEIN_DEBUG", "1", 1);
  REQUIRE(skein::run(debug()));
  REQUIRE_FALSE(skein::run(debug(), {.debug = false}));
  ::setenv("SKEIN_DEBUG", "", 1);
  REQUIRE_FALSE(skein::run(debug()));
  if (given != nullptr) {
    ::setenv("SKEIN_DEBUG", before.c_str(), 1);
  } else {
    ::unsetenv("SKEIN_DEBUG");
  }
}

TEST_CASE("runner: closed it refuses everything, and the coroutine does not start", "[core][run]") {
  skein::runner runner{{.workers = 1}};
  runner.close();
  bool started = false;
  auto const main = [&]() -> skein::coro<> {
    started = true;
    co_return;
  };
  REQUIRE_THROWS_WITH(runner.run(main), Catch::StartsWith("Runner is closed"));
  REQUIRE_THROWS_WITH(runner.run(main()), Catch::StartsWith("Runner is closed"));
  REQUIRE_THROWS_WITH(runner.get_loop(), Catch::StartsWith("Runner is closed"));
  REQUIRE_FALSE(started);
}
