// SPDX-License-Identifier: Apache-2.0
// handle_test.cpp: handles of queued calls.
#include <support/test_case.hpp>

#include <skein/core/event_loop.hpp>
#include <skein/core/runtime.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <vector>

using namespace std::chrono_literals;

template <class A, class B>
concept can_be_compared = requires(A const& a, B const& b) { a == b; };

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

TEST_CASE("handle: its repr names the call, and that it was cancelled (DBG-003)", "[core][handle]") {
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

// Functions of C++ cannot be compared: asyncio's handles are equal when they are of equal functions.
TEST_CASE("handle: timer handles are ordered by deadline, and equal when of the same call (DBG-004, differs)",
          "[core][handle]") {
  static_assert(!can_be_compared<skein::handle, skein::timer_handle>);
  auto const loop = skein::new_event_loop({.virtual_time = true});
  auto const when = skein::clock::time_point{} + 1h;
  auto first = loop->call_at(when, [] {});
  auto const also_first = first;
  auto const at_once_with_it = loop->call_at(when, [] {});
  auto const last = loop->call_at(when + 1ns, [] {});
  REQUIRE(first == also_first);
  REQUIRE(first != at_once_with_it);
  REQUIRE(first < last);
  REQUIRE(last > first);
  REQUIRE_FALSE(first < at_once_with_it);
  REQUIRE_FALSE(at_once_with_it < first);
  REQUIRE(first <= at_once_with_it);
  REQUIRE(first >= at_once_with_it);
  first.cancel();
  REQUIRE(first == also_first);
  std::vector<skein::timer_handle> all{last, first};
  std::sort(all.begin(), all.end());
  REQUIRE(all[0] == first);
  auto const soon = loop->call_soon([] {});
  REQUIRE(soon == soon);
  REQUIRE(soon != loop->call_soon([] {}));
}

SKEIN_TEST_CASE("handle: timers of different loops are ordered by deadline too (DBG-004, differs)",
                "[core][handle]") {
  auto& runtime = skein::runtime::current();
  auto& last_loop = runtime.loop(runtime.workers() - 1);
  auto early = last_loop.call_later(1000h, [] {});
  auto late = runtime.loop(0).call_later(1001h, [] {});
  REQUIRE(early < late);
  REQUIRE(early != late);
  early.cancel();
  late.cancel();
  REQUIRE(early < late);
  co_return;
}

SKEIN_TEST_CASE("handle: a timer of any loop has its deadline in its repr (DBG-003)", "[core][handle]") {
  auto& runtime = skein::runtime::current();
  for (std::size_t i = 0; i < runtime.workers(); ++i) {
    auto timer = runtime.loop(i).call_later(1000h, [] {});
    REQUIRE_THAT(timer.repr(), Catch::StartsWith("<timer_handle when="));
    timer.cancel();
    REQUIRE_THAT(timer.repr(), Catch::StartsWith("<timer_handle cancelled when="));
  }
  co_return;
}
