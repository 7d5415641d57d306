// SPDX-License-Identifier: Apache-2.0
// scoped_permit_test.cpp: permits that release themselves.
#include <support/test_case.hpp>

#include <skein/sync/lock.hpp>
#include <skein/sync/semaphore.hpp>

static_assert(!std::is_copy_constructible_v<skein::scoped_permit>);

SKEIN_TEST_CASE("scoped_permit: it moves, and releases once", "[sync]") {
  skein::semaphore two{2};
  auto a = co_await two.scoped();
  auto b = co_await two.scoped();
  REQUIRE(two.value() == 0);
  a = std::move(b);
  REQUIRE(two.value() == 1);
  REQUIRE_FALSE(static_cast<bool>(b));
  a.release();
  a.release();
  REQUIRE(two.value() == 2);
}
