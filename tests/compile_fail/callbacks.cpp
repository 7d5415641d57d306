// SPDX-License-Identifier: Apache-2.0
// callbacks.cpp: a coroutine that a loop called would never be awaited.
#include <skein/core/event_loop.hpp>

#include <chrono>

using namespace std::chrono_literals;

inline skein::coro<int> twice(int n) { co_return 2 * n; }

inline void calls(skein::event_loop& loop, skein::future<int> f, skein::clock::time_point when) {
  loop.call_soon([] {});
  // not: loop.call_soon(twice, 1);
  // says: create_task starts a coroutine
  loop.call_soon([] {});
  // not: loop.call_soon(twice(1));
  // says: create_task starts a coroutine
  loop.call_soon_threadsafe([] {});
  // not: loop.call_soon_threadsafe(twice, 1);
  // says: create_task starts a coroutine
  loop.call_later(1s, [] {});
  // not: loop.call_later(1s, twice, 1);
  // says: create_task starts a coroutine
  loop.call_at(when, [] {});
  // not: loop.call_at(when, twice, 1);
  // says: create_task starts a coroutine
  loop.add_signal_handler(10, [] {});
  // not: loop.add_signal_handler(10, twice, 1);
  // says: the function may call create_task
  f.add_done_callback([](skein::future<int>) {});
  // not: f.add_done_callback([](skein::future<int>) { return twice(1); });
  // says: the function may call create_task
}
