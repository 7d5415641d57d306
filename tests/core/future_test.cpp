// SPDX-License-Identifier: Apache-2.0
// future_test.cpp: results that somebody sets: states, callbacks, waiting in tasks and threads.
#include <support/test_case.hpp>

#include <skein/core/create_task.hpp>
#include <skein/core/executor.hpp>
#include <skein/core/future.hpp>
#include <skein/core/sleep.hpp>

#include <atomic>
#include <memory>
#include <stdexcept>
#include <thread>
#include <vector>

using namespace std::chrono_literals;

static_assert(std::is_default_constructible_v<skein::future<int>>);

SKEIN_TEST_CASE("future: a fresh one has no outcome and says so (FUT-001)", "[core][future]") {
  auto const f = skein::create_future<int>();
  REQUIRE_FALSE(f.done());
  REQUIRE_FALSE(f.cancelled());
  REQUIRE_THROWS_AS(f.result(), skein::invalid_state_error);
  REQUIRE_THROWS_AS(f.exception(), skein::invalid_state_error);
  f.cancel();
  co_return;
}

SKEIN_TEST_CASE("future: the first result stays (FUT-002)", "[core][future]") {
  auto const f = skein::create_future<int>();
  f.set_result(42);
  REQUIRE(f.done());
  REQUIRE(f.result() == 42);
  REQUIRE(f.exception() == nullptr);
  REQUIRE_THROWS_AS(f.set_result(1), skein::invalid_state_error);
  REQUIRE_THROWS_WITH(f.set_result(1), Catch::Contains("<future finished result=42>"));
  REQUIRE_THROWS_AS(f.set_exception(std::runtime_error{"late"}), skein::invalid_state_error);
  REQUIRE_FALSE(f.try_set_result(2));
  REQUIRE_FALSE(f.cancel());
  REQUIRE(f.result() == 42);
  co_return;
}

SKEIN_TEST_CASE("future: an error comes out of result and await, the same object (FUT-003)",
                "[core][future]") {
  auto const f = skein::create_future<int>();
  auto const error = std::make_exception_ptr(std::runtime_error{"no luck"});
  f.set_exception(error);
  REQUIRE(f.exception() == error);
  REQUIRE_THROWS_WITH(f.result(), "no luck");
  REQUIRE_THROWS_WITH(co_await f, "no luck");
  REQUIRE_THROWS_AS(f.set_result(1), skein::invalid_state_error);
  REQUIRE_FALSE(f.cancel());
}

SKEIN_TEST_CASE("future: a cancelled one throws from everything that asks (FUT-004)", "[core][future]") {
  auto const f = skein::create_future<int>();
  REQUIRE(f.cancel("enough"));
  REQUIRE(f.done());
  REQUIRE(f.cancelled());
  REQUIRE_THROWS_AS(f.result(), skein::cancelled_error);
  REQUIRE_THROWS_AS(f.exception(), skein::cancelled_error);
  REQUIRE_THROWS_AS(f.set_result(1), skein::invalid_state_error);
  REQUIRE_FALSE(f.cancel());
  std::string message;
  try {
    co_await f;
  } catch (skein::cancelled_error const& e) {
    message = e.message();
  }
  REQUIRE(message == "enough");
}

SKEIN_TEST_CASE("future: a null exception_ptr is refused and it stays pending (FUT-017)", "[core][future]") {
  auto const f = skein::create_future<int>();
  REQUIRE_THROWS_AS(f.set_exception(std::exception_ptr{}), std::invalid_argument);
  REQUIRE_FALSE(f.done());
  co_return;
}

SKEIN_TEST_CASE("future: a null handle says what to do", "[core][future]") {
  skein::future<int> const f;
  REQUIRE_FALSE(static_cast<bool>(f));
  REQUIRE_THROWS_AS(f.result(), skein::invalid_state_error);
  REQUIRE_THROWS_AS(co_await f, skein::invalid_state_error);
  REQUIRE(f == skein::future<int>{});
}

SKEIN_TEST_CASE("future: callbacks run in the order of registration, not inside set_result (FUT-005)",
                "[core][future]") {
  auto const f = skein::create_future<int>();
  auto calls = std::make_shared<std::vector<int>>();
  f.add_done_callback([calls](skein::future<int> done) { calls->push_back(done.result()); });
  f.add_done_callback([calls] { calls->push_back(2); });
  f.set_result(1);
  REQUIRE(calls->empty());
  auto const last = skein::create_future<>();
  f.add_done_callback([last] { last.set_result(); });
  co_await last;
  REQUIRE(*calls == std::vector<int>{1, 2});
}

SKEIN_TEST_CASE("future: a callback that is taken back does not run", "[core][future]") {
  auto const f = skein::create_future<int>();
  std::atomic<int> calls{0};
  auto const id = f.add_done_callback([&] { ++calls; });
  REQUIRE(f.remove_done_callback(id) == 1);
  REQUIRE(f.remove_done_callback(id) == 0);
  f.set_result(1);
  co_await all_tasks_blocked();
  REQUIRE(calls == 0);
}

SKEIN_TEST_CASE_1W("future: a callback that is scheduled is not taken back any more (FUT-006)",
                   "[core][future]") {
  auto const f = skein::create_future<int>();
  int calls = 0;
  auto const id = f.add_done_callback([&] { ++calls; });
  f.set_result(1);
  REQUIRE(f.remove_done_callback(id) == 0);
  co_await skein::sleep(0s);
  REQUIRE(calls == 1);
}

SKEIN_TEST_CASE_1W("future: awaiting one that is done does not give way to others (FUT-008)",
                   "[core][future]") {
  auto const f = skein::create_future<int>();
  f.set_result(5);
  bool other_ran = false;
  skein::get_running_loop().call_soon([&] { other_ran = true; });
  REQUIRE(co_await f == 5);
  REQUIRE_FALSE(other_ran);
  co_await skein::sleep(0s);
}

SKEIN_TEST_CASE("future: many tasks wait for one, and it can be awaited again (FUT-009)", "[core][future]") {
  auto const f = skein::create_future<int>();
  std::vector<skein::task<int>> waiters;
  for (int i = 0; i < 3; ++i) {
    waiters.push_back(skein::create_task([f]() -> skein::coro<int> { co_return co_await f; }));
  }
  co_await all_tasks_blocked();
  f.set_result(9);
  for (auto const& waiter : waiters) {
    REQUIRE(co_await waiter == 9);
  }
  REQUIRE(co_await f == 9);
}

SKEIN_TEST_CASE("future: a move-only result is taken once", "[core][future]") {
  auto f = skein::create_future<std::unique_ptr<int>>();
  f.set_result(std::make_unique<int>(4));
  std::unique_ptr<int> const value = co_await std::move(f);
  REQUIRE(*value == 4);
}

SKEIN_TEST_CASE("future: a thread blocks in get until the result is set", "[core][future]") {
  auto const f = skein::create_future<int>();
  std::atomic<int> got{0};
  std::thread reader{[&, f] { got = f.get(); }};
  co_await skein::sleep(1ms);
  f.set_result(6);
  reader.join();
  REQUIRE(got == 6);
}

SKEIN_TEST_CASE("future: get_for gives up, and get on a loop's thread is refused", "[core][future]") {
  auto const f = skein::create_future<int>();
  REQUIRE_THROWS_AS(f.get(), std::runtime_error);
  REQUIRE_THROWS_WITH(f.get(), Catch::Contains("co_await"));
  std::atomic<bool> timed_out{false};
  std::thread reader{[&, f] {
    try {
      static_cast<void>(f.get_for(1ms));
    } catch (skein::timeout_error const&) {
      timed_out = true;
    }
  }};
  reader.join();
  REQUIRE(timed_out);
  f.cancel();
  co_return;
}

SKEIN_TEST_CASE("future: set from a foreign thread, it wakes the task", "[core][future]") {
  for (int round = 0; round < 50; ++round) {
    auto const f = skein::create_future<int>();
    std::thread setter{[f, round] { f.set_result(round); }};
    int const value = co_await f;
    setter.join();
    REQUIRE(value == round);
  }
}

SKEIN_TEST_CASE("future: setters race and one wins", "[core][future]") {
  for (int round = 0; round < 100; ++round) {
    auto const f = skein::create_future<int>();
    std::atomic<int> winners{0};
    auto const set = [&](int value) { winners += f.try_set_result(value) ? 1 : 0; };
    std::thread a{set, 1};
    std::thread b{set, 2};
    bool const cancelled = f.cancel();
    a.join();
    b.join();
    REQUIRE(winners + (cancelled ? 1 : 0) == 1);
  }
  co_return;
}

TEST_CASE("future: the result outlives the loop (S33)", "[core][future]") {
  skein::future<int> f;
  {
    auto const loop = skein::new_event_loop();
    f = loop->create_future<int>();
    loop->call_soon([f] { f.set_result(8); });
    REQUIRE(loop->run_until_complete(f) == 8);
    loop->close();
  }
  REQUIRE(f.result() == 8);
  REQUIRE_THROWS_AS(f.get_loop(), skein::loop_closed_error);
}

TEST_CASE("future: one of another runtime is refused with what to do (FUT-013)", "[core][future]") {
  auto const other = skein::new_event_loop();
  auto const f = other->create_future<int>();
  skein::run(
      [&]() -> skein::coro<> {
        REQUIRE_THROWS_AS(co_await f, std::runtime_error);
        REQUIRE_THROWS_WITH(co_await f, Catch::Contains("attached to a different loop"));
      },
      {.workers = 1});
}

SKEIN_TEST_CASE("future: its repr names state, result and callbacks (FUT-015)", "[core][future]") {
  auto const f = skein::create_future<std::string>();
  REQUIRE(f.repr() == "<future pending>");
  auto const id = f.add_done_callback([] {});
  REQUIRE(f.repr() == "<future pending cb=[1 callback]>");
  f.remove_done_callback(id);
  f.set_result("text");
  REQUIRE(f.repr() == "<future finished result='text'>");
  auto const g = skein::create_future<int>();
  g.set_exception(std::runtime_error{"no luck"});
  REQUIRE(g.repr() == "<future finished exception=std::runtime_error(\"no luck\")>");
  REQUIRE(g.exception() != nullptr);
  auto const c = skein::create_future<>();
  c.cancel();
  REQUIRE(c.repr() == "<future cancelled>");
  co_return;
}

TEST_CASE("future: cancelling the wait for it cancels the future itself (CANC-004)", "[core][future]") {
  skein::run(
      []() -> skein::coro<> {
        auto const f = skein::create_future<int>();
        auto waiter = skein::create_task([f]() -> skein::coro<int> { co_return co_await f; });
        co_await all_tasks_blocked();
        REQUIRE(waiter.cancel());
        REQUIRE(f.cancelled());
        REQUIRE_FALSE(waiter.done());
        REQUIRE_THROWS_AS(co_await waiter, skein::cancelled_error);
      },
      {.workers = 1});
}
