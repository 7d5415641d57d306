// SPDX-License-Identifier: Apache-2.0
// errors_test.cpp: what the exceptions are and are not.
#include <support/test_case.hpp>

#include <skein/core/errors.hpp>

#include <exception>
#include <type_traits>

static_assert(!std::is_base_of_v<std::exception, skein::cancelled_error>);
static_assert(!std::is_base_of_v<std::exception, skein::keyboard_interrupt>);
static_assert(!std::is_base_of_v<std::exception, skein::system_exit>);
static_assert(std::is_base_of_v<std::runtime_error, skein::timeout_error>);
static_assert(std::is_base_of_v<std::runtime_error, skein::no_running_loop_error>);
static_assert(std::is_base_of_v<std::runtime_error, skein::loop_closed_error>);
static_assert(std::is_base_of_v<std::logic_error, skein::invalid_state_error>);
static_assert(std::is_nothrow_copy_constructible_v<skein::cancelled_error>);

TEST_CASE("errors: a cancelled_error carries its text, and copies share it", "[core][errors]") {
  REQUIRE(skein::cancelled_error{}.message().empty());
  skein::cancelled_error const error{"enough"};
  skein::cancelled_error const copy = error;
  REQUIRE(copy.message() == "enough");
  REQUIRE(skein::system_exit{3}.code() == 3);
}
