// SPDX-License-Identifier: Apache-2.0
// when_all_test.cpp: structured fork-join: results, errors, cancelling, any number of children.
#include <support/test_case.hpp>

#include <skein/core/create_task.hpp>
#include <skein/core/sleep.hpp>
#include <skein/core/when_all.hpp>

#include <atomic>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

using namespace std::chrono_literals;

namespace {

skein::coro<long> fib(int n) {
  if (n < 2) {
    co_return n;
  }
  auto [a, b] = co_await skein::when_all(fib(n - 1), fib(n - 2));
  co_return a + b;
}

skein::coro<int> after(skein::delay d, int value) {
  co_await skein::sleep(d);
  co_return value;
}
skein::coro<int> now(int value) { co_return value; }
skein::coro<int> fails(std::string text) {
  throw std::runtime_error{text};
  co_return 0;
}
skein::coro<int> fails_after(skein::delay d, std::string text) {
  co_await skein::sleep(d);
  throw std::runtime_error{text};
}
skein::coro<> count(std::atomic<int>& n) {
  ++n;
  co_return;
}
skein::coro<int> sees_cancel(std::atomic<int>& seen) {
  try {
    co_await skein::sleep(1000h);
  } catch (skein::cancelled_error const&) {
    ++seen;
    throw;
  }
  co_return 0;
}
skein::coro<std::string> text(std::string s) {
  co_await skein::sleep(0s);
  co_return s;
}

// A tree of forks whose leaves suspend, finish or fail by a fixed rule.
skein::coro<long> tree(int depth, long seed) {
  if (depth == 0) {
    if (seed % 5 == 0) {
      co_await skein::sleep(0s);
    }
    co_return seed % 1000;
  }
  auto [a, b, c] = co_await skein::when_all(tree(depth - 1, seed * 3 + 1), tree(depth - 1, seed * 5 + 2),
                                            tree(depth - 1, seed * 7 + 3));
  co_return a + 2 * b + 3 * c;
}
long tree_reference(int depth, long seed) {
  if (depth == 0) {
    return seed % 1000;
  }
  return tree_reference(depth - 1, seed * 3 + 1) + 2 * tree_reference(depth - 1, seed * 5 + 2) +
         3 * tree_reference(depth - 1, seed * 7 + 3);
}

}  // namespace

SKEIN_TEST_CASE("when_all: results in argument order", "[core][when_all]") {
  auto const [a, b, c] = co_await skein::when_all(after(2ms, 1), now(2), after(1ms, 3));
  REQUIRE(a == 1);
  REQUIRE(b == 2);
  REQUIRE(c == 3);
  REQUIRE(co_await fib(20) == 6765);
}

SKEIN_TEST_CASE("when_all: one child, none, and void ones", "[core][when_all]") {
  auto const [one] = co_await skein::when_all(now(1));
  REQUIRE(one == 1);
  REQUIRE(co_await skein::when_all() == std::tuple<>{});
  std::atomic<int> n{0};
  auto const both = co_await skein::when_all(count(n), count(n));
  static_assert(
      std::same_as<std::remove_const_t<decltype(both)>, std::tuple<std::monostate, std::monostate>>);
  REQUIRE(n == 2);
}

SKEIN_TEST_CASE("when_all: results with destructors are destroyed once", "[core][when_all]") {
  auto const [a, b] = co_await skein::when_all(text(std::string(100, 'a')), text(std::string(100, 'b')));
  REQUIRE(a == std::string(100, 'a'));
  REQUIRE(b == std::string(100, 'b'));
}

SKEIN_TEST_CASE("when_all: the first error is thrown after all children ended, and the rest are cancelled",
                "[core][when_all]") {
  std::atomic<int> seen{0};
  REQUIRE_THROWS_WITH(
      co_await skein::when_all(sees_cancel(seen), sees_cancel(seen), fails_after(1ms, "first")), "first");
  REQUIRE(seen == 2);
}

SKEIN_TEST_CASE("when_all: a child that fails at once fails the await", "[core][when_all]") {
  REQUIRE_THROWS_WITH(co_await skein::when_all(now(1), fails("no luck")), "no luck");
  REQUIRE_THROWS_WITH(co_await skein::when_all(fails("no luck"), now(1)), "no luck");
  REQUIRE_THROWS_WITH(co_await skein::when_all(fails("no luck"), text(std::string(100, 'a'))), "no luck");
}

SKEIN_TEST_CASE_1W("when_all: children that did not start when one fails never run", "[core][when_all]") {
  std::atomic<int> n{0};
  REQUIRE_THROWS_WITH(co_await skein::when_all(count(n), count(n), fails("no luck")), "no luck");
  REQUIRE(n == 0);  // the last one runs first, on the caller
}

SKEIN_TEST_CASE("when_all: a cancel of the task reaches every child", "[core][when_all]") {
  std::atomic<int> seen{0};
  auto const task = skein::create_task([&]() -> skein::coro<> {
    co_await skein::when_all(sees_cancel(seen), sees_cancel(seen), sees_cancel(seen));
  });
  co_await all_tasks_blocked();
  task.cancel();
  REQUIRE_THROWS_AS(co_await task, skein::cancelled_error);
  REQUIRE(seen == 3);
}

SKEIN_TEST_CASE("when_all: a cancel goes through nested forks", "[core][when_all]") {
  std::atomic<int> seen{0};
  auto const pair = [&]() -> skein::coro<> {
    co_await skein::when_all(sees_cancel(seen), sees_cancel(seen));
  };
  auto const task = skein::create_task([&]() -> skein::coro<> { co_await skein::when_all(pair(), pair()); });
  co_await all_tasks_blocked();
  task.cancel();
  REQUIRE_THROWS_AS(co_await task, skein::cancelled_error);
  REQUIRE(seen == 4);
}

SKEIN_TEST_CASE("when_all: children that swallow the cancel finish it normally", "[core][when_all]") {
  auto const stubborn = []() -> skein::coro<int> {
    try {
      co_await skein::sleep(1000h);
    } catch (skein::cancelled_error const&) {
    }
    co_return 1;
  };
  auto const task = skein::create_task([&]() -> skein::coro<int> {
    auto const [a, b] = co_await skein::when_all(stubborn(), stubborn());
    co_return a + b;
  });
  co_await all_tasks_blocked();
  task.cancel();
  REQUIRE(co_await task == 2);
}

SKEIN_TEST_CASE("when_all: of a range, also more than the deque holds", "[core][when_all]") {
  for (std::size_t const n : std::vector<std::size_t>{0, 1, 2, 511, 512, 513, 20000}) {
    std::vector<skein::coro<int>> children;
    for (std::size_t i = 0; i < n; ++i) {
      children.push_back(i % 7 == 0 ? after(0s, static_cast<int>(i)) : now(static_cast<int>(i)));
    }
    auto const results = co_await skein::when_all(std::move(children));
    REQUIRE(results.size() == n);
    bool in_order = true;
    for (std::size_t i = 0; i < n; ++i) {
      in_order = in_order && results[i] == static_cast<int>(i);
    }
    REQUIRE(in_order);
  }
}

SKEIN_TEST_CASE("when_all: an error in a range cancels the rest", "[core][when_all]") {
  std::atomic<int> seen{0};
  std::vector<skein::coro<int>> children;
  for (int i = 0; i < 100; ++i) {
    children.push_back(sees_cancel(seen));
  }
  children.push_back(fails_after(1ms, "no luck"));
  REQUIRE_THROWS_WITH(co_await skein::when_all(std::move(children)), "no luck");
  REQUIRE(seen == 100);
}

SKEIN_TEST_CASE("when_all: a tree that suspends here and there gives what plain recursion gives",
                "[core][when_all]") {
  REQUIRE(co_await tree(7, 1) == tree_reference(7, 1));
}

SKEIN_TEST_CASE("when_all: a moved-from child is an error", "[core][when_all]") {
  auto c = now(1);
  auto d = std::move(c);
  REQUIRE_THROWS_AS(co_await skein::when_all(std::move(c), std::move(d)), std::runtime_error);
}

SKEIN_TEST_CASE("when_all: children may use the caller's locals", "[core][when_all]") {
  std::vector<int> parts(64, 0);
  std::vector<skein::coro<>> children;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    children.push_back([](std::vector<int>& all, std::size_t mine) -> skein::coro<> {
      co_await skein::sleep(0s);
      all[mine] = static_cast<int>(mine);
    }(parts, i));
  }
  co_await skein::when_all(std::move(children));
  for (std::size_t i = 0; i < parts.size(); ++i) {
    CHECK(parts[i] == static_cast<int>(i));
  }
}

// Kept out: the join took a request that nobody was left to take, and forgot it.
TEST_CASE("when_all: a request that finds all children ended is thrown where they meet", "[core][when_all]") {
  int thrown = 0;
  skein::run(
      [&]() -> skein::coro<> {
        for (int round = 0; round < 50; ++round) {
          std::atomic<bool> ended{false};
          auto const stolen = [&]() -> skein::coro<> {
            ended.store(true);
            co_return;
          };
          auto const cancels = [&]() -> skein::coro<> {
            for (auto const start = skein::clock::now(); !ended.load() && skein::clock::now() - start < 1s;) {
              static_cast<void>(co_await skein::when_all(now(1), now(2)));
            }
            for (int i = 0; i < 2'000; ++i) {
              skein::lowlevel::cpu_relax();  // until the other has ended altogether
            }
            skein::current_task().cancel();
          };
          auto const task = skein::create_task([&]() -> skein::coro<bool> {
            bool cancelled = false;
            try {
              co_await skein::when_all(stolen(), cancels());
            } catch (skein::cancelled_error const&) {
              cancelled = true;
            }
            skein::current_task().uncancel();
            co_return cancelled;
          });
          thrown += co_await task ? 1 : 0;
        }
      },
      {.workers = 4});
  REQUIRE(thrown > 0);
}
