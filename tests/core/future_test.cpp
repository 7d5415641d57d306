// SPDX-License-Identifier: Apache-2.0
// future_test.cpp: results that somebody sets: states, callbacks, waiting in tasks and threads.
#include <support/test_case.hpp>

#include <skein/core/create_task.hpp>
#include <skein/core/executor.hpp>
#include <skein/core/future.hpp>
#include <skein/core/gather.hpp>
#include <skein/core/sleep.hpp>
#include <skein/core/switch_to.hpp>

#include <algorithm>
#include <atomic>
#include <memory>
#include <mutex>
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

SKEIN_TEST_CASE("future: a callback that was taken back never runs, one that was not runs once (FUT-006)",
                "[core][future]") {
  for (int round = 0; round < 50; ++round) {
    auto const f = skein::create_future<int>();
    std::atomic<int> calls{0};
    auto const id = f.add_done_callback([&] { calls.fetch_add(1); });
    std::thread setter{[f] { f.set_result(1); }};
    auto const taken_back = static_cast<int>(f.remove_done_callback(id));
    setter.join();
    co_await all_tasks_blocked();
    REQUIRE(calls.load() == 1 - taken_back);
  }
  auto const done = skein::create_future<int>();
  std::atomic<int> calls{0};
  auto const id = done.add_done_callback([&] { calls.fetch_add(1); });
  done.set_result(1);
  REQUIRE(done.remove_done_callback(id) == 0);
  co_await all_tasks_blocked();
  REQUIRE(calls.load() == 1);
}

// A call of the loop that runs the task can only run when the task has left its worker.
SKEIN_TEST_CASE("future: awaiting one that is done does not give way to others (FUT-008)", "[core][future]") {
  auto const f = skein::create_future<int>();
  f.set_result(5);
  co_await skein::sleep(0s);
  std::atomic<bool> other_ran{false};
  auto const here = std::this_thread::get_id();
  skein::get_running_loop().call_soon([&] { other_ran.store(true); });
  int const value = co_await f;
  REQUIRE_FALSE(other_ran.load());
  REQUIRE(std::this_thread::get_id() == here);
  REQUIRE(value == 5);
  while (!other_ran.load()) {
    co_await skein::sleep(0s);
  }
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
  struct print {
    void operator()() const {}
  };
  struct count {
    void operator()() const {}
  };
  struct log {
    void operator()(skein::future<std::string> const&) const {}
  };
  auto const first = f.add_done_callback(print{});
  REQUIRE(f.repr() == "<future pending cb=[print]>");
  auto const second = f.add_done_callback(count{});
  REQUIRE(f.repr() == "<future pending cb=[print, count]>");
  auto const third = f.add_done_callback(log{});
  REQUIRE(f.repr() == "<future pending cb=[print, <1 more>, log]>");
  for (auto const id : {first, second, third}) {
    f.remove_done_callback(id);
  }
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

SKEIN_TEST_CASE_1W(
    "future: a callback that takes back another and adds a third changes later turns only (FUT-007)",
    "[core][future]") {
  auto const f = skein::create_future<int>();
  std::vector<std::string> order;
  skein::callback_id b = 0;
  std::size_t removed = 7;
  f.add_done_callback([&] {
    order.emplace_back("a");
    removed = f.remove_done_callback(b);
    f.add_done_callback([&] { order.emplace_back("c"); });
    order.emplace_back("a ends");
  });
  b = f.add_done_callback([&] { order.emplace_back("b"); });
  f.set_result(1);
  co_await skein::sleep(0s);
  REQUIRE(removed == 0);
  REQUIRE(order == std::vector<std::string>{"a", "a ends", "b"});
  co_await skein::sleep(0s);
  REQUIRE(order.back() == "c");
}

namespace {

// Collects the reports of a run.
struct told {
  std::mutex mutex;
  std::vector<std::string> texts;
  std::exception_ptr last;

  [[nodiscard]] skein::exception_handler handler() {
    return [this](skein::event_loop&, skein::exception_context const& context) {
      std::lock_guard const guard{mutex};
      texts.push_back(context.message + (context.future.done() ? ", done" : ""));
      last = context.exception;
    };
  }
};

}  // namespace

TEST_CASE("future: an error that nobody takes is told once, when the last handle goes (FUT-010)",
          "[core][future]") {
  for (unsigned const workers : {1U, 4U}) {
    told reports;
    auto const error = std::make_exception_ptr(std::runtime_error{"lost"});
    skein::run(
        [&]() -> skein::coro<> {
          auto f = skein::create_future<int>();
          auto copy = f;
          f.set_exception(error);
          f = {};
          REQUIRE(reports.texts.empty());
          copy = {};
          co_return;
        },
        {.workers = workers, .exception_handler = reports.handler()});
    REQUIRE(reports.texts == std::vector<std::string>{"Future exception was never retrieved, done"});
    REQUIRE(reports.last == error);
  }
}

TEST_CASE("future: result, exception and an await take the error, done does not (FUT-011)",
          "[core][future]") {
  for (unsigned const workers : {1U, 4U}) {
    told reports;
    skein::run(
        []() -> skein::coro<> {
          auto const failed = [] {
            auto f = skein::create_future<int>();
            f.set_exception(std::runtime_error{"x"});
            return f;
          };
          REQUIRE_THROWS_AS(failed().result(), std::runtime_error);
          REQUIRE(failed().exception() != nullptr);
          REQUIRE_THROWS_AS(co_await failed(), std::runtime_error);
          auto const waited_for = skein::create_future<int>();
          auto const waiter = skein::create_task([waited_for]() -> skein::coro<> { co_await waited_for; });
          co_await all_tasks_blocked();
          waited_for.set_exception(std::runtime_error{"x"});
          REQUIRE_THROWS_AS(co_await waiter, std::runtime_error);
        },
        {.workers = workers, .exception_handler = reports.handler()});
    REQUIRE(reports.texts.empty());
    skein::run(
        []() -> skein::coro<> {
          auto const f = skein::create_future<int>();
          f.set_exception(std::runtime_error{"x"});
          REQUIRE(f.done());
          REQUIRE_FALSE(f.cancelled());
          co_return;
        },
        {.workers = workers, .exception_handler = reports.handler()});
    REQUIRE(reports.texts == std::vector<std::string>{"Future exception was never retrieved, done"});
  }
}

SKEIN_TEST_CASE("future: a result whose destructor calls back into the runtime (FUT-016)", "[core][future]") {
  struct meddler {
    skein::event_loop* loop;
    std::atomic<int>* calls;
    std::shared_ptr<skein::future<int>> other = std::make_shared<skein::future<int>>();
    meddler(skein::event_loop& l, std::atomic<int>& n) : loop{&l}, calls{&n} {
      *other = skein::create_future<int>();
    }
    meddler(meddler&& from) noexcept
        : loop{std::exchange(from.loop, nullptr)}, calls{from.calls}, other{std::move(from.other)} {}
    ~meddler() {
      if (loop != nullptr) {
        other->add_done_callback([n = calls] { ++*n; });
        other->set_result(1);
        *other = {};
        loop->call_soon([n = calls] { ++*n; });
      }
    }
  };
  std::atomic<int> calls{0};
  auto& loop = skein::get_running_loop();
  for (int i = 0; i < 100; ++i) {
    auto f = skein::create_future<meddler>();
    f.set_result(meddler{loop, calls});
    f = {};
  }
  co_await all_tasks_blocked();
  REQUIRE(calls == 200);
}

SKEIN_TEST_CASE("future: gather with return_exceptions takes the errors of its children (EXC-005)",
                "[core][future]") {
  std::atomic<int> reports{0};
  skein::get_running_loop().set_exception_handler(
      [&](skein::event_loop&, skein::exception_context const&) { ++reports; });
  {
    auto const failing = skein::create_task([]() -> skein::coro<int> {
      throw std::runtime_error{"x"};
      co_return 1;
    });
    auto const outcomes = co_await skein::gather(skein::return_exceptions, failing);
    REQUIRE_FALSE(std::get<0>(outcomes).has_value());
  }
  co_await all_tasks_blocked();
  REQUIRE(reports == 0);
  skein::get_running_loop().set_exception_handler(nullptr);
}

// asyncio wraps the future of a thread in one of the loop; here the same future serves both.
SKEIN_TEST_CASE(
    "future: a cancel reaches the thread's promise that is waited for, unless it is kept (FUT-014)",
    "[core][future]") {
  auto& loop = skein::get_running_loop();
  auto const pending = skein::create_future<int>();
  auto const fulfilled = skein::create_future<int>();
  auto const waits = [](skein::future<int> source) -> skein::coro<int> { co_return co_await source; };
  auto const a = loop.create_task(waits, pending);
  auto const b = loop.create_task(waits, fulfilled);
  co_await all_tasks_blocked();
  a.cancel();
  bool too_late = false;
  std::thread{[&] { too_late = !pending.try_set_result(42); }}.join();
  REQUIRE(too_late);
  REQUIRE(pending.cancelled());
  REQUIRE_THROWS_AS(co_await a, skein::cancelled_error);

  co_await skein::switch_to(loop);
  REQUIRE(skein::running_loop() == &loop);
  std::thread{[&] { fulfilled.set_result(42); }}.join();
  b.cancel();  // before its loop, which is busy with this, could tell it
  REQUIRE_THROWS_AS(co_await b, skein::cancelled_error);
  REQUIRE(b.cancelled());
  REQUIRE(fulfilled.result() == 42);
}
