// SPDX-License-Identifier: Apache-2.0
// stream_errors_test.cpp: what the errors of a stream tell.
#include <support/test_case.hpp>

#include <skein/io/stream_errors.hpp>

#include <optional>
#include <stdexcept>
#include <type_traits>

static_assert(std::is_base_of_v<std::runtime_error, skein::incomplete_read_error>);
static_assert(std::is_base_of_v<std::runtime_error, skein::limit_overrun_error>);

TEST_CASE("incomplete_read_error: it holds what had come and says what was wanted", "[io][stream_errors]") {
  skein::incomplete_read_error const e{"ab", 4};
  REQUIRE(e.partial() == "ab");
  REQUIRE(e.expected() == std::optional<std::size_t>{4});
  REQUIRE(std::string{e.what()} == "2 bytes read on a total of 4 expected bytes");
  skein::incomplete_read_error const until{"ab", std::nullopt};
  REQUIRE_FALSE(until.expected().has_value());
  REQUIRE(std::string{until.what()} == "2 bytes read on a total of undefined expected bytes");
}

TEST_CASE("limit_overrun_error: it says how much can be read", "[io][stream_errors]") {
  skein::limit_overrun_error const e{"Separator is not found, and chunk exceed the limit", 7};
  REQUIRE(e.consumed() == 7);
}
