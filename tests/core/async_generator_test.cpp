// SPDX-License-Identifier: Apache-2.0
// async_generator_test.cpp: generators that wait: values, errors, closing, and who closes what is dropped.
#include <support/test_case.hpp>

#include <skein/core/async_generator.hpp>
#include <skein/core/context.hpp>
#include <skein/core/create_task.hpp>
#include <skein/core/report.hpp>
#include <skein/core/run.hpp>
#include <skein/core/runtime.hpp>
#include <skein/core/sleep.hpp>
#include <skein/core/when_all.hpp>

#include <atomic>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

using namespace std::chrono_literals;

static_assert(!std::is_copy_constructible_v<skein::async_generator<int>>);
static_assert(std::is_nothrow_move_constructible_v<skein::async_generator<int>>);

namespace {

skein::async_generator<int> count(int n) {
  for (int i = 0; i < n; ++i) {
    co_yield i;
  }
}

skein::async_generator<int> count_slowly(int n) {
  for (int i = 0; i < n; ++i) {
    co_await skein::sleep(i % 3 == 0 ? 1ms : 0ms);
    co_yield i;
  }
}

// Counts for ever; when it is closed or cancelled it waits once, and then counts that.
skein::async_generator<int> count_and_clean(std::atomic<int>& cleaned) {
  std::exception_ptr stored;
  try {
    for (int i = 0;; ++i) {
      co_yield i;
    }
  } catch (...) {
    stored = std::current_exception();
  }
  co_await skein::sleep(0s);
  ++cleaned;
  std::rethrow_exception(stored);
}

skein::coro<std::vector<int>> collect(skein::async_generator<int> generator) {
  std::vector<int> all;
  while (auto const value = co_await generator.next()) {
    all.push_back(*value);
  }
  co_return all;
}

}  // namespace

SKEIN_TEST_CASE("async_generator: it yields its values, then nothing, for ever", "[core][generator]") {
  auto generator = count(3);
  REQUIRE(co_await generator.next() == 0);
  REQUIRE(co_await generator.next() == 1);
  REQUIRE(co_await generator.next() == 2);
  REQUIRE(co_await generator.next() == std::nullopt);
  REQUIRE(co_await generator.next() == std::nullopt);
  auto const none = co_await collect(count(0));
  REQUIRE(none.empty());
}

SKEIN_TEST_CASE("async_generator: it may wait between values", "[core][generator]") {
  auto const all = co_await collect(count_slowly(7));
  REQUIRE(all == std::vector<int>{0, 1, 2, 3, 4, 5, 6});
}

SKEIN_TEST_CASE("async_generator: it does nothing before the first next", "[core][generator]") {
  auto payload = std::make_shared<int>(1);
  bool began = false;
  {
    auto generator = [](bool& flag, std::shared_ptr<int>) -> skein::async_generator<int> {
      flag = true;
      co_yield 1;
    }(began, payload);
    REQUIRE(payload.use_count() == 2);
  }
  REQUIRE(payload.use_count() == 1);
  REQUIRE_FALSE(began);
  co_return;
}

SKEIN_TEST_CASE("async_generator: an error ends it and comes out of next", "[core][generator]") {
  for (bool const waits : {false, true}) {
    auto generator = [](bool wait) -> skein::async_generator<std::string> {
      co_yield "one";
      if (wait) {
        co_await skein::sleep(0s);
      }
      throw std::runtime_error{"no luck"};
    }(waits);
    REQUIRE(co_await generator.next() == "one");
    REQUIRE_THROWS_WITH(co_await generator.next(), "no luck");
    REQUIRE(co_await generator.next() == std::nullopt);
    co_await generator.aclose();
  }
}

SKEIN_TEST_CASE("async_generator: values may be moved only", "[core][generator]") {
  auto generator = []() -> skein::async_generator<std::unique_ptr<int>> {
    co_yield std::make_unique<int>(1);
    co_await skein::sleep(0s);
    co_yield std::make_unique<int>(2);
  }();
  auto const first = co_await generator.next();
  auto const second = co_await generator.next();
  REQUIRE(**first + **second == 3);
  REQUIRE_FALSE((co_await generator.next()).has_value());
}

SKEIN_TEST_CASE("async_generator: it is moved between two values", "[core][generator]") {
  auto generator = count_slowly(3);
  REQUIRE(co_await generator.next() == 0);
  auto other = std::move(generator);
  REQUIRE(co_await other.next() == 1);
  REQUIRE_THROWS_WITH(generator.next(), Catch::Contains("moved from"));  // NOLINT: that is the point
  REQUIRE_THROWS_AS(generator.aclose(), std::runtime_error);
  generator = std::move(other);
  REQUIRE(co_await generator.next() == 2);
}

SKEIN_TEST_CASE("async_generator: one that yields inside nested coroutines' results and forks",
                "[core][generator]") {
  auto const square = [](int n) -> skein::coro<int> {
    co_await skein::sleep(0s);
    co_return n* n;
  };
  auto generator = [&]() -> skein::async_generator<int> {
    for (int i = 0; i < 20; ++i) {
      auto const [a, b] = co_await skein::when_all(square(i), square(i + 1));
      co_yield a + b;
    }
  }();
  int sum = 0;
  while (auto const value = co_await generator.next()) {
    sum += *value;
  }
  REQUIRE(sum == 5340);
}

SKEIN_TEST_CASE("async_generator: 100,000 values cost no stack", "[core][generator]") {
  long sum = 0;
  auto generator = count(100'000);
  while (auto const value = co_await generator.next()) {
    sum += *value;
  }
  REQUIRE(sum == 4'999'950'000);
}

SKEIN_TEST_CASE("async_generator: generators of generators, deeper than the stack", "[core][generator]") {
  struct chain {
    static skein::async_generator<int> link(int depth) {
      if (depth == 0) {
        co_yield 0;
        co_yield 10;
        co_return;
      }
      auto inner = link(depth - 1);
      while (auto const value = co_await inner.next()) {
        co_yield *value + 1;
      }
    }
  };
  auto generator = chain::link(20'000);
  REQUIRE(co_await generator.next() == 20'000);
  REQUIRE(co_await generator.next() == 20'010);
  REQUIRE(co_await generator.next() == std::nullopt);
}

SKEIN_TEST_CASE("async_generator: a cancel reaches what it waits for and ends it (T1)", "[core][generator]") {
  std::atomic<int> cancelled{0};
  auto generator = [](std::atomic<int>& seen) -> skein::async_generator<int> {
    co_yield 1;
    try {
      co_await skein::sleep(1000h);
    } catch (skein::cancelled_error const&) {
      ++seen;
      throw;
    }
    co_yield 2;
  }(cancelled);
  auto const task = skein::create_task([&]() -> skein::coro<> {
    REQUIRE(co_await generator.next() == 1);
    co_await generator.next();
  });
  co_await all_tasks_blocked();
  task.cancel();
  REQUIRE_THROWS_AS(co_await task, skein::cancelled_error);
  REQUIRE(cancelled == 1);
  REQUIRE(co_await generator.next() == std::nullopt);
}

SKEIN_TEST_CASE("async_generator: one that swallows a cancel goes on (T1)", "[core][generator]") {
  auto generator = []() -> skein::async_generator<int> {
    try {
      co_await skein::sleep(1000h);
    } catch (skein::cancelled_error const&) {
    }
    co_yield 1;
    co_yield 2;
  }();
  auto const task = skein::create_task([&]() -> skein::coro<int> { co_return *co_await generator.next(); });
  co_await all_tasks_blocked();
  task.cancel();
  REQUIRE(co_await task == 1);
  REQUIRE(co_await generator.next() == 2);
  co_await generator.aclose();
}

SKEIN_TEST_CASE("async_generator: two cannot ask at the same time", "[core][generator]") {
  auto const go = skein::create_future<>();
  auto generator = [](skein::future<> open) -> skein::async_generator<int> {
    co_await open;
    co_yield 1;
  }(go);
  auto const first = skein::create_task([&]() -> skein::coro<int> { co_return *co_await generator.next(); });
  co_await all_tasks_blocked();
  REQUIRE_THROWS_WITH(co_await generator.next(),
                      Catch::StartsWith("next(): asynchronous generator is already running"));
  REQUIRE_THROWS_WITH(co_await generator.aclose(),
                      Catch::StartsWith("aclose(): asynchronous generator is already running"));
  go.set_result();
  REQUIRE(co_await first == 1);
  REQUIRE(co_await generator.next() == std::nullopt);
}

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

SKEIN_TEST_CASE("async_generator: each step runs in the context of who asks for it (CTX-008)",
                "[core][generator]") {
  skein::context_var<int> var{"var", 0};
  auto generator = [](skein::context_var<int>& v) -> skein::async_generator<int> {
    for (;;) {
      int const before = v.get();
      v.set(before + 1);
      co_await skein::sleep(0s);
      co_yield v.get();
    }
  }(var);
  auto const ask = [&](int value) -> skein::coro<int> {
    var.set(value);
    int const got = *co_await generator.next();
    REQUIRE(var.get() == value + 1);
    co_return got;
  };
  auto const first = skein::create_task(ask, 10);
  REQUIRE(co_await first == 11);
  auto const second = skein::create_task(ask, 20);
  REQUIRE(co_await second == 21);
  REQUIRE(var.get() == 0);
  co_await generator.aclose();
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
                     Catch::Contains("async_generator_test.cpp:"));
  }
}

TEST_CASE(
    "run: generators are closed after the tasks have ended, also that of a leftover (AGEN-001, RUN-013)",
    "[core][generator]") {
  for (unsigned const workers : {1U, 4U}) {
    std::atomic<int> cleaned{0};
    std::atomic<bool> leftover_ended{false};
    std::atomic<bool> tasks_first{false};
    std::optional<skein::async_generator<int>> held;
    REQUIRE_THROWS_WITH(skein::run(
                            [&]() -> skein::coro<> {
                              held = [](std::atomic<bool>& ended, std::atomic<bool>& first,
                                        std::atomic<int>& n) -> skein::async_generator<int> {
                                try {
                                  co_yield 1;
                                } catch (skein::generator_exit const&) {
                                  first = ended.load();
                                }
                                co_await skein::sleep(0s);
                                ++n;
                              }(leftover_ended, tasks_first, cleaned);
                              co_await held->next();
                              skein::create_task([&]() -> skein::coro<> {
                                auto own = count_and_clean(cleaned);
                                co_await own.next();
                                try {
                                  co_await skein::sleep(1000h);
                                } catch (skein::cancelled_error const&) {
                                }
                                co_await skein::sleep(1ms);
                                leftover_ended = true;
                              });
                              co_await all_tasks_blocked();
                              throw std::runtime_error{"main"};
                            },
                            {.workers = workers}),
                        "main");
    REQUIRE(leftover_ended);
    REQUIRE(tasks_first);
    REQUIRE(cleaned == 2);
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

SKEIN_TEST_CASE("for_each: f sees every value", "[core][generator]") {
  std::vector<int> all;
  co_await skein::for_each(count_slowly(5), [&](int n) { all.push_back(n); });
  REQUIRE(all == std::vector<int>{0, 1, 2, 3, 4});
  int sum = 0;
  auto generator = count(4);
  co_await skein::for_each(generator, [&](int& n) { sum += n; });
  REQUIRE(sum == 6);
  REQUIRE(co_await generator.next() == std::nullopt);
}

SKEIN_TEST_CASE("for_each: false leaves; an rvalue is closed then, an lvalue goes on", "[core][generator]") {
  std::atomic<int> cleaned{0};
  int last = -1;
  auto const until_two = [&](int n) {
    last = n;
    return n < 2;
  };
  co_await skein::for_each(count_and_clean(cleaned), until_two);
  REQUIRE(last == 2);
  REQUIRE(cleaned == 1);
  auto generator = count_and_clean(cleaned);
  co_await skein::for_each(generator, until_two);
  REQUIRE(cleaned == 1);
  REQUIRE(co_await generator.next() == 3);
  co_await generator.aclose();
}

SKEIN_TEST_CASE("for_each: a coro that f returns is awaited before the next value", "[core][generator]") {
  std::vector<int> order;
  co_await skein::for_each(count(3), [&](int n) -> skein::coro<> {
    order.push_back(n);
    co_await skein::sleep(0s);
    order.push_back(n + 10);
  });
  REQUIRE(order == std::vector<int>{0, 10, 1, 11, 2, 12});
  int seen = 0;
  co_await skein::for_each(count(10), [&](int n) -> skein::coro<bool> {
    ++seen;
    co_return n < 3;
  });
  REQUIRE(seen == 4);
}

SKEIN_TEST_CASE("for_each: an error of f comes out after an rvalue was closed", "[core][generator]") {
  std::atomic<int> cleaned{0};
  REQUIRE_THROWS_WITH(
      co_await skein::for_each(count_and_clean(cleaned), [](int) { throw std::runtime_error{"no luck"}; }),
      "no luck");
  REQUIRE(cleaned == 1);
}

SKEIN_TEST_CASE("for_each: a cancel ends it after an rvalue was closed (T1)", "[core][generator]") {
  std::atomic<int> cleaned{0};
  auto const in_f = skein::create_task([&]() -> skein::coro<> {
    co_await skein::for_each(count_and_clean(cleaned),
                             [](int) -> skein::coro<> { co_await skein::sleep(1000h); });
  });
  auto const in_next = skein::create_task([]() -> skein::coro<> {
    co_await skein::for_each(
        []() -> skein::async_generator<int> {
          co_await skein::sleep(1000h);
          co_yield 1;
        }(),
        [](int) {});
  });
  co_await all_tasks_blocked();
  in_f.cancel();
  in_next.cancel();
  REQUIRE_THROWS_AS(co_await in_f, skein::cancelled_error);
  REQUIRE_THROWS_AS(co_await in_next, skein::cancelled_error);
  REQUIRE(cleaned == 1);
}
