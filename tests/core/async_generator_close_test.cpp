// SPDX-License-Identifier: Apache-2.0
// async_generator_close_test.cpp: who closes generators, and what a dropped one does.
#include <support/generators.hpp>
#include <support/test_case.hpp>

#include <skein/core/async_generator.hpp>
#include <skein/core/context.hpp>
#include <skein/core/create_task.hpp>
#include <skein/core/report.hpp>
#include <skein/core/run.hpp>
#include <skein/core/runtime.hpp>
#include <skein/core/sleep.hpp>

#include <atomic>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

using namespace std::chrono_literals;
using skein_test::collect;
using skein_test::count;
using skein_test::count_and_clean;

SKEIN_TEST_CASE("aclose: it throws generator_exit at the co_yield and waits for the cleanup",
                "[core][generator]") {
  std::atomic<int> cleaned{0};
  auto generator = count_and_clean(cleaned);
  REQUIRE(co_await generator.next() == 0);
  REQUIRE(co_await generator.next() == 1);
  co_await generator.aclose();
  REQUIRE(cleaned == 1);
  co_await generator.aclose();
  REQUIRE(cleaned == 1);
  REQUIRE(co_await generator.next() == std::nullopt);
}

SKEIN_TEST_CASE("aclose: one that has not begun never does", "[core][generator]") {
  std::atomic<int> cleaned{0};
  auto payload = std::make_shared<int>(1);
  auto generator = [](std::atomic<int>& seen, std::shared_ptr<int>) -> skein::async_generator<int> {
    ++seen;
    co_yield 1;
  }(cleaned, payload);
  co_await generator.aclose();
  REQUIRE(cleaned == 0);
  REQUIRE(payload.use_count() == 1);
  REQUIRE(co_await generator.next() == std::nullopt);
}

SKEIN_TEST_CASE("aclose: what the cleanup throws comes out, and so does a yield", "[core][generator]") {
  auto failing = []() -> skein::async_generator<int> {
    try {
      co_yield 1;
    } catch (skein::generator_exit const&) {
      throw std::runtime_error{"cleaning up"};
    }
  }();
  REQUIRE(co_await failing.next() == 1);
  REQUIRE_THROWS_WITH(co_await failing.aclose(), "cleaning up");
  REQUIRE(co_await failing.next() == std::nullopt);

  auto stubborn = []() -> skein::async_generator<int> {
    for (;;) {
      try {
        co_yield 1;
      } catch (skein::generator_exit const&) {
      }
    }
  }();
  REQUIRE(co_await stubborn.next() == 1);
  REQUIRE_THROWS_WITH(co_await stubborn.aclose(),
                      Catch::StartsWith("asynchronous generator ignored generator_exit"));
  REQUIRE(co_await stubborn.next() == 1);

  auto ends = []() -> skein::async_generator<int> {
    try {
      co_yield 1;
    } catch (skein::generator_exit const&) {
    }
  }();
  REQUIRE(co_await ends.next() == 1);
  REQUIRE_NOTHROW(co_await ends.aclose());
}

SKEIN_TEST_CASE("aclose: a generator_exit of the body's own is an error outside of aclose",
                "[core][generator]") {
  auto generator = []() -> skein::async_generator<int> {
    co_yield 1;
    throw skein::generator_exit{};
  }();
  REQUIRE(co_await generator.next() == 1);
  REQUIRE_THROWS_AS(co_await generator.next(), skein::generator_exit);
}

SKEIN_TEST_CASE("aclose: a cancel goes to the cleanup (T1)", "[core][generator]") {
  std::atomic<bool> cancelled{false};
  auto generator = [](std::atomic<bool>& seen) -> skein::async_generator<int> {
    try {
      co_yield 1;
    } catch (skein::generator_exit const&) {
    }
    try {
      co_await skein::sleep(1000h);
    } catch (skein::cancelled_error const&) {
      seen = true;
      throw;
    }
  }(cancelled);
  REQUIRE(co_await generator.next() == 1);
  auto const closing = skein::create_task(generator.aclose());
  co_await all_tasks_blocked();
  closing.cancel();
  REQUIRE_THROWS_AS(co_await closing, skein::cancelled_error);
  REQUIRE(cancelled);
}

SKEIN_TEST_CASE("async_generator: one that is dropped unfinished is closed by its loop",
                "[core][generator]") {
  std::atomic<int> cleaned{0};
  {
    auto generator = count_and_clean(cleaned);
    REQUIRE(co_await generator.next() == 0);
  }
  if (skein::runtime::current().workers() == 1) {
    REQUIRE(cleaned == 0);  // not inside the destructor
  }
  co_await all_tasks_blocked();
  REQUIRE(cleaned == 1);
}

SKEIN_TEST_CASE("async_generator: dropped on a foreign thread it is closed on the loop (AGEN-003)",
                "[core][generator]") {
  struct places {
    std::atomic<bool> on_loop{false};
    std::atomic<int> count{0};
  } seen;
  auto generator = [](places& where) -> skein::async_generator<int> {
    try {
      co_yield 1;
    } catch (skein::generator_exit const&) {
    }
    co_await skein::sleep(0s);
    where.on_loop = skein::running_loop() != nullptr && skein::current_task();
    ++where.count;
  }(seen);
  REQUIRE(co_await generator.next() == 1);
  std::thread{[taken = std::move(generator)]() mutable { auto const dropped = std::move(taken); }}.join();
  co_await all_tasks_blocked();
  REQUIRE(seen.count == 1);
  REQUIRE(seen.on_loop);
}

SKEIN_TEST_CASE("async_generator: many are dropped on many threads, each is closed once",
                "[core][generator]") {
  constexpr int many = 200;
  std::atomic<int> cleaned{0};
  std::vector<skein::async_generator<int>> all;
  for (int i = 0; i < many; ++i) {
    all.push_back(count_and_clean(cleaned));
    REQUIRE(co_await all.back().next() == 0);
  }
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([part = std::vector<skein::async_generator<int>>{
                              std::make_move_iterator(all.begin() + t * many / 4),
                              std::make_move_iterator(all.begin() + (t + 1) * many / 4)}]() mutable {
      while (!part.empty()) {
        part.pop_back();
      }
    });
  }
  for (auto& thread : threads) {
    thread.join();
  }
  co_await all_tasks_blocked();
  REQUIRE(cleaned == many);
}

TEST_CASE("shutdown_asyncgens: it closes all that live, also one that is still held (AGEN-001)",
          "[core][generator]") {
  auto const loop = skein::new_event_loop();
  std::atomic<int> cleaned{0};
  auto held = count_and_clean(cleaned);
  auto const step = [&]() -> skein::coro<int> { co_return *co_await held.next(); };
  REQUIRE(loop->run_until_complete(step) == 0);
  std::vector<skein::task<>> waiters;
  for (int i = 0; i < 2; ++i) {
    waiters.push_back(loop->create_task([&]() -> skein::coro<> {
      auto own = count_and_clean(cleaned);
      co_await own.next();
      co_await skein::sleep(1000h);
    }));
  }
  loop->run_until_complete(all_tasks_blocked());
  for (auto const& waiter : waiters) {
    waiter.cancel();
    REQUIRE_THROWS_AS(loop->run_until_complete(waiter), skein::cancelled_error);
  }
  loop->run_until_complete(loop->shutdown_asyncgens());
  loop->run_until_complete(all_tasks_blocked());
  REQUIRE(cleaned == 3);
  auto const ask = [&]() -> skein::coro<bool> { co_return (co_await held.next()).has_value(); };
  REQUIRE_FALSE(loop->run_until_complete(ask));
}

TEST_CASE("shutdown_asyncgens: an error of a cleanup is reported, the others go on", "[core][generator]") {
  auto const loop = skein::new_event_loop();
  std::vector<std::string> told;
  loop->set_exception_handler([&](skein::event_loop&, skein::exception_context const& context) {
    told.push_back(context.message + ": " + skein::detail::describe(context.exception));
  });
  std::atomic<int> cleaned{0};
  auto good = count_and_clean(cleaned);
  auto bad = []() -> skein::async_generator<int> {
    try {
      co_yield 1;
    } catch (skein::generator_exit const&) {
      throw std::runtime_error{"no luck"};
    }
  }();
  loop->run_until_complete([&]() -> skein::coro<> {
    co_await good.next();
    co_await bad.next();
  });
  loop->run_until_complete(loop->shutdown_asyncgens());
  REQUIRE(cleaned == 1);
  REQUIRE(told == std::vector<std::string>{"an error occurred during closing of asynchronous generator: "
                                           "std::runtime_error(\"no luck\")"});
}

TEST_CASE("shutdown_asyncgens: a cancel goes to the cleanup (T1)", "[core][generator]") {
  auto const loop = skein::new_event_loop();
  std::atomic<bool> cancelled{false};
  auto generator = [](std::atomic<bool>& seen) -> skein::async_generator<int> {
    try {
      co_yield 1;
    } catch (skein::generator_exit const&) {
    }
    try {
      co_await skein::sleep(1000h);
    } catch (skein::cancelled_error const&) {
      seen = true;
      throw;
    }
  }(cancelled);
  auto const step = [&]() -> skein::coro<> { co_await generator.next(); };
  loop->run_until_complete(step);
  auto const closing = loop->create_task(loop->shutdown_asyncgens());
  loop->run_until_complete(all_tasks_blocked());
  closing.cancel();
  REQUIRE_THROWS_AS(loop->run_until_complete(closing), skein::cancelled_error);
  REQUIRE(cancelled);
}

TEST_CASE("shutdown_asyncgens: one that begins afterwards is named in the log (AGEN-002)",
          "[core][generator]") {
  for (unsigned const workers : {1U, 4U}) {
    std::vector<std::string> lines;
    auto const main = [&]() -> skein::coro<> {
      co_await skein::get_running_loop().shutdown_asyncgens();
      skein::set_log_sink([&](std::string_view line) { lines.emplace_back(line); });
      auto const numbers = co_await collect(count(2));
      REQUIRE(numbers == std::vector<int>{0, 1});
    };
    skein::run(main, {.workers = workers, .stall_report = std::chrono::milliseconds{0}});
    skein::set_log_sink(nullptr);
    REQUIRE(lines.size() == 1);
    REQUIRE_THAT(lines[0],
                 Catch::StartsWith("asynchronous generator was scheduled after shutdown_asyncgens(), at ") &&
                     Catch::Contains("generators.hpp:"));
  }
}

TEST_CASE("async_generator: one that outlives its loop, or waits when that is closed, is destroyed",
          "[core][generator]") {
  auto payload = std::make_shared<int>(1);
  auto const make = [](std::shared_ptr<int>, bool waits) -> skein::async_generator<int> {
    co_yield 1;
    if (waits) {
      co_await skein::sleep(1000h);
    }
    co_yield 2;
  };
  std::optional<skein::async_generator<int>> idle = make(payload, false);
  std::optional<skein::async_generator<int>> waiting = make(payload, true);
  {
    auto const loop = skein::new_event_loop();
    loop->set_exception_handler([](skein::event_loop&, skein::exception_context const&) {});
    auto const task = loop->create_task([&]() -> skein::coro<> {
      co_await idle->next();
      co_await waiting->next();
      co_await waiting->next();
    });
    loop->run_until_complete(all_tasks_blocked());
    REQUIRE(payload.use_count() == 3);
    loop->close();
    REQUIRE(payload.use_count() == 2);  // the frame that waited is gone
  }
  idle.reset();
  waiting.reset();
  REQUIRE(payload.use_count() == 1);
}
