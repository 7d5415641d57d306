// SPDX-License-Identifier: Apache-2.0
// native_traceback_test.cpp: calls as addresses, and their names.
#include <support/test_case.hpp>

#include "native_traceback.hpp"

#include <skein/core/coro.hpp>

#include <algorithm>
#include <string>
#include <vector>

namespace traceback_test {

[[gnu::noinline]] skein::detail::traceback called_by() {
  auto calls = skein::detail::traceback::here();
  asm volatile("");  // no tail call
  return calls;
}

struct type {
  skein::coro<int> member(int n) { co_return n; }
};

}  // namespace traceback_test

namespace {

std::string name_of(skein::coro<int> made) {
  auto const frame = made.release();
  auto const place = skein::detail::frame_at(*static_cast<void* const*>(frame.address()));
  frame.destroy();
  return place.function;
}

skein::coro<int> of_this_file(std::string text, std::vector<int> numbers) {
  co_return static_cast<int>(text.size() + numbers.size());
}

}  // namespace

TEST_CASE("native_traceback: the calls are named, innermost first, without those of the library",
          "[core][debug]") {
  auto const calls = traceback_test::called_by().frames();
  REQUIRE_FALSE(calls.empty());
  REQUIRE(calls.front().function == "traceback_test::called_by");
  REQUIRE(std::none_of(calls.begin(), calls.end(),
                       [](skein::call_frame const& f) { return f.function.starts_with("skein::"); }));
  REQUIRE(skein::detail::traceback{}.frames().empty());
}

TEST_CASE("native_traceback: a coroutine is named after its function, whatever the compiler makes of it",
          "[core][debug]") {
  REQUIRE(name_of(traceback_test::type{}.member(1)) == "traceback_test::type::member");
  REQUIRE(name_of(of_this_file("text", {1, 2})) == "of_this_file");
  auto const lambda = [](int n) -> skein::coro<int> { co_return n; };
  REQUIRE_THAT(name_of(lambda(1)), Catch::EndsWith("<lambda>"));
}

TEST_CASE("native_traceback: its text is Python's, the newest call last", "[core][debug]") {
  std::vector<skein::call_frame> const frames{
      {"f", "a/f.cpp", 3}, {"main", "a/main.cpp", 12}, {"prog+0x1", {}, 0}};
  REQUIRE(skein::detail::traceback_text(frames) ==
          "  in prog+0x1\n"
          "  File \"a/main.cpp\", line 12, in main\n"
          "  File \"a/f.cpp\", line 3, in f");
  REQUIRE(skein::detail::short_place(frames[0]) == "f.cpp:3");
  REQUIRE(skein::detail::short_place(frames[2]) == "prog+0x1");
  REQUIRE(skein::detail::traceback_text({}).empty());
}
