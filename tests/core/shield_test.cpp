// SPDX-License-Identifier: Apache-2.0
// shield_test.cpp: futures that end when somebody gives up waiting, while the inner work goes on.
#include <support/test_case.hpp>

#include <skein/core/gather.hpp>
#include <skein/core/shield.hpp>
#include <skein/core/sleep.hpp>

#include <atomic>
#include <memory>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <vector>

using namespace std::chrono_literals;

static_assert(std::is_same_v<decltype(skein::shield(std::declval<skein::coro<int>>())), skein::future<int>>);

namespace {

skein::coro<int> after(skein::delay d, int value) {
  co_await skein::sleep(d);
  co_return value;
}

/// Collects what the exception handlers of the runtime are told.
struct reports {
  reports() {
    skein::runtime::current().set_exception_handler(
        [this](skein::event_loop&, skein::exception_context const& context) {
          std::string const text = context.message;
          count.fetch_add(text.find("shielded future") != std::string::npos ? 1 : 100);
        });
  }
  reports(reports const&) = delete;
  reports& operator=(reports const&) = delete;
  ~reports() { skein::runtime::current().set_exception_handler(nullptr); }
  std::atomic<int> count{0};
};

}  // namespace

SKEIN_TEST_CASE("shield: result and error pass unchanged (SHLD-001)", "[core][shield]") {
  REQUIRE(co_await skein::shield(after(1ms, 7)) == 7);
  auto const inner = skein::create_future<int>();
  auto const outer = skein::shield(inner);
  auto const error = std::make_exception_ptr(std::runtime_error{"no luck"});
  inner.set_exception(error);
  REQUIRE_THROWS_WITH(co_await outer, "no luck");
  REQUIRE(outer.exception() == error);
}

SKEIN_TEST_CASE("shield: void, reference and move-only results pass", "[core][shield]") {
  co_await skein::shield(skein::sleep(1ms));
  int number = 5;
  auto const referring = [](int& n) -> skein::coro<int&> {
    co_await skein::sleep(0s);
    co_return n;
  };
  REQUIRE(&co_await skein::shield(referring(number)) == &number);
  auto const boxed = []() -> skein::coro<std::unique_ptr<int>> {
    co_await skein::sleep(0s);
    co_return std::make_unique<int>(3);
  };
  auto outer = skein::shield(boxed());
  REQUIRE(*co_await std::move(outer) == 3);
}

SKEIN_TEST_CASE("shield: of what is done it is that itself", "[core][shield]") {
  auto const done = skein::create_future<int>();
  done.set_result(1);
  REQUIRE(skein::shield(done) == done);
  skein::future<int> const null;
  REQUIRE_THROWS_AS(skein::shield(null), skein::invalid_state_error);
  REQUIRE(co_await skein::shield(done) == 1);
}

SKEIN_TEST_CASE("shield: an inner task that is cancelled cancels it (SHLD-002)", "[core][shield]") {
  auto const inner = skein::create_task(after(1000h, 1));
  auto const outer = skein::shield(inner);
  co_await all_tasks_blocked();
  inner.cancel("enough");
  std::string message;
  try {
    co_await outer;
  } catch (skein::cancelled_error const& e) {
    message = e.message();
  }
  REQUIRE(outer.cancelled());
  REQUIRE(message == "enough");
}

SKEIN_TEST_CASE("shield: who awaits it is cancelled at once, the inner task goes on (SHLD-003)",
                "[core][shield]") {
  auto const go = skein::create_future<>();
  auto const effect = skein::create_future<int>();
  auto const inner = [](skein::future<> start, skein::future<int> result) -> skein::coro<> {
    co_await start;
    result.set_result(1);
  };
  auto const outer =
      skein::create_task([&]() -> skein::coro<> { co_await skein::shield(inner(go, effect)); });
  co_await all_tasks_blocked();
  outer.cancel();
  REQUIRE_THROWS_AS(co_await outer, skein::cancelled_error);
  REQUIRE_FALSE(effect.done());
  go.set_result();
  REQUIRE(co_await effect == 1);
}

SKEIN_TEST_CASE("shield: a result after it was given up is no report and leaves nothing behind (SHLD-004)",
                "[core][shield]") {
  reports const told;
  auto const inner = skein::create_future<int>();
  auto const outer = skein::shield(inner);
  REQUIRE(outer.cancel());
  REQUIRE(outer.cancelled());
  inner.set_result(3);
  co_await all_tasks_blocked();
  REQUIRE(told.count.load() == 0);
  REQUIRE(outer.cancelled());
}

SKEIN_TEST_CASE("shield: an error after it was given up is reported, once for all shields (SHLD-004)",
                "[core][shield]") {
  reports const told;
  auto const inner = skein::create_future<int>();
  auto const one = skein::shield(inner);
  auto const two = skein::shield(inner);
  one.cancel();
  two.cancel();
  inner.set_exception(std::runtime_error{"no luck"});
  co_await all_tasks_blocked();
  REQUIRE(told.count.load() == 1);
}

SKEIN_TEST_CASE("shield: an error that somebody takes is not reported", "[core][shield]") {
  reports const told;
  auto const inner = skein::create_future<int>();
  auto const taker = skein::create_task([inner]() -> skein::coro<> { co_await inner; });
  co_await all_tasks_blocked();
  auto const outer = skein::shield(inner);
  auto const other = skein::shield(inner);
  inner.set_exception(std::runtime_error{"no luck"});
  REQUIRE_THROWS_WITH(co_await taker, "no luck");
  REQUIRE_THROWS_WITH(co_await outer, "no luck");
  REQUIRE_THROWS_WITH(co_await other, "no luck");
  REQUIRE(told.count.load() == 0);
}

SKEIN_TEST_CASE("shield: of a gather: cancelling it leaves the gather alone (SHLD-005)", "[core][shield]") {
  auto const a = skein::create_future<int>();
  auto const b = skein::create_future<int>();
  auto const both = skein::gather(std::vector{a, b});
  auto const outer = skein::shield(both);
  outer.cancel();
  REQUIRE_FALSE(both.done());
  a.set_result(1);
  b.set_result(2);
  auto const values = co_await both;
  REQUIRE(values == std::vector{1, 2});
}

SKEIN_TEST_CASE("shield: a second one of the same task still gets the result (SHLD-006)", "[core][shield]") {
  auto const inner = skein::create_future<int>();
  auto const one = skein::shield(inner);
  auto const two = skein::shield(inner);
  one.cancel();
  inner.set_result(4);
  REQUIRE(co_await two == 4);
  REQUIRE(one.cancelled());
}

SKEIN_TEST_CASE("shield: the loop keeps an inner task that nobody holds (SHLD-007)", "[core][shield]") {
  auto const effect = skein::create_future<>();
  auto const go = skein::create_future<>();
  {
    auto const outer = skein::shield(skein::create_task([effect, go]() -> skein::coro<> {
      co_await go;
      effect.set_result();
    }));
    outer.cancel();
  }
  co_await all_tasks_blocked();
  go.set_result();
  co_await effect;
}

SKEIN_TEST_CASE("shield: many that were given up leave one subscription at a long inner task",
                "[core][shield]") {
  auto const inner = skein::create_future<int>();
  auto const live = skein::shield(inner);
  for (int i = 0; i < 1'000; ++i) {
    skein::shield(inner).cancel();
  }
  std::size_t waiters = 0;
  for (auto const* node = inner.shared_state()->waiters_; node != nullptr; node = node->next) {
    ++waiters;
  }
  REQUIRE(waiters == 2);
  inner.set_result(1);
  REQUIRE(co_await live == 1);
}
