// SPDX-License-Identifier: Apache-2.0
// foreign.cpp: operations of skein need to know the task that they suspend.
#include <skein/core/coro.hpp>
#include <skein/core/sleep.hpp>

#include <chrono>

using namespace std::chrono_literals;

struct fire_and_forget {
  struct promise_type {
    fire_and_forget get_return_object() { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() {}
  };
};

inline skein::coro<> own() { co_await skein::sleep(1s); }
// not: inline fire_and_forget own() { co_await skein::sleep(1s); }
// says: operations of skein are awaited in a coroutine that returns skein::coro
