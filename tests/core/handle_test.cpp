// SPDX-License-Identifier: Apache-2.0
// handle_test.cpp: handles of queued calls.
#include <support/test_case.hpp>

#include <skein/core/event_loop.hpp>

using namespace std::chrono_literals;

TEST_CASE("handle: cancelled is true exactly if the call will never run", "[core][handle]") {
  auto const loop = skein::new_event_loop({.virtual_time = true});
  int calls = 0;
  auto a = loop->call_soon([&] { ++calls; });
  auto b = loop->call_soon([&] { ++calls; });
  auto const copy = b;
  b.cancel();
  b.cancel();
  REQUIRE(copy.cancelled());
  loop->call_soon([&] { loop->stop(); });
  loop->run_forever();
  a.cancel();
  REQUIRE_FALSE(a.cancelled());
  REQUIRE(calls == 1);
  REQUIRE_FALSE(skein::handle{}.cancelled());
}

TEST_CASE("handle: a timer knows when, and can be cancelled from its loop (TIMER-007)", "[core][handle]") {
  auto const loop = skein::new_event_loop({.virtual_time = true});
  auto const when = loop->time() + 5s;
  int calls = 0;
  auto timer = loop->call_at(when, [&] { ++calls; });
  REQUIRE(timer.when() == when);
  loop->call_later(1s, [&] { timer.cancel(); });
  loop->call_later(10s, [&] { loop->stop(); });
  loop->run_forever();
  REQUIRE(timer.cancelled());
  REQUIRE(calls == 0);
}

TEST_CASE("handle: its repr names the call, and that it was cancelled", "[core][handle]") {
  struct print {
    void operator()() const {}
  };
  auto const loop = skein::new_event_loop({.virtual_time = true});
  auto soon = loop->call_soon(print{});
  REQUIRE(soon.repr() == "<handle print>");
  soon.cancel();
  REQUIRE(soon.repr() == "<handle cancelled>");
  auto const when = skein::clock::time_point{} + 1000h;
  auto timer = loop->call_at(when, print{});
  REQUIRE(timer.repr() == "<timer_handle when=3600000 print>");
  timer.cancel();
  REQUIRE(timer.repr() == "<timer_handle cancelled when=3600000>");
  REQUIRE_THAT(loop->call_soon([](int) {}, 1).repr(), Catch::StartsWith("<handle {lambda"));
  REQUIRE(skein::handle{}.repr() == "<handle null>");
  REQUIRE(skein::timer_handle{}.repr() == "<timer_handle null>");
}
