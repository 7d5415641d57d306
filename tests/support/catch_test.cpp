// SPDX-License-Identifier: Apache-2.0
// catch_test.cpp: the assertions themselves, under several threads.
#include <support/test_case.hpp>

#include <skein/core/create_task.hpp>
#include <skein/core/sleep.hpp>

#include <thread>
#include <vector>

using namespace std::chrono_literals;

TEST_CASE("support: assertions of several threads are all counted", "[support]") {
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([] {
      for (int i = 0; i < 2000; ++i) {
        CHECK(i < 2000);  // Catch2's own crashes or miscounts here
      }
    });
  }
  for (auto& thread : threads) {
    thread.join();
  }
}

TEST_CASE("support: a failed comparison shows both sides", "[support]") {
  skein_test::verdict const v = (skein_test::decomposer{} <= 1 + 1) == 3;
  REQUIRE_FALSE(v.holds);
  REQUIRE(v.text == "2 == 3");
}

SKEIN_TEST_CASE("support: an assertion may await", "[support]") {
  auto const seven = []() -> skein::coro<int> {
    co_await skein::sleep(0s);
    co_return 7;
  };
  REQUIRE(co_await seven() == 7);
  REQUIRE_FALSE(co_await seven() == 8);
  auto const failing = []() -> skein::coro<int> {
    co_await skein::sleep(0s);
    throw std::runtime_error{"no luck"};
  };
  REQUIRE_THROWS_AS(co_await failing(), std::runtime_error);
  REQUIRE_THROWS_WITH(co_await failing(), "no luck");
  REQUIRE_NOTHROW(co_await seven());
}
