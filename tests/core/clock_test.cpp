// SPDX-License-Identifier: Apache-2.0
// clock_test.cpp: delays of every chrono type, and the time of a loop.
#include <support/test_case.hpp>

#include <skein/core/clock.hpp>
#include <skein/core/sleep.hpp>

#include <limits>

using namespace std::chrono_literals;

TEST_CASE("clock: a delay is rounded up to whole nanoseconds", "[core][clock]") {
  using picoseconds = std::chrono::duration<std::int64_t, std::pico>;
  REQUIRE(skein::delay{picoseconds{1}}.nanoseconds() == 1);
  REQUIRE(skein::delay{picoseconds{1000}}.nanoseconds() == 1);
  REQUIRE(skein::delay{picoseconds{1001}}.nanoseconds() == 2);
  REQUIRE(skein::delay{std::chrono::duration<double>{1e-10}}.nanoseconds() == 1);
  REQUIRE(skein::delay{1500us}.nanoseconds() == 1'500'000);
  REQUIRE(skein::delay{0.25s}.nanoseconds() == 250'000'000);
}

TEST_CASE("clock: zero and negative delays are now", "[core][clock]") {
  REQUIRE(skein::delay{0s}.nanoseconds() == 0);
  REQUIRE(skein::delay{-5h}.nanoseconds() == 0);
  REQUIRE(skein::delay{std::chrono::duration<double>{-0.1}}.nanoseconds() == 0);
}

TEST_CASE("clock: delays that are too long are for ever (TASK-007)", "[core][clock]") {
  REQUIRE(skein::delay{std::chrono::hours::max()}.is_forever());
  REQUIRE(skein::delay{std::chrono::duration<double>{std::numeric_limits<double>::infinity()}}.is_forever());
  REQUIRE(skein::delay{std::chrono::duration<float>{1e30F}}.is_forever());
  REQUIRE_FALSE(skein::delay{std::chrono::years{200}}.is_forever());
}

TEST_CASE("clock: a delay that is not a number is refused with a text that says so (TASK-007)",
          "[core][clock]") {
  auto const nan = std::chrono::duration<double>{std::numeric_limits<double>::quiet_NaN()};
  REQUIRE_THROWS_AS(skein::delay{nan}, std::invalid_argument);
  REQUIRE_THROWS_WITH(skein::delay{nan}, Catch::Contains("NaN"));
}

SKEIN_TEST_CASE("clock: time of a loop does not go back and passes a sleep", "[core][clock]") {
  auto const before = skein::clock::now();
  co_await skein::sleep(2ms);
  REQUIRE(skein::clock::now() - before >= 2ms);
  REQUIRE(skein::get_running_loop().time() >= before + 2ms);
}
