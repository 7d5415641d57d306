// SPDX-License-Identifier: Apache-2.0
// bytes_test.cpp: what converts to a view of bytes.
#include <support/test_case.hpp>

#include <skein/io/bytes.hpp>

#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

using namespace std::string_view_literals;

static_assert(std::is_trivially_copyable_v<skein::bytes_view>);
static_assert(!std::is_convertible_v<int, skein::bytes_view>);

TEST_CASE("bytes_view: text, literals, spans and vectors of bytes convert to it", "[io][bytes]") {
  auto const text = [](skein::bytes_view v) { return std::string{v.text()}; };
  std::array<std::byte, 2> const raw{std::byte{'a'}, std::byte{0}};
  std::vector<char> const chars{'x', 'y'};
  std::array<unsigned char, 1> const unsigned_chars{0xff};
  REQUIRE(text("literal") == "literal");
  REQUIRE(text(std::string{"string"}) == "string");
  REQUIRE(text("a\0b"sv) == "a\0b"sv);
  REQUIRE(text(std::span<std::byte const>{raw}) == "a\0"sv);
  REQUIRE(text(std::vector<std::byte>(raw.begin(), raw.end())) == "a\0"sv);
  REQUIRE(text(chars) == "xy");
  REQUIRE(text(std::span<unsigned char const>{unsigned_chars}) == "\xff");
  REQUIRE(skein::bytes_view{}.empty());
  REQUIRE(skein::bytes_view{"four"}.size() == 4);
}
