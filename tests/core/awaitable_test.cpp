// SPDX-License-Identifier: Apache-2.0
// awaitable_test.cpp: what may be awaited, our own types and those of others.
#include <support/test_case.hpp>

#include <skein/core/awaitable.hpp>
#include <skein/core/create_task.hpp>
#include <skein/core/sleep.hpp>

#include <coroutine>
#include <thread>

using namespace std::chrono_literals;

namespace {

// An awaiter of another library: completes on a thread of its own.
struct on_a_thread {
  int value;

  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> h) {
    std::thread{[h] { h.resume(); }}.detach();  // this object may be gone as soon as it runs
  }
  int await_resume() const noexcept { return value; }
};

struct ready_at_once {
  bool await_ready() const noexcept { return true; }
  void await_suspend(std::coroutine_handle<>) const noexcept {}
  int await_resume() const noexcept { return 3; }
};

struct declines_to_suspend {
  bool await_ready() const noexcept { return false; }
  bool await_suspend(std::coroutine_handle<>) const noexcept { return false; }
  int await_resume() const noexcept { return 4; }
};

struct with_operator {
  ready_at_once operator co_await() const noexcept { return {}; }
};

}  // namespace

static_assert(skein::awaitable<on_a_thread>);
static_assert(skein::awaitable<with_operator>);
static_assert(skein::awaitable<skein::future<int>>);
static_assert(skein::awaitable<skein::task<>>);
static_assert(skein::awaitable<decltype(skein::sleep(1s))>);
static_assert(!skein::awaitable<int>);
static_assert(!skein::awaitable<std::string>);
static_assert(std::same_as<skein::await_result_t<with_operator>, int>);
static_assert(std::same_as<skein::await_result_t<decltype(skein::sleep(1s, 2.5))>, double>);

SKEIN_TEST_CASE("awaitable: a foreign awaiter that resumes on its own thread brings the task back",
                "[core]") {
  auto const task = skein::current_task();
  REQUIRE(co_await on_a_thread{7} == 7);
  REQUIRE(skein::current_task() == task);
  REQUIRE(skein::running_loop() != nullptr);
}

SKEIN_TEST_CASE("awaitable: a foreign awaiter need not suspend", "[core]") {
  REQUIRE(co_await ready_at_once{} == 3);
  REQUIRE(co_await declines_to_suspend{} == 4);
  REQUIRE(co_await with_operator{} == 3);
}

SKEIN_TEST_CASE("awaitable: any awaitable can be made a task", "[core]") {
  REQUIRE(co_await skein::create_task(with_operator{}) == 3);
  REQUIRE(co_await skein::create_task(skein::sleep(1ms, 5)) == 5);
}
