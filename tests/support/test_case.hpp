// SPDX-License-Identifier: Apache-2.0
// test_case.hpp: test cases whose bodies are coroutines, run on one worker, on several, and in virtual time.
#pragma once

#include <support/catch.hpp>

#include <skein/core/lowlevel/testing.hpp>
#include <skein/core/run.hpp>

#include <chrono>
#include <string>

namespace skein_test {

using body = skein::coro<void> (*)();

/// Runs a body as one test case; without reports of stalls, which depend on the machine: tests read the log.
template <body Body, unsigned Workers, bool VirtualTime>
void run_body() {
  skein::run(Body(),
             {.workers = Workers, .virtual_time = VirtualTime, .stall_report = std::chrono::milliseconds{0}});
}

struct registration {
  registration(Catch::ITestInvoker* invoker, Catch::SourceLineInfo const& line, std::string const& name,
               char const* tags) {
    Catch::AutoReg const add{invoker, line, Catch::StringRef{}, Catch::NameAndTags{name, tags}};
    static_cast<void>(add);
  }
};

}  // namespace skein_test

using skein::lowlevel::all_tasks_blocked;

#define SKEIN_REGISTER(function, name, tags, workers, virtual_time, suffix)                \
  static ::skein_test::registration const INTERNAL_CATCH_UNIQUE_NAME(skein_case){          \
      ::Catch::makeTestInvoker(&::skein_test::run_body<&function, workers, virtual_time>), \
      CATCH_INTERNAL_LINEINFO, std::string{name} + suffix, tags};

#define SKEIN_TEST_CASE_AS(function, name, tags)                   \
  static ::skein::coro<void> function();                           \
  SKEIN_REGISTER(function, name, tags, 1, false, " (1 worker)")    \
  SKEIN_REGISTER(function, name, tags, 4, false, " (4 workers)")   \
  SKEIN_REGISTER(function, name, tags, 1, true, " (virtual time)") \
  static ::skein::coro<void> function()
#define SKEIN_TEST_CASE_1W_AS(function, name, tags)                \
  static ::skein::coro<void> function();                           \
  SKEIN_REGISTER(function, name, tags, 1, false, " (1 worker)")    \
  SKEIN_REGISTER(function, name, tags, 1, true, " (virtual time)") \
  static ::skein::coro<void> function()

/// A test whose body is a coroutine: on one worker, on four, and on one in virtual time.
#define SKEIN_TEST_CASE(name, tags) SKEIN_TEST_CASE_AS(INTERNAL_CATCH_UNIQUE_NAME(skein_body), name, tags)
/// The same for what holds on one worker only: exact orders.
#define SKEIN_TEST_CASE_1W(name, tags) \
  SKEIN_TEST_CASE_1W_AS(INTERNAL_CATCH_UNIQUE_NAME(skein_body), name, tags)
