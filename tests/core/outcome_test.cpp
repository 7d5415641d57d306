// SPDX-License-Identifier: Apache-2.0
// outcome_test.cpp: a value or an error.
#include <support/test_case.hpp>

#include <skein/core/outcome.hpp>

#include <memory>
#include <stdexcept>

TEST_CASE("outcome: it holds a value or an error", "[core][outcome]") {
  skein::outcome<int> const good{3};
  REQUIRE(good.has_value());
  REQUIRE(good.value() == 3);
  REQUIRE(good.error() == nullptr);
  skein::outcome<int> const bad{std::make_exception_ptr(std::runtime_error{"no luck"})};
  REQUIRE_FALSE(bad.has_value());
  REQUIRE_THROWS_WITH(bad.value(), "no luck");
  skein::outcome<std::unique_ptr<int>> box{std::make_unique<int>(4)};
  REQUIRE(*std::move(box).value() == 4);
  skein::outcome<void> const nothing{std::monostate{}};
  REQUIRE_NOTHROW(nothing.value());
}
