// SPDX-License-Identifier: Apache-2.0
// await.cpp: what cannot be awaited, and what must not be forgotten.
#include <skein/core/coro.hpp>
#include <skein/core/sleep.hpp>
#include <skein/core/timeout.hpp>
#include <skein/core/wait_for.hpp>
#include <skein/core/when_all.hpp>
#include <skein/core/with.hpp>
#include <skein/sync/lock.hpp>

#include <chrono>
#include <utility>

using namespace std::chrono_literals;

struct guard {
  skein::coro<> aenter() { co_return; }
  skein::coro<bool> aexit(std::exception_ptr) { co_return false; }
};

inline skein::coro<int> number() { co_return 1; }

inline skein::coro<> awaits(skein::lock& mutex) {
  auto c = number();
  static_cast<void>(co_await std::move(c));
  // not: co_await c;
  // says: a coro is given away: co_await std::move(c)
  static_cast<void>(co_await number());
  // not: co_await 5;
  // says: what is awaited is a coro, task, future, operation, or has co_await
  static_cast<void>(co_await number());
  // not: number();
  // says: a coroutine does nothing until it is awaited or given to create_task
  auto d = number();
  static_cast<void>(co_await skein::when_all(std::move(d), number()));
  // not: static_cast<void>(co_await skein::when_all(d, number()));
  // says: there is one owner: std::move(c)
  co_await skein::sleep(1s);
  // not: skein::sleep(1s);
  // says: nodiscard
  co_await skein::sleep(5s);
  // not: co_await skein::sleep(5);
  // says: a number has no unit: write 2s
  static_cast<void>(co_await skein::wait_for(number(), 5s));
  // not: static_cast<void>(co_await skein::wait_for(number(), 5));
  // says: a number has no unit: write 2s
  auto limit = skein::timeout(5s);
  // not: auto limit = skein::timeout(5);
  // says: a number has no unit: write 2s
  co_await skein::with(limit, []() -> skein::coro<> { co_return; });
  // not: co_await skein::with(limit, [] {});
  // says: the resource has aenter() and aexit(exception_ptr), the body returns a coro
  co_await skein::with(guard{}, []() -> skein::coro<> { co_return; });
  // not: co_await skein::with(5, []() -> skein::coro<> { co_return; });
  // says: the resource has aenter() and aexit(exception_ptr), the body returns a coro
  co_await mutex.acquire();
  // not: mutex.acquire();
  // says: nodiscard
}
