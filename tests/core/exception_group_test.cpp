// SPDX-License-Identifier: Apache-2.0
// exception_group_test.cpp: what groups hold, how they are taken apart, and what may be in them.
#include <support/catch.hpp>

#include <skein/core/errors.hpp>
#include <skein/core/exception_group.hpp>

#include <stdexcept>
#include <string>
#include <type_traits>
#include <vector>

using skein::base_exception_group;
using skein::exception_group;

static_assert(std::is_base_of_v<std::exception, exception_group>);
static_assert(std::is_base_of_v<base_exception_group, exception_group>);
static_assert(!std::is_base_of_v<std::exception, base_exception_group>);
static_assert(std::is_nothrow_copy_constructible_v<exception_group>, "copies are made while unwinding");

namespace {

template <class... E>
std::vector<std::exception_ptr> errors(E const&... e) {
  return {std::make_exception_ptr(e)...};
}

std::string text_of(std::exception_ptr const& error) {
  try {
    std::rethrow_exception(error);
  } catch (std::exception const& e) {
    return e.what();
  } catch (...) {
    return "?";
  }
}

}  // namespace

TEST_CASE("exception_group: it has a message, members in order, and a text with their number",
          "[core][exception_group]") {
  exception_group const group{"several", errors(std::runtime_error{"a"}, std::logic_error{"b"})};
  REQUIRE(group.message() == "several");
  REQUIRE(group.exceptions().size() == 2);
  REQUIRE(text_of(group.exceptions()[0]) == "a");
  REQUIRE(std::string{group.what()} == "several (2 sub-exceptions)");
  exception_group const one{"one", errors(std::runtime_error{"a"})};
  REQUIRE(std::string{one.what()} == "one (1 sub-exception)");
  exception_group const copy = group;
  REQUIRE(copy.exceptions()[1] == group.exceptions()[1]);
}

TEST_CASE("exception_group: nothing, null, or what is no std::exception is refused",
          "[core][exception_group]") {
  REQUIRE_THROWS_AS((exception_group{"x", {}}), std::invalid_argument);
  REQUIRE_THROWS_AS((base_exception_group{"x", {nullptr}}), std::invalid_argument);
  REQUIRE_THROWS_WITH((exception_group{"x", errors(skein::cancelled_error{})}),
                      Catch::Contains("Cannot nest BaseExceptions"));
  base_exception_group const any{"x", errors(skein::cancelled_error{}, 5)};
  REQUIRE(any.exceptions().size() == 2);
}

TEST_CASE("exception_group: it is caught as either of its bases", "[core][exception_group]") {
  REQUIRE_THROWS_WITH(skein::detail::throw_group("x", errors(std::runtime_error{"a"})),
                      "x (1 sub-exception)");
  REQUIRE_THROWS_AS(skein::detail::throw_group("x", errors(std::runtime_error{"a"})), exception_group);
  REQUIRE_THROWS_AS(skein::detail::throw_group("x", errors(skein::cancelled_error{})), base_exception_group);
  bool is_std = true;
  try {
    skein::detail::throw_group("x", errors(skein::cancelled_error{}));
  } catch (std::exception const&) {
  } catch (base_exception_group const&) {
    is_std = false;
  }
  REQUIRE_FALSE(is_std);
}

TEST_CASE("exception_group: split parts the members by type, at any depth", "[core][exception_group]") {
  exception_group const inner{"inner", errors(std::out_of_range{"i1"}, std::runtime_error{"i2"})};
  exception_group const group{"outer", errors(std::runtime_error{"o1"}, inner, std::out_of_range{"o2"})};
  auto const [match, rest] = group.split<std::out_of_range>();
  REQUIRE(match.has_value());
  REQUIRE(rest.has_value());
  REQUIRE(match->message() == "outer");
  REQUIRE(match->exceptions().size() == 2);
  REQUIRE(text_of(match->exceptions()[1]) == "o2");
  try {
    std::rethrow_exception(match->exceptions()[0]);
  } catch (exception_group const& nested) {
    REQUIRE(nested.message() == "inner");
    REQUIRE(nested.exceptions().size() == 1);
    REQUIRE(text_of(nested.exceptions()[0]) == "i1");
  }
  REQUIRE(rest->exceptions().size() == 2);
  REQUIRE(text_of(rest->exceptions()[0]) == "o1");
}

TEST_CASE("exception_group: subgroup gives nothing, a part, or the whole", "[core][exception_group]") {
  exception_group const group{"x", errors(std::runtime_error{"a"}, std::out_of_range{"b"})};
  REQUIRE_FALSE(group.subgroup<std::bad_alloc>().has_value());
  REQUIRE(group.subgroup<std::runtime_error>()->exceptions().size() == 1);
  REQUIRE(group.subgroup<std::exception>()->exceptions() == group.exceptions());
  REQUIRE_FALSE(group.split<std::exception>().rest.has_value());
  REQUIRE_FALSE(group.split<std::bad_alloc>().match.has_value());
  base_exception_group const mixed{"m", errors(std::runtime_error{"a"}, skein::cancelled_error{})};
  REQUIRE(mixed.subgroup<skein::cancelled_error>()->exceptions().size() == 1);
  REQUIRE(mixed.split<std::exception>().rest->exceptions().size() == 1);
}
