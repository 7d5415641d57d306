// SPDX-License-Identifier: Apache-2.0
// catch.hpp: Catch2, with assertions that tasks on several threads may use, with co_await inside.
//
// Catch2's own assertions are not thread-safe, and hold state over the evaluation of the expression, in which
// a coroutine may move to another thread. Ours evaluate first, and then report under a lock.
#pragma once

#if __has_include(<catch2/catch.hpp>)
#include <catch2/catch.hpp>
#else
#include <catch2/catch_all.hpp>
#endif

#include <mutex>
#include <string>
#include <type_traits>
#include <utility>

namespace skein_test {

/// Guards Catch2.
[[nodiscard]] std::recursive_mutex& catch_mutex();

struct place {
  char const* macro;
  char const* expression;
  Catch::SourceLineInfo line;
  bool must_hold;  // REQUIRE ends the test
};

/// Counts an assertion that holds.
void report_passed(place const& at);
/// Reports one that does not; throws Catch2's failure when it must hold.
void report_failed(place const& at, std::string const& text);

struct verdict {
  bool holds;
  std::string text;
};

inline void report(place const& at, verdict const& v) {
  if (v.holds) {
    report_passed(at);
  } else {
    report_failed(at, v.text);
  }
}

template <class T>
[[nodiscard]] std::string show(T const& value) {
  std::lock_guard const guard{catch_mutex()};
  return Catch::Detail::stringify(value);
}

/// The left side of a comparison.
template <class L>
struct left_side {
  L const& left;

  template <class R>
  [[nodiscard]] verdict judge(bool holds, char const* op, R const& right) const {
    return holds ? verdict{true, {}} : verdict{false, show(left) + " " + op + " " + show(right)};
  }
  template <class R>
  verdict operator==(R const& right) const {
    return judge(static_cast<bool>(left == right), "==", right);
  }
  template <class R>
  verdict operator!=(R const& right) const {
    return judge(static_cast<bool>(left != right), "!=", right);
  }
  template <class R>
  verdict operator<(R const& right) const {
    return judge(static_cast<bool>(left < right), "<", right);
  }
  template <class R>
  verdict operator<=(R const& right) const {
    return judge(static_cast<bool>(left <= right), "<=", right);
  }
  template <class R>
  verdict operator>(R const& right) const {
    return judge(static_cast<bool>(left > right), ">", right);
  }
  template <class R>
  verdict operator>=(R const& right) const {
    return judge(static_cast<bool>(left >= right), ">=", right);
  }
  operator verdict() const {  // NOLINT: an expression without a comparison
    return judge_alone(static_cast<bool>(left));
  }

 private:
  [[nodiscard]] verdict judge_alone(bool holds) const {
    return holds ? verdict{true, {}} : verdict{false, show(left)};
  }
};

struct decomposer {
  template <class L>
  left_side<L> operator<=(L const& left) const {
    return {left};
  }
};

template <class Matcher>
[[nodiscard]] bool matches(Matcher const& matcher, std::string const& text) {
  if constexpr (std::is_convertible_v<Matcher, std::string>) {
    return text == std::string{matcher};
  } else {
    return matcher.match(text);
  }
}

}  // namespace skein_test

#define SKEIN_PLACE(macro, text, must) \
  ::skein_test::place { macro, text, CATCH_INTERNAL_LINEINFO, must }

#define SKEIN_ASSERT(macro, must, ...)                                                                 \
  do {                                                                                                 \
    _Pragma("GCC diagnostic push")                                                                     \
        _Pragma("GCC diagnostic ignored \"-Wparentheses\"")::skein_test::verdict const skein_verdict = \
            ::skein_test::decomposer{} <= __VA_ARGS__;                                                 \
    _Pragma("GCC diagnostic pop")::skein_test::report(SKEIN_PLACE(macro, #__VA_ARGS__, must),          \
                                                      skein_verdict);                                  \
  } while (false)

#define SKEIN_ASSERT_FALSE(macro, must, ...)                                             \
  do {                                                                                   \
    bool const skein_holds = !static_cast<bool>(__VA_ARGS__);                            \
    ::skein_test::report(SKEIN_PLACE(macro, #__VA_ARGS__, must), {skein_holds, "true"}); \
  } while (false)

#define SKEIN_ASSERT_THROWS(macro, must, expression, ...)                                         \
  do {                                                                                            \
    ::skein_test::verdict skein_verdict{false, "nothing was thrown"};                             \
    try {                                                                                         \
      static_cast<void>(expression);                                                              \
    } catch (__VA_ARGS__ const&) {                                                                \
      skein_verdict.holds = true;                                                                 \
    } catch (std::exception const& skein_error) {                                                 \
      skein_verdict.text = std::string{"another error was thrown: "} + skein_error.what();        \
    } catch (...) {                                                                               \
      skein_verdict.text = "another error was thrown";                                            \
    }                                                                                             \
    ::skein_test::report(SKEIN_PLACE(macro, #expression ", " #__VA_ARGS__, must), skein_verdict); \
  } while (false)

#define SKEIN_ASSERT_THROWS_WITH(macro, must, expression, matcher)                            \
  do {                                                                                        \
    ::skein_test::verdict skein_verdict{false, "nothing was thrown"};                         \
    try {                                                                                     \
      static_cast<void>(expression);                                                          \
    } catch (std::exception const& skein_error) {                                             \
      skein_verdict.holds = ::skein_test::matches(matcher, skein_error.what());               \
      skein_verdict.text = std::string{"the text is: "} + skein_error.what();                 \
    }                                                                                         \
    ::skein_test::report(SKEIN_PLACE(macro, #expression ", " #matcher, must), skein_verdict); \
  } while (false)

#define SKEIN_ASSERT_NOTHROW(macro, must, expression)                           \
  do {                                                                          \
    ::skein_test::verdict skein_verdict{true, {}};                              \
    try {                                                                       \
      static_cast<void>(expression);                                            \
    } catch (std::exception const& skein_error) {                               \
      skein_verdict = {false, std::string{"thrown: "} + skein_error.what()};    \
    } catch (...) {                                                             \
      skein_verdict = {false, "something was thrown"};                          \
    }                                                                           \
    ::skein_test::report(SKEIN_PLACE(macro, #expression, must), skein_verdict); \
  } while (false)

#undef REQUIRE
#undef CHECK
#undef REQUIRE_FALSE
#undef CHECK_FALSE
#undef REQUIRE_THROWS_AS
#undef CHECK_THROWS_AS
#undef REQUIRE_THROWS_WITH
#undef CHECK_THROWS_WITH
#undef REQUIRE_NOTHROW
#undef CHECK_NOTHROW
#undef FAIL
#undef SUCCEED
#undef INFO
#undef CAPTURE
#define REQUIRE(...) SKEIN_ASSERT("REQUIRE", true, __VA_ARGS__)
#define CHECK(...) SKEIN_ASSERT("CHECK", false, __VA_ARGS__)
#define REQUIRE_FALSE(...) SKEIN_ASSERT_FALSE("REQUIRE_FALSE", true, __VA_ARGS__)
#define CHECK_FALSE(...) SKEIN_ASSERT_FALSE("CHECK_FALSE", false, __VA_ARGS__)
#define REQUIRE_THROWS_AS(expression, ...) \
  SKEIN_ASSERT_THROWS("REQUIRE_THROWS_AS", true, expression, __VA_ARGS__)
#define CHECK_THROWS_AS(expression, ...) \
  SKEIN_ASSERT_THROWS("CHECK_THROWS_AS", false, expression, __VA_ARGS__)
#define REQUIRE_THROWS_WITH(expression, matcher) \
  SKEIN_ASSERT_THROWS_WITH("REQUIRE_THROWS_WITH", true, expression, matcher)
#define CHECK_THROWS_WITH(expression, matcher) \
  SKEIN_ASSERT_THROWS_WITH("CHECK_THROWS_WITH", false, expression, matcher)
#define REQUIRE_NOTHROW(expression) SKEIN_ASSERT_NOTHROW("REQUIRE_NOTHROW", true, expression)
#define CHECK_NOTHROW(expression) SKEIN_ASSERT_NOTHROW("CHECK_NOTHROW", false, expression)
#define FAIL(text) ::skein_test::report_failed(SKEIN_PLACE("FAIL", #text, true), std::string{text})
#define SUCCEED() ::skein_test::report_passed(SKEIN_PLACE("SUCCEED", "", false))
