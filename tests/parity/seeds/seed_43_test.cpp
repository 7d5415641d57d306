// SPDX-License-Identifier: Apache-2.0
// seed_43_test.cpp: a test that awaits, as pytest's asyncio mark makes one.
#include <support/test_case.hpp>

#include <skein/core/sleep.hpp>

using namespace std::chrono_literals;

namespace {

skein::coro<int> async_func() {
  co_await skein::sleep(10ms);
  co_return 42;
}

}  // namespace

SKEIN_TEST_CASE("seed_43: a test case awaits what it tests", "[parity]") {
  int const expected = 42;
  int const result = co_await async_func();
  REQUIRE(result == expected);
}
