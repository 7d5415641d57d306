// SPDX-License-Identifier: Apache-2.0
// report.cpp: handing a verdict to Catch2, one thread at a time.
#include <support/catch.hpp>

namespace skein_test {

std::recursive_mutex& catch_mutex() {
  static std::recursive_mutex mutex;
  return mutex;
}

namespace {

void hand_over(place const& at, Catch::ResultWas::OfType result, std::string const& text) {
  std::lock_guard const guard{catch_mutex()};
  Catch::AssertionHandler handler{
      at.macro, at.line, at.expression,
      at.must_hold ? Catch::ResultDisposition::Normal : Catch::ResultDisposition::ContinueOnFailure};
  handler.handleMessage(result, text);
  handler.complete();
}

}  // namespace

void report_passed(place const& at) { hand_over(at, Catch::ResultWas::Ok, {}); }

void report_failed(place const& at, std::string const& text) {
  hand_over(at, Catch::ResultWas::ExpressionFailed, text);
}

}  // namespace skein_test
