// SPDX-License-Identifier: Apache-2.0
// async_generator_test.cpp: generators that wait: values, errors, cancels, contexts.
#include <support/generators.hpp>
#include <support/test_case.hpp>

#include <skein/core/async_generator.hpp>
#include <skein/core/context.hpp>
#include <skein/core/create_task.hpp>
#include <skein/core/run.hpp>
#include <skein/core/sleep.hpp>
#include <skein/core/when_all.hpp>

#include <atomic>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

using namespace std::chrono_literals;
using skein_test::collect;
using skein_test::count;
using skein_test::count_and_clean;

static_assert(!std::is_copy_constructible_v<skein::async_generator<int>>);
static_assert(std::is_nothrow_move_constructible_v<skein::async_generator<int>>);

namespace {

skein::async_generator<int> count_slowly(int n) {
  for (int i = 0; i < n; ++i) {
    co_await skein::sleep(i % 3 == 0 ? 1ms : 0ms);
    co_yield i;
  }
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
