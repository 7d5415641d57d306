// SPDX-License-Identifier: Apache-2.0
// unclosed_test.cpp: reports of what was dropped unclosed.
#include <support/log_lines.hpp>
#include <support/test_case.hpp>

#include <skein/core/lowlevel/unclosed.hpp>
#include <skein/core/run.hpp>
#include <skein/core/sleep.hpp>

#include <stdexcept>

namespace {

struct resource {
  skein::lowlevel::made_at made = skein::lowlevel::made_here(skein::lowlevel::debug_here());
  bool closed = false;

  resource() = default;
  resource(resource const&) = delete;
  resource& operator=(resource const&) = delete;
  ~resource() {
    if (skein::lowlevel::debug_here() && !closed) {
      skein::lowlevel::say_unclosed("resource", "close it", made);
    }
  }
};

}  // namespace

TEST_CASE("unclosed: in debug mode, what was dropped unclosed is reported with its maker", "[core][debug]") {
  unsigned const workers = GENERATE(1U, 4U);
  skein_test::log_lines log;
  auto const body = [&](bool debug) -> skein::coro<> {
    {
      resource const dropped;
    }
    REQUIRE(log.count({"unclosed resource: close it; made at "}) == (debug ? 1 : 0));
    {
      resource closed;
      closed.closed = true;
    }
    co_return;
  };
  skein::run(body(false), {.workers = workers, .debug = false});
  skein::run(body(true), {.workers = workers, .debug = true});
  REQUIRE(log.count({"unclosed resource"}) == 1);
}

SKEIN_TEST_CASE("unclosed: what an exception drops is not reported", "[core][debug]") {
  skein_test::log_lines log;
  skein::event_loop& loop = skein::get_running_loop();
  loop.set_debug(true);
  try {
    resource const dropped;
    throw std::runtime_error{"unwinds"};
  } catch (std::runtime_error const&) {
    REQUIRE(log.count({"unclosed resource"}) == 0);
  }
  loop.set_debug(false);
  co_return;
}
