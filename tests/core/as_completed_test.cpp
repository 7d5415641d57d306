// SPDX-License-Identifier: Apache-2.0
// as_completed_test.cpp: futures come out in the order they complete, each once, whoever asks.
#include <support/test_case.hpp>

#include <skein/core/as_completed.hpp>
#include <skein/core/sleep.hpp>

#include <algorithm>
#include <atomic>
#include <stdexcept>
#include <type_traits>
#include <vector>

using namespace std::chrono_literals;

static_assert(std::is_same_v<decltype(skein::as_completed(std::declval<std::vector<skein::coro<int>>>())),
                             skein::completion_iterator<skein::task<int>>>);
static_assert(!std::is_copy_constructible_v<skein::completion_iterator<skein::any_future>>);

namespace {

skein::coro<int> after(skein::delay d, int value) {
  co_await skein::sleep(d);
  co_return value;
}

/// Futures that the test completes.
std::vector<skein::future<int>> pending(std::size_t n) {
  std::vector<skein::future<int>> futures;
  for (std::size_t i = 0; i < n; ++i) {
    futures.push_back(skein::create_future<int>());
  }
  return futures;
}

/// The values of what is left, in the order it comes.
template <class F>
skein::coro<std::vector<int>> drain(skein::completion_iterator<F>& it) {
  std::vector<int> values;
  while (auto next = co_await it.next()) {
    values.push_back(next->result());
  }
  co_return values;
}

}  // namespace

SKEIN_TEST_CASE("as_completed: the fast ones come first (ASC-001)", "[core][as_completed]") {
  auto const a = skein::create_task(after(2ms, 2));
  auto const c = skein::create_task(after(4ms, 3));
  auto const slow = [&]() -> skein::coro<int> {
    co_await skein::sleep(30ms);
    co_return co_await a + co_await c - 4;  // not before them, however busy the machine is
  };
  std::vector const work{skein::create_task(slow), a, c};
  auto const start = skein::clock::now();
  auto it = skein::as_completed(work);
  auto values = co_await drain(it);
  REQUIRE(skein::clock::now() - start >= 30ms);
  REQUIRE(values.back() == 1);
  std::sort(values.begin(), values.end());
  REQUIRE(values == std::vector<int>{1, 2, 3});
}

SKEIN_TEST_CASE("as_completed: the handles that went in come out, done (ASC-002)", "[core][as_completed]") {
  auto const futures = pending(3);
  auto it = skein::as_completed(futures);
  futures[1].set_result(1);
  auto const first = co_await it.next();
  REQUIRE(first == futures[1]);
  REQUIRE(first->done());
  futures[2].set_result(2);
  futures[0].set_result(0);
  REQUIRE(*co_await it.next() == futures[2]);
  REQUIRE(*co_await it.next() == futures[0]);
  REQUIRE_FALSE((co_await it.next()).has_value());
  REQUIRE_FALSE((co_await it.next()).has_value());
}

SKEIN_TEST_CASE("as_completed: when the time is up each that is left is an error, and goes on (ASC-003)",
                "[core][as_completed]") {
  auto const futures = pending(3);
  futures[0].set_result(0);
  auto it = skein::as_completed(futures, 5ms);
  REQUIRE(*co_await it.next() == futures[0]);
  auto const start = skein::clock::now();
  REQUIRE_THROWS_AS(co_await it.next(), skein::timeout_error);
  REQUIRE(skein::clock::now() - start < 1min);
  futures[1].set_result(1);
  REQUIRE_THROWS_AS(co_await it.next(), skein::timeout_error);
  REQUIRE_FALSE((co_await it.next()).has_value());
  REQUIRE_FALSE(futures[2].done());
}

SKEIN_TEST_CASE("as_completed: what was done in time comes before the errors", "[core][as_completed]") {
  auto const futures = pending(2);
  futures[1].set_result(1);
  auto it = skein::as_completed(futures, 1ms);
  co_await skein::sleep(10ms);
  REQUIRE(*co_await it.next() == futures[1]);
  REQUIRE_THROWS_AS(co_await it.next(), skein::timeout_error);
  REQUIRE_FALSE((co_await it.next()).has_value());
}

SKEIN_TEST_CASE("as_completed: left and taken up again it gives the rest, nothing twice (ASC-004)",
                "[core][as_completed]") {
  auto const futures = pending(4);
  auto it = skein::as_completed(futures);
  for (int i = 0; i < 4; ++i) {
    futures[static_cast<std::size_t>(i)].set_result(i);
  }
  REQUIRE((co_await it.next())->result() == 0);
  REQUIRE((co_await it.next())->result() == 1);
  auto moved = std::move(it);
  auto const rest = co_await drain(moved);
  REQUIRE(rest == std::vector<int>{2, 3});
}

SKEIN_TEST_CASE("as_completed: of several tasks that ask each item goes to one (ASC-005)",
                "[core][as_completed]") {
  constexpr int count = 100;
  std::vector<skein::coro<int>> work;
  for (int i = 0; i < count; ++i) {
    work.push_back(after(std::chrono::microseconds{i * 7 % 50}, i));
  }
  auto it = skein::as_completed(std::move(work));
  std::vector<std::atomic<int>> seen(count);
  std::vector<skein::task<>> takers;
  for (int i = 0; i < 8; ++i) {
    takers.push_back(skein::create_task([&]() -> skein::coro<> {
      while (auto next = co_await it.next()) {
        seen[static_cast<std::size_t>(next->result())].fetch_add(1);
      }
    }));
  }
  for (auto const& taker : takers) {
    co_await taker;
  }
  REQUIRE(std::all_of(seen.begin(), seen.end(), [](auto const& n) { return n.load() == 1; }));
}

SKEIN_TEST_CASE("as_completed: a handle given twice comes once; of nothing it ends at once (ASC-006)",
                "[core][as_completed]") {
  auto const futures = pending(2);
  std::vector<skein::future<int>> const twice{futures[0], futures[1], futures[0]};
  auto it = skein::as_completed(twice);
  futures[0].set_result(0);
  futures[1].set_result(1);
  auto const values = co_await drain(it);
  REQUIRE(values == std::vector<int>{0, 1});
  std::vector<skein::future<int>> const none;
  auto empty = skein::as_completed(none, 1h);
  REQUIRE_FALSE((co_await empty.next()).has_value());
}

SKEIN_TEST_CASE("as_completed: one that failed comes like the others, and its result throws (ASC-007)",
                "[core][as_completed]") {
  auto const futures = pending(2);
  auto it = skein::as_completed(futures);
  futures[1].set_exception(std::runtime_error{"no luck"});
  auto const failed = co_await it.next();
  REQUIRE_THROWS_WITH(failed->result(), "no luck");
  futures[0].set_result(7);
  REQUIRE((co_await it.next())->result() == 7);
}

SKEIN_TEST_CASE("as_completed: a cancelled next loses nothing", "[core][as_completed]") {
  auto const futures = pending(3);
  auto it = skein::as_completed(futures);
  auto const taker = skein::create_task([&]() -> skein::coro<> { co_await it.next(); });
  co_await all_tasks_blocked();
  taker.cancel();
  REQUIRE_THROWS_AS(co_await taker, skein::cancelled_error);
  for (auto const& f : futures) {
    f.set_result(1);
  }
  REQUIRE((co_await drain(it)).size() == 3);
}

SKEIN_TEST_CASE_1W("as_completed: what a cancelled task was handed goes to the next who waits",
                   "[core][as_completed]") {
  for (bool const somebody_waits : {true, false}) {
    auto const futures = pending(3);
    auto it = skein::as_completed(futures);
    std::optional<skein::future<int>> got;
    auto const first = skein::create_task([&]() -> skein::coro<> { co_await it.next(); });
    auto const second = skein::create_task([&]() -> skein::coro<> {
      if (somebody_waits) {
        got = co_await it.next();
      }
    });
    co_await all_tasks_blocked();
    skein::get_running_loop().call_soon([&] { first.cancel(); });  // behind the news of the completion
    futures[0].set_result(0);
    skein::get_running_loop().call_soon([&] { first.cancel(); });
    REQUIRE_THROWS_AS(co_await first, skein::cancelled_error);
    if (!somebody_waits) {
      got = co_await it.next();
    }
    co_await second;
    REQUIRE(got == futures[0]);
    futures[1].set_result(1);
    futures[2].set_result(2);
    auto const rest = co_await drain(it);
    REQUIRE(rest == std::vector<int>{1, 2});
  }
}

SKEIN_TEST_CASE("as_completed: cancelled takers and completions at one moment lose nothing",
                "[core][as_completed]") {
  for (int round = 0; round < 30; ++round) {
    constexpr int count = 8;
    auto const futures = pending(count);
    auto it = skein::as_completed(futures);
    std::atomic<int> taken{0};
    std::vector<skein::task<>> takers;
    for (int i = 0; i < 4; ++i) {
      takers.push_back(skein::create_task([&]() -> skein::coro<> {
        while (co_await it.next()) {
          taken.fetch_add(1);
        }
      }));
    }
    auto const setter = skein::create_task([&]() -> skein::coro<> {
      for (auto const& f : futures) {
        f.set_result(1);
      }
      co_return;
    });
    takers[0].cancel();
    takers[2].cancel();
    co_await setter;
    for (auto const& taker : takers) {
      try {
        co_await taker;
      } catch (skein::cancelled_error const&) {
      }
    }
    while (co_await it.next()) {
      taken.fetch_add(1);
    }
    REQUIRE(taken.load() == count);
  }
}

SKEIN_TEST_CASE("as_completed: dropped early it leaves the futures alone, and no timer",
                "[core][as_completed]") {
  auto const futures = pending(2);
  {
    auto const it = skein::as_completed(futures, 1h);
  }
  REQUIRE(futures[0].shared_state()->waiters_ == nullptr);
  auto const before = skein::clock::now();
  co_await all_tasks_blocked();
  REQUIRE(skein::clock::now() - before < 30min);
  futures[0].set_result(1);
  REQUIRE(co_await futures[0] == 1);
}
