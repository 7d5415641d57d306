// SPDX-License-Identifier: Apache-2.0
// coro_test.cpp: what a coroutine is before, while and after it is awaited.
#include <support/test_case.hpp>

#include <skein/core/coro.hpp>
#include <skein/core/create_task.hpp>
#include <skein/core/sleep.hpp>

#include <memory>
#include <stdexcept>
#include <string>

using namespace std::chrono_literals;

static_assert(!std::is_copy_constructible_v<skein::coro<int>>);
static_assert(std::is_nothrow_move_constructible_v<skein::coro<int>>);
static_assert(sizeof(skein::coro<int>) == sizeof(void*));
static_assert(skein::awaitable<skein::coro<int>>);
static_assert(std::same_as<skein::await_result_t<skein::coro<int>>, int>);

namespace {

skein::coro<int> number(int n) { co_return n; }

skein::coro<> set(bool& flag) {
  flag = true;
  co_return;
}

skein::coro<int> failing(std::string text) {
  co_await skein::sleep(0s);
  throw std::runtime_error{text};
}

skein::coro<std::unique_ptr<int>> boxed(int n) { co_return std::make_unique<int>(n); }

skein::coro<int&> reference(int& n) { co_return n; }

struct alignas(16) wide {
  long long a;
  long long b;
};
skein::coro<wide> wide_value() { co_return wide{1, 2}; }

struct counted {
  explicit counted(int& n) : alive{&n} { ++*alive; }
  counted(counted const& other) : alive{other.alive} { ++*alive; }
  counted& operator=(counted const&) = delete;
  ~counted() { --*alive; }
  int* alive;
};
skein::coro<> holding(counted) { co_return; }
skein::coro<counted> giving(counted c) { co_return c; }

skein::coro<int> sum_to(int n) {
  int sum = 0;
  for (int i = 1; i <= n; ++i) {
    sum += co_await number(i);
  }
  co_return sum;
}

skein::coro<int> nested(int depth) {
  if (depth == 0) {
    co_await skein::sleep(0s);
    co_return 0;
  }
  co_return 1 + co_await nested(depth - 1);
}

}  // namespace

SKEIN_TEST_CASE("coro: calling a coroutine function runs nothing (S3)", "[core][coro]") {
  bool ran = false;
  auto c = set(ran);
  co_await skein::sleep(0s);
  REQUIRE_FALSE(ran);
  co_await std::move(c);
  REQUIRE(ran);
}

TEST_CASE("coro: one that is never awaited destroys its parameters and runs nothing (TASK-002)",
          "[core][coro]") {
  int alive = 0;
  {
    auto c = holding(counted{alive});
    REQUIRE(alive == 1);
  }
  REQUIRE(alive == 0);
}

SKEIN_TEST_CASE("coro: the value comes out of the await", "[core][coro]") {
  REQUIRE(co_await number(7) == 7);
  REQUIRE(co_await sum_to(1000) == 500500);
  auto box = co_await boxed(3);
  REQUIRE(*box == 3);
  int n = 1;
  int& r = co_await reference(n);
  r = 5;
  REQUIRE(n == 5);
  wide const w = co_await wide_value();
  REQUIRE(w.b == 2);
}

SKEIN_TEST_CASE("coro: an error passes through every await between it and its handler", "[core][coro]") {
  auto const middle = []() -> skein::coro<int> { co_return co_await failing("no luck") + 1; };
  REQUIRE_THROWS_WITH(co_await middle(), "no luck");
}

SKEIN_TEST_CASE("coro: awaiting a moved-from coro is an error that says so", "[core][coro]") {
  auto c = number(1);
  REQUIRE(co_await std::move(c) == 1);
  REQUIRE_THROWS_AS(co_await std::move(c), std::runtime_error);
  REQUIRE_THROWS_WITH(co_await std::move(c), Catch::StartsWith("coroutine is being awaited already"));
  REQUIRE_THROWS_AS(skein::create_task(std::move(c)), std::runtime_error);
}

SKEIN_TEST_CASE("coro: parameters and results are destroyed exactly once", "[core][coro]") {
  int alive = 0;
  {
    counted const one{alive};
    co_await holding(one);
    REQUIRE(alive == 1);
    auto const result = co_await giving(one);
    REQUIRE(alive == 2);
  }
  REQUIRE(alive == 0);
}

SKEIN_TEST_CASE("coro: a suspension in the innermost of many coroutines resumes them all", "[core][coro]") {
  REQUIRE(co_await nested(2000) == 2000);
}

SKEIN_TEST_CASE("coro: a cancel runs the handlers from the inside out (CANC-011)", "[core][coro]") {
  int total = 0;
  auto const inner = [&]() -> skein::coro<> {
    try {
      co_await skein::sleep(1h);
    } catch (skein::cancelled_error const&) {
      total += 1;
      throw;
    }
  };
  auto const outer = [&]() -> skein::coro<> {
    try {
      co_await inner();
    } catch (skein::cancelled_error const&) {
      total += total == 1 ? 100 : 0;
      throw;
    }
  };
  auto task = skein::create_task(outer);
  co_await all_tasks_blocked();
  task.cancel();
  REQUIRE_THROWS_AS(co_await task, skein::cancelled_error);
  REQUIRE(total == 101);
}
