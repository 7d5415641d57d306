// SPDX-License-Identifier: Apache-2.0
// staggered_race_test.cpp: when candidates start, who wins, and what is left of the others.
#include <support/test_case.hpp>

#include <skein/core/sleep.hpp>
#include <skein/core/staggered_race.hpp>
#include <skein/core/timeout.hpp>
#include <skein/core/with.hpp>

#include <algorithm>
#include <atomic>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

using namespace std::chrono_literals;

namespace {

using candidate = std::function<skein::coro<int>()>;

std::string text_of(std::exception_ptr const& error) {
  if (error == nullptr) {
    return "none";
  }
  try {
    std::rethrow_exception(error);
  } catch (std::exception const& e) {
    return e.what();
  } catch (skein::cancelled_error const&) {
    return "cancelled";
  }
}

template <class R>
std::vector<std::string> texts_of(R const& result) {
  std::vector<std::string> texts;
  for (std::exception_ptr const& error : result.exceptions) {
    texts.push_back(text_of(error));
  }
  return texts;
}

candidate gives(int value, skein::delay d = 0s) {
  return [value, d]() -> skein::coro<int> {
    co_await skein::sleep(d);
    co_return value;
  };
}
candidate fails(std::string text) {
  return [text]() -> skein::coro<int> {
    co_await skein::sleep(0s);
    throw std::runtime_error{text};
  };
}

using words = std::vector<std::string>;

}  // namespace

SKEIN_TEST_CASE("staggered_race: without candidates there is no winner (STAG-001)",
                "[core][staggered_race]") {
  std::vector<candidate> const none;
  auto const result = co_await skein::staggered_race(none, 1ms);
  REQUIRE_FALSE(result.winner.has_value());
  REQUIRE_FALSE(result.index.has_value());
  REQUIRE(result.exceptions.empty());
}

SKEIN_TEST_CASE("staggered_race: when the first succeeds the second never starts (STAG-002)",
                "[core][staggered_race]") {
  std::atomic<bool> started{false};
  std::vector<candidate> const both{gives(1), [&]() -> skein::coro<int> {
                                      started.store(true);
                                      co_return 2;
                                    }};
  auto const result = co_await skein::staggered_race(both, 1h);
  REQUIRE(result.winner == 1);
  REQUIRE(result.index == 0);
  REQUIRE(texts_of(result) == words{"none"});
  REQUIRE_FALSE(started.load());
}

SKEIN_TEST_CASE("staggered_race: when the first fails the second starts at once (STAG-003)",
                "[core][staggered_race]") {
  std::vector<candidate> const both{fails("e0"), gives(2)};
  auto const result = co_await skein::staggered_race(both, 1000h);
  REQUIRE(result.winner == 2);
  REQUIRE(result.index == 1);
  REQUIRE(texts_of(result) == words{"e0", "none"});
}

SKEIN_TEST_CASE("staggered_race: when the first is slow the second starts after the head start (STAG-004)",
                "[core][staggered_race]") {
  std::vector<candidate> const both{gives(1, 1000h), gives(2)};
  auto const start = skein::clock::now();
  auto const result = co_await skein::staggered_race(both, 5ms);
  REQUIRE(skein::clock::now() - start >= 5ms);
  REQUIRE(result.winner == 2);
  REQUIRE(texts_of(result) == words{"cancelled", "none"});
}

SKEIN_TEST_CASE("staggered_race: when all fail there is an error for each (STAG-005)",
                "[core][staggered_race]") {
  std::vector<candidate> const both{fails("e0"), fails("e1")};
  for (std::optional<skein::delay> const head_start :
       std::vector<std::optional<skein::delay>>{std::nullopt, skein::delay{0s}, skein::delay{1ms}}) {
    auto const result = co_await skein::staggered_race(both, head_start);
    REQUIRE_FALSE(result.winner.has_value());
    REQUIRE_FALSE(result.index.has_value());
    REQUIRE(texts_of(result) == words{"e0", "e1"});
  }
}

SKEIN_TEST_CASE("staggered_race: cancelled twice, it waits for a candidate that swallows both (STAG-006)",
                "[core][staggered_race]") {
  words log;
  auto outer = skein::timeout(std::nullopt);
  auto inner = skein::timeout(std::nullopt);
  std::vector<candidate> const one{[&]() -> skein::coro<int> {
    inner.reschedule(skein::clock::time_point{});
    try {
      co_await skein::sleep(1000h);
    } catch (skein::cancelled_error const&) {
      log.push_back("cancelled 1");
    }
    outer.reschedule(skein::clock::time_point{});
    try {
      co_await skein::sleep(1000h);
    } catch (skein::cancelled_error const&) {
      log.push_back("cancelled 2");
    }
    co_return 1;
  }};
  bool timed_out = false;
  try {
    co_await skein::with(outer, [&]() -> skein::coro<> {
      co_await skein::with(inner, [&]() -> skein::coro<> {
        try {
          co_await skein::staggered_race(one, std::nullopt);
        } catch (skein::cancelled_error const&) {
          log.push_back("cancelled 3");
          throw;
        }
      });
    });
  } catch (skein::timeout_error const&) {
    timed_out = true;
  }
  REQUIRE(timed_out);
  REQUIRE(log == words{"cancelled 1", "cancelled 2", "cancelled 3"});
  REQUIRE(skein::all_tasks().size() == 1);
}

SKEIN_TEST_CASE("staggered_race: without a head start they run one after the other (STAG-007)",
                "[core][staggered_race]") {
  std::atomic<int> running{0};
  std::atomic<int> most{0};
  auto const counted = [&](int value, bool good) -> candidate {
    return [&running, &most, value, good]() -> skein::coro<int> {
      most.store(std::max(most.load(), running.fetch_add(1) + 1));
      co_await skein::sleep(2ms);
      running.fetch_sub(1);
      if (!good) {
        throw std::runtime_error{"e"};
      }
      co_return value;
    };
  };
  std::vector<candidate> const three{counted(0, false), counted(1, true), counted(2, true)};
  auto const result = co_await skein::staggered_race(three, std::nullopt);
  REQUIRE(result.index == 1);
  REQUIRE(texts_of(result) == words{"e", "none"});
  REQUIRE(most.load() == 1);
}

SKEIN_TEST_CASE("staggered_race: candidates without a value, with one to be moved, and that cannot be called",
                "[core][staggered_race]") {
  std::vector<std::function<skein::coro<>()>> const plain{
      []() -> skein::coro<> { co_await skein::sleep(0s); }};
  auto const nothing = co_await skein::staggered_race(plain, std::nullopt);
  REQUIRE(nothing.winner.has_value());
  std::vector<std::function<skein::coro<std::unique_ptr<int>>()>> boxes;
  boxes.emplace_back([]() -> skein::coro<std::unique_ptr<int>> { throw std::runtime_error{"at the call"}; });
  boxes.emplace_back([]() -> skein::coro<std::unique_ptr<int>> { co_return std::make_unique<int>(8); });
  auto const box = co_await skein::staggered_race(std::move(boxes), std::nullopt);
  REQUIRE(**box.winner == 8);
  REQUIRE(texts_of(box) == words{"at the call", "none"});
}

SKEIN_TEST_CASE("staggered_race: cancelled, nothing runs any more when it has ended",
                "[core][staggered_race]") {
  std::atomic<int> entered{0};
  std::atomic<int> left{0};
  struct count {
    std::atomic<int>& n;
    ~count() { n.fetch_add(1); }
  };
  candidate const waits = [&]() -> skein::coro<int> {
    entered.fetch_add(1);
    count const counted{left};
    co_await skein::sleep(1000h);
    co_return 1;
  };
  std::vector<candidate> const three{waits, waits, waits};
  auto const racing = skein::create_task(skein::staggered_race(three, 1ms));
  co_await all_tasks_blocked();
  racing.cancel();
  REQUIRE_THROWS_AS(co_await racing, skein::cancelled_error);
  REQUIRE(entered.load() >= 1);
  REQUIRE(entered.load() == left.load());
}

TEST_CASE("staggered_race: two that succeed at one moment on other cores give one winner",
          "[core][staggered_race]") {
  int wrong = 0;
  skein::run(
      [&]() -> skein::coro<> {
        for (int round = 0; round < 200; ++round) {
          std::vector<candidate> const two{gives(0, std::chrono::microseconds{60}), gives(1)};
          auto const result = co_await skein::staggered_race(two, std::chrono::microseconds{round % 60});
          bool right = result.index.has_value() && result.winner == static_cast<int>(*result.index);
          for (std::size_t i = 0; i < result.exceptions.size(); ++i) {
            right = right && (result.exceptions[i] == nullptr) == (i == result.index);
          }
          wrong += right ? 0 : 1;
        }
      },
      {.workers = 4});
  REQUIRE(wrong == 0);
}

SKEIN_TEST_CASE("staggered_race: with eager candidates no more are started than are needed (EAGER-009)",
                "[core][staggered_race]") {
  auto& loop = skein::get_running_loop();
  loop.set_task_factory([](skein::event_loop&, skein::task_options& options) { options.eager_start = true; });
  std::atomic<bool> third{false};
  std::vector<candidate> const three{[]() -> skein::coro<int> {
                                       throw std::runtime_error{"e0"};
                                       co_return 0;
                                     },
                                     gives(1, 1ms),
                                     [&]() -> skein::coro<int> {
                                       third.store(true);
                                       co_await skein::sleep(0s);
                                       co_return 2;
                                     }};
  auto const result = co_await skein::staggered_race(three, std::nullopt);
  loop.set_task_factory(nullptr);
  REQUIRE(result.winner == 1);
  REQUIRE(result.index == 1);
  REQUIRE(texts_of(result) == words{"e0", "none"});
  REQUIRE_FALSE(third.load());
}
