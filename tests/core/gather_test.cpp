// SPDX-License-Identifier: Apache-2.0
// gather_test.cpp: all results of concurrent awaitables in one future.
#include <support/test_case.hpp>

#include <skein/core/gather.hpp>
#include <skein/core/shield.hpp>
#include <skein/core/sleep.hpp>

#include <atomic>
#include <memory>
#include <stdexcept>
#include <tuple>
#include <vector>

using namespace std::chrono_literals;

namespace {

skein::coro<int> after(skein::delay d, int value) {
  co_await skein::sleep(d);
  co_return value;
}
skein::coro<int> fails_after(skein::delay d, std::string text) {
  co_await skein::sleep(d);
  throw std::runtime_error{text};
}
skein::coro<> nothing() { co_return; }
skein::coro<std::unique_ptr<int>> boxed(int n) { co_return std::make_unique<int>(n); }

}  // namespace

SKEIN_TEST_CASE("gather: results come in the order of the arguments (GATH-001)", "[core][gather]") {
  auto const [a, b, c] = co_await skein::gather(after(3ms, 1), after(1ms, 2), after(2ms, 3));
  REQUIRE(a == 1);
  REQUIRE(b == 2);
  REQUIRE(c == 3);
}

SKEIN_TEST_CASE("gather: of a range it gives a vector in the same order (S44)", "[core][gather]") {
  std::vector<skein::coro<int>> many;
  for (int i = 0; i < 10; ++i) {
    many.push_back(after(std::chrono::milliseconds{(10 - i) % 3}, i));
  }
  auto const results = co_await skein::gather(many);
  REQUIRE(results == std::vector<int>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9});
}

SKEIN_TEST_CASE("gather: of nothing it is done at once (GATH-002)", "[core][gather]") {
  auto const none = skein::gather();
  REQUIRE(none.done());
  REQUIRE(co_await none == std::tuple<>{});
  auto const empty = skein::gather(std::vector<skein::coro<int>>{});
  REQUIRE(empty.result().empty());
}

SKEIN_TEST_CASE("gather: void and move-only results have their places", "[core][gather]") {
  auto all = co_await skein::gather(nothing(), boxed(4));
  static_assert(std::same_as<decltype(all), std::tuple<std::monostate, std::unique_ptr<int>>>);
  REQUIRE(*std::get<1>(all) == 4);
}

SKEIN_TEST_CASE("gather: the first error comes at once, the others go on (GATH-003)", "[core][gather]") {
  auto const go = skein::create_future<int>();
  auto const slow = skein::create_task([go]() -> skein::coro<int> { co_return co_await go; });
  REQUIRE_THROWS_WITH(co_await skein::gather(slow, fails_after(1ms, "no luck")), "no luck");
  REQUIRE_FALSE(slow.done());
  go.set_result(1);
  REQUIRE(co_await slow == 1);
}

SKEIN_TEST_CASE("gather: with return_exceptions each has its outcome (GATH-004, GATH-006)",
                "[core][gather]") {
  auto const cancelled = skein::create_task(after(1000h, 1));
  co_await all_tasks_blocked();
  cancelled.cancel();
  auto const [good, bad, gone] =
      co_await skein::gather(skein::return_exceptions, after(2ms, 3), fails_after(1ms, "x"), cancelled);
  REQUIRE(good.value() == 3);
  REQUIRE_FALSE(bad.has_value());
  REQUIRE_THROWS_WITH(bad.value(), "x");
  REQUIRE_THROWS_AS(gone.value(), skein::cancelled_error);
}

SKEIN_TEST_CASE("gather: of outcomes of a range", "[core][gather]") {
  std::vector<skein::coro<int>> many;
  many.push_back(after(1ms, 1));
  many.push_back(fails_after(0s, "x"));
  auto const outcomes = co_await skein::gather(skein::return_exceptions, std::move(many));
  REQUIRE(outcomes.size() == 2);
  REQUIRE(outcomes[0].value() == 1);
  REQUIRE(outcomes[1].error() != nullptr);
}

SKEIN_TEST_CASE("gather: a child that is cancelled fails it, but does not cancel it (GATH-005)",
                "[core][gather]") {
  auto const child = skein::create_task(after(1000h, 1));
  auto const other = skein::create_task(after(1000h, 2));
  co_await all_tasks_blocked();
  auto const all = skein::gather(child, other);
  child.cancel();
  REQUIRE_THROWS_AS(co_await all, skein::cancelled_error);
  REQUIRE_FALSE(all.cancelled());
  REQUIRE(all.exception() != nullptr);
  REQUIRE_FALSE(other.done());
  other.cancel();
}

SKEIN_TEST_CASE("gather: cancelling it cancels every child, and it ends when they do (GATH-007)",
                "[core][gather]") {
  auto const a = skein::create_task(after(1000h, 1));
  auto const b = skein::create_task(after(1000h, 2));
  co_await all_tasks_blocked();
  auto const all = skein::gather(a, b);
  REQUIRE(all.cancel());
  REQUIRE_THROWS_AS(co_await all, skein::cancelled_error);
  co_await all_tasks_blocked();
  REQUIRE(a.cancelled());
  REQUIRE(b.cancelled());
  REQUIRE_FALSE(all.cancel());
}

SKEIN_TEST_CASE_1W("gather: it is not done when its cancel returns (GATH-007)", "[core][gather]") {
  auto const a = skein::create_task(after(1000h, 1));
  co_await all_tasks_blocked();
  auto const all = skein::gather(a);
  REQUIRE(all.cancel());
  REQUIRE_FALSE(all.done());
  REQUIRE_THROWS_AS(co_await all, skein::cancelled_error);
}

SKEIN_TEST_CASE("gather: a handle given twice runs once", "[core][gather]") {
  auto const task = skein::create_task(after(1ms, 5));
  auto const [a, b] = co_await skein::gather(task, task);
  REQUIRE(a + b == 10);
}

SKEIN_TEST_CASE("gather: cancelling the task that waits for it cancels the children", "[core][gather]") {
  auto const child = skein::create_task(after(1000h, 1));
  auto const parent = skein::create_task([child]() -> skein::coro<> { co_await skein::gather(child); });
  co_await all_tasks_blocked();
  parent.cancel();
  REQUIRE_THROWS_AS(co_await parent, skein::cancelled_error);
  REQUIRE(child.cancelled());
}

SKEIN_TEST_CASE("gather: after a first error it cannot be cancelled, and the rest goes on (GATH-008)",
                "[core][gather]") {
  auto const bad = skein::create_future<int>();
  auto const slow = skein::create_future<int>();
  auto const rest = skein::create_task([slow]() -> skein::coro<int> { co_return co_await slow; });
  auto const all = skein::gather(bad, rest);
  co_await all_tasks_blocked();
  bad.set_exception(std::runtime_error{"no luck"});
  REQUIRE_THROWS_WITH(co_await all, "no luck");
  REQUIRE_FALSE(all.cancel());
  co_await all_tasks_blocked();
  REQUIRE_FALSE(rest.done());
  slow.set_result(2);
  REQUIRE(co_await rest == 2);
}

SKEIN_TEST_CASE("gather: a child that a third party cancels ends the parent cancelled (GATH-010)",
                "[core][gather]") {
  auto const child = skein::create_task(after(1000h, 1));
  auto const parent = skein::create_task([child]() -> skein::coro<> { co_await skein::gather(child); });
  co_await all_tasks_blocked();
  child.cancel();
  REQUIRE_THROWS_AS(co_await parent, skein::cancelled_error);
  REQUIRE(parent.cancelled());
  REQUIRE(parent.cancelling() == 0);
}

SKEIN_TEST_CASE("gather: of shields: cancelling it leaves the tasks alone (GATH-011)", "[core][gather]") {
  auto const a = skein::create_future<int>();
  auto const b = skein::create_future<int>();
  auto const one = skein::shield(a);
  auto const two = skein::shield(b);
  auto const all = skein::gather(one, two);
  REQUIRE(all.cancel());
  REQUIRE_THROWS_AS(co_await all, skein::cancelled_error);
  REQUIRE(one.cancelled());
  REQUIRE(two.cancelled());
  REQUIRE_FALSE(all.cancelled());
  REQUIRE(all.exception() != nullptr);
  a.set_result(1);
  b.set_result(2);
  REQUIRE(co_await a + co_await b == 3);
}

SKEIN_TEST_CASE("gather: when one argument cannot be made a task, the others just run (GATH-012)",
                "[core][gather]") {
  std::atomic<int> reports{0};
  skein::runtime::current().set_exception_handler(
      [&](skein::event_loop&, skein::exception_context const&) { reports.fetch_add(1); });
  auto const ran = skein::create_future<>();
  auto const good = [](skein::future<> done) -> skein::coro<int> {
    done.set_result();
    co_return 1;
  };
  auto used = after(0s, 1);
  co_await std::move(used);
  REQUIRE_THROWS_WITH(skein::gather(good(ran), std::move(used)),
                      Catch::StartsWith("coroutine is being awaited already"));
  co_await ran;
  co_await all_tasks_blocked();
  REQUIRE(reports.load() == 0);
  skein::runtime::current().set_exception_handler(nullptr);
}

SKEIN_TEST_CASE(
    "gather: cancelled, its parent goes on with the first child that ended, or after all (GATH-013)",
    "[core][gather]") {
  for (bool const wait_for_all : {false, true}) {
    auto const held = skein::create_future<>();
    auto const slow = skein::create_task([held]() -> skein::coro<int> {
      bool cancelled = false;
      try {
        co_await skein::sleep(1000h);
      } catch (skein::cancelled_error const&) {
        cancelled = true;
      }
      co_await held;
      if (cancelled) {
        throw skein::cancelled_error{};
      }
      co_return 1;
    });
    auto const fast = skein::create_task(after(1000h, 2));
    auto const parent = skein::create_task([&]() -> skein::coro<> {
      if (wait_for_all) {
        co_await skein::gather(skein::return_exceptions, slow, fast);
      } else {
        co_await skein::gather(slow, fast);
      }
    });
    co_await all_tasks_blocked();
    parent.cancel();
    co_await all_tasks_blocked();
    REQUIRE(fast.cancelled());
    REQUIRE_FALSE(slow.done());
    REQUIRE(parent.done() == !wait_for_all);
    held.set_result();
    REQUIRE_THROWS_AS(co_await parent, skein::cancelled_error);
    REQUIRE_THROWS_AS(co_await slow, skein::cancelled_error);
  }
}

TEST_CASE("gather: futures of two runtimes are refused (GATH-009)", "[core][gather]") {
  auto const one = skein::new_event_loop();
  auto const two = skein::new_event_loop();
  REQUIRE_THROWS_AS(skein::gather(one->create_future<int>(), two->create_future<int>()),
                    std::invalid_argument);
}

SKEIN_TEST_CASE("gather: futures of another runtime are refused among those of this one (GATH-009)",
                "[core][gather]") {
  auto const other = skein::new_event_loop();
  auto const theirs = other->create_future<int>();
  auto const mine = skein::create_future<int>();
  REQUIRE_THROWS_AS(skein::gather(mine, theirs), std::invalid_argument);
  REQUIRE_FALSE(mine.done());
  REQUIRE_FALSE(theirs.done());
  mine.set_result(1);
  co_return;
}

TEST_CASE("gather: futures of a loop that does not run make one of that loop (GATH-009)", "[core][gather]") {
  auto const loop = skein::new_event_loop();
  auto const a = loop->create_future<int>();
  auto const b = loop->create_future<int>();
  auto const both = skein::gather(a, b);
  REQUIRE(&both.get_loop() == loop.get());
  a.set_result(1);
  b.set_result(2);
  REQUIRE(loop->run_until_complete(both) == std::tuple{1, 2});
}
