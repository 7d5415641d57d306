// SPDX-License-Identifier: Apache-2.0
// event_loop_test.cpp: a lone loop, which is asyncio's, and the loops of a runtime.
#include <support/test_case.hpp>

#include <skein/core/event_loop.hpp>
#include <skein/core/executor.hpp>
#include <skein/core/run.hpp>
#include <skein/core/runtime.hpp>
#include <skein/core/sleep.hpp>

#include <algorithm>
#include <atomic>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <vector>

using namespace std::chrono_literals;

namespace {
skein::coro<int> number(int n) { co_return n; }
}  // namespace

// What returns a coroutine is given to create_task: nobody would await it here (LOOP-011).
template <class F>
concept can_be_called_soon = requires(skein::event_loop& l, F f) { l.call_soon(f); } ||
                             requires(skein::event_loop& l, F f) { l.call_soon_threadsafe(f); } ||
                             requires(skein::event_loop& l, F f) { l.call_later(1s, f); } ||
                             requires(skein::event_loop& l, F f) { l.call_at(l.time(), f); };
static_assert(can_be_called_soon<decltype([] {})>);
static_assert(!can_be_called_soon<decltype([] { return number(1); })>);
static_assert(!can_be_called_soon<skein::coro<int>>);
template <class F>
concept can_run_in_executor = requires(skein::event_loop& l, F f) { l.run_in_executor(nullptr, f); };

TEST_CASE("event_loop: calls run in the order of posting, cancelled ones not at all (LOOP-001)",
          "[core][loop]") {
  auto const loop = skein::new_event_loop();
  std::vector<int> calls;
  loop->call_soon([&](int n) { calls.push_back(n); }, 10);
  auto handle = loop->call_soon([&] { calls.push_back(100); });
  loop->call_soon([&] { calls.push_back(1); });
  handle.cancel();
  REQUIRE(handle.cancelled());
  loop->call_soon([&] { loop->stop(); });
  loop->run_forever();
  REQUIRE(calls == std::vector<int>{10, 1});
}

TEST_CASE("event_loop: call_later and call_soon, 3 2 1 (S40)", "[core][loop]") {
  auto const loop = skein::new_event_loop({.virtual_time = true});
  std::vector<int> calls;
  auto const add = [&](int n) { calls.push_back(n); };
  loop->call_later(200ms, add, 1);
  loop->call_later(100ms, add, 2);
  loop->call_soon(add, 3);
  loop->call_later(300ms, [&] { loop->stop(); });
  loop->run_forever();
  REQUIRE(calls == std::vector<int>{3, 2, 1});
}

TEST_CASE("event_loop: one that posts itself for ever starves neither timers nor tasks (LOOP-002)",
          "[core][loop]") {
  auto const loop = skein::new_event_loop();
  struct again {
    skein::event_loop* loop;
    bool* go_on;
    void operator()() const {
      if (*go_on) {
        loop->call_soon(again{loop, go_on});
      }
    }
  };
  bool go_on = true;
  loop->call_soon(again{loop.get(), &go_on});
  bool timer = false;
  loop->call_later(1ms, [&] { timer = true; });
  loop->run_until_complete([&]() -> skein::coro<> {
    for (int i = 0; i < 20; ++i) {
      co_await skein::sleep(0s);
    }
    while (!timer) {
      co_await skein::sleep(0s);
    }
    go_on = false;
  });
  REQUIRE(timer);
}

TEST_CASE(
    "event_loop: an error in a callback goes to the handler and the loop goes on (LOOP-003, LOOP-004, "
    "EXC-002)",
    "[core][loop]") {
  auto const loop = skein::new_event_loop();
  std::vector<std::string> reports;
  loop->set_exception_handler([&](skein::event_loop& l, skein::exception_context const& context) {
    REQUIRE(&l == loop.get());
    REQUIRE(context.handle.has_value());
    reports.push_back(context.message + ": " + skein::detail::describe(context.exception));
  });
  bool went_on = false;
  loop->call_soon([] { throw std::runtime_error{"no luck"}; });
  loop->call_soon([] { throw 3; });
  loop->call_soon([&] {
    went_on = true;
    loop->stop();
  });
  loop->run_forever();
  REQUIRE(went_on);
  REQUIRE(reports == std::vector<std::string>{"Exception in callback: std::runtime_error(\"no luck\")",
                                              "Exception in callback: int"});
}

TEST_CASE("event_loop: a tasks can be made before the loop runs (S26)", "[core][loop]") {
  auto const loop = skein::new_event_loop();
  auto const task = loop->create_task(number(5));
  REQUIRE_FALSE(task.done());
  REQUIRE(loop->run_until_complete(task) == 5);
}

TEST_CASE("event_loop: running it twice is an error (LOOP-005)", "[core][loop]") {
  auto const loop = skein::new_event_loop();
  auto const other = skein::new_event_loop();
  loop->run_until_complete([&]() -> skein::coro<> {
    REQUIRE(loop->is_running());
    REQUIRE_THROWS_WITH(loop->run_forever(), Catch::Contains("already running"));
    REQUIRE_THROWS_WITH(other->run_forever(), Catch::Contains("while another loop is running"));
    REQUIRE_THROWS_WITH(loop->close(), Catch::Contains("Cannot close a running event loop"));
    co_return;
  });
  REQUIRE_FALSE(loop->is_running());
}

TEST_CASE("event_loop: a closed one refuses everything by its type (LOOP-009)", "[core][loop]") {
  auto const loop = skein::new_event_loop();
  loop->close();
  loop->close();
  REQUIRE(loop->is_closed());
  REQUIRE_THROWS_AS(loop->run_forever(), skein::loop_closed_error);
  REQUIRE_THROWS_AS(loop->run_until_complete(number(1)), skein::loop_closed_error);
  REQUIRE_THROWS_AS(loop->run_in_executor(nullptr, [] {}), skein::loop_closed_error);
  REQUIRE_THROWS_AS(loop->call_soon([] {}), skein::loop_closed_error);
  REQUIRE_THROWS_AS(loop->call_soon_threadsafe([] {}), skein::loop_closed_error);
  REQUIRE_THROWS_AS(loop->call_later(1s, [] {}), skein::loop_closed_error);
  REQUIRE_THROWS_AS(loop->call_at(loop->time(), [] {}), skein::loop_closed_error);
  REQUIRE_THROWS_AS(loop->create_task(number(1)), skein::loop_closed_error);
  REQUIRE_THROWS_WITH(loop->create_task(number(1)), Catch::StartsWith("Event loop is closed"));
}

TEST_CASE("event_loop: closing drops queued calls with their arguments (LOOP-010, LOOP-012)",
          "[core][loop]") {
  auto const loop = skein::new_event_loop();
  auto payload = std::make_shared<int>(1);
  bool ran = false;
  auto soon = loop->call_soon([payload, &ran] { ran = true; });
  auto later = loop->call_later(1h, [payload, &ran] { ran = true; });
  REQUIRE(payload.use_count() == 3);
  loop->close();
  REQUIRE(payload.use_count() == 1);
  REQUIRE_FALSE(ran);
  REQUIRE(soon.cancelled());
  REQUIRE(later.cancelled());
}

TEST_CASE("event_loop: a call's arguments are released right after it ran (LOOP-012)", "[core][loop]") {
  auto const loop = skein::new_event_loop();
  auto payload = std::make_shared<int>(1);
  auto const handle = loop->call_soon([payload] {});
  auto timer = loop->call_later(1h, [payload] {});
  timer.cancel();
  REQUIRE(payload.use_count() == 2);
  loop->call_soon([&] { loop->stop(); });
  loop->run_forever();
  REQUIRE(payload.use_count() == 1);
  REQUIRE_FALSE(handle.cancelled());
}

TEST_CASE("event_loop: closing with pending tasks destroys and reports them (S105)", "[core][loop]") {
  auto const loop = skein::new_event_loop();
  std::vector<std::string> reports;
  loop->set_exception_handler([&](skein::event_loop&, skein::exception_context const& context) {
    reports.push_back(context.message);
  });
  auto payload = std::make_shared<int>(1);
  auto const task = loop->create_task([payload]() -> skein::coro<> { co_await skein::sleep(1h); });
  auto const unstarted = loop->create_task(number(1));
  loop->run_until_complete([]() -> skein::coro<> { co_await skein::sleep(0s); });
  loop->create_task(number(2));
  loop->close();
  REQUIRE(payload.use_count() == 1);
  REQUIRE(task.cancelled());
  REQUIRE(unstarted.result() == 1);
  REQUIRE(reports.size() == 2);
  REQUIRE_THAT(reports[0], Catch::StartsWith("Task was destroyed but it is pending!"));
}

TEST_CASE("event_loop: stopped before the future is done it says so", "[core][loop]") {
  auto const loop = skein::new_event_loop();
  auto const f = loop->create_future<int>();
  loop->call_soon([&] { loop->stop(); });
  REQUIRE_THROWS_WITH(loop->run_until_complete(f),
                      Catch::StartsWith("Event loop stopped before Future completed"));
  f.set_result(1);
  REQUIRE(loop->run_until_complete(f) == 1);
}

TEST_CASE("event_loop: a future of another loop is refused (LOOP-006)", "[core][loop]") {
  auto const loop = skein::new_event_loop();
  auto const other = skein::new_event_loop();
  REQUIRE_THROWS_AS(loop->run_until_complete(other->create_future<int>()), std::invalid_argument);
}

TEST_CASE("event_loop: system_exit leaves it at once, and it can run again (LOOP-007, TASK-008)",
          "[core][loop]") {
  auto const loop = skein::new_event_loop();
  loop->call_soon([] { throw skein::system_exit{3}; });
  bool behind_ran = false;
  loop->call_soon([&] { behind_ran = true; });
  int code = 0;
  auto const f = loop->create_future<int>();
  try {
    loop->run_until_complete(f);
  } catch (skein::system_exit const& e) {
    code = e.code();
  }
  REQUIRE(code == 3);
  REQUIRE_FALSE(behind_ran);
  REQUIRE(loop->run_until_complete(number(4)) == 4);
  REQUIRE(behind_ran);
}

SKEIN_TEST_CASE("event_loop: each call of call_soon is made once, cancelled ones never (LOOP-001)",
                "[core][loop]") {
  auto& runtime = skein::runtime::current();
  constexpr std::size_t many = 200;
  std::vector<std::atomic<int>> calls(many);
  for (std::size_t i = 0; i < many; ++i) {
    auto& loop = runtime.loop(i % runtime.workers());
    auto handle = loop.call_soon([&calls, i] { ++calls[i]; });
    if (i % 5 == 0) {
      handle.cancel();  // it may be running already
      calls[i] += handle.cancelled() ? 1 : 0;
    }
  }
  co_await all_tasks_blocked();
  REQUIRE(std::all_of(calls.begin(), calls.end(), [](auto const& n) { return n == 1; }));
}

TEST_CASE("event_loop: a run that was aborted leaves nothing that stops the next one (LOOP-007)",
          "[core][loop]") {
  auto const loop = skein::new_event_loop({.virtual_time = true});
  auto const wait = [](skein::delay d) -> skein::coro<> { co_await skein::sleep(d); };
  auto const begin = loop->time();
  loop->call_soon([] { throw skein::system_exit{}; });
  REQUIRE_THROWS_AS(loop->run_until_complete(wait(100ms)), skein::system_exit);
  loop->run_until_complete(wait(200ms));
  REQUIRE(loop->time() - begin >= 200ms);
}

TEST_CASE("event_loop: keyboard_interrupt in main leaves no stop behind (LOOP-008)", "[core][loop]") {
  auto const loop = skein::new_event_loop();
  auto const main = []() -> skein::coro<> {
    throw skein::keyboard_interrupt{};
    co_return;
  };
  REQUIRE_THROWS_AS(loop->run_until_complete(main), skein::keyboard_interrupt);
  bool ran = false;
  loop->call_later(2ms, [&] {
    ran = true;
    loop->stop();
  });
  loop->run_forever();
  REQUIRE(ran);
}

TEST_CASE("event_loop: debug mode is a flag that can be asked for", "[core][loop]") {
  auto const loop = skein::new_event_loop();
  bool const before = loop->get_debug();
  loop->set_debug(!before);
  REQUIRE(loop->get_debug() == !before);
  loop->set_debug(before);
  REQUIRE(loop->get_debug() == before);
}

TEST_CASE(
    "event_loop: on every worker a call that posts itself for ever starves neither timers nor tasks "
    "(LOOP-002)",
    "[core][loop]") {
  struct again {
    skein::event_loop* loop;
    std::atomic<bool>* go_on;
    std::atomic<int>* ended;
    void operator()() const {
      if (go_on->load()) {
        loop->call_soon(*this);
      } else {
        ended->fetch_add(1);
      }
    }
  };
  auto const main = []() -> skein::coro<> {
    auto& runtime = skein::runtime::current();
    auto const workers = static_cast<int>(runtime.workers());
    std::atomic<bool> go_on{true};
    std::atomic<int> ended{0};
    std::atomic<int> timers{0};
    std::vector<skein::task<>> tasks;
    for (std::size_t i = 0; i < runtime.workers(); ++i) {
      auto& loop = runtime.loop(i);
      loop.call_soon(again{&loop, &go_on, &ended});
      loop.call_later(1ms, [&] { timers.fetch_add(1); });
      tasks.push_back(loop.create_task([&]() -> skein::coro<> {
        for (int n = 0; n < 20; ++n) {
          co_await skein::sleep(0s);
        }
        co_await skein::sleep(1ms);
      }));
    }
    for (auto const& task : tasks) {
      co_await task;
    }
    while (timers.load() < workers) {
      co_await skein::sleep(0s);
    }
    go_on.store(false);
    while (ended.load() < workers) {
      co_await skein::sleep(0s);
    }
  };
  for (unsigned const workers : {1U, 4U}) {
    skein::run(main, {.workers = workers});
  }
}

SKEIN_TEST_CASE(
    "event_loop: an error in a call of any loop goes to the handler, the next call runs (LOOP-003, "
    "LOOP-004)",
    "[core][loop]") {
  auto& runtime = skein::runtime::current();
  auto const workers = static_cast<int>(runtime.workers());
  std::mutex mutex;
  std::vector<std::string> reports;
  runtime.set_exception_handler([&](skein::event_loop&, skein::exception_context const& context) {
    std::lock_guard const guard{mutex};
    reports.push_back(context.message + ": " + skein::detail::describe(context.exception) +
                      (context.handle ? "" : ", without its handle"));
  });
  std::atomic<int> went_on{0};
  for (std::size_t i = 0; i < runtime.workers(); ++i) {
    auto& loop = runtime.loop(i);
    loop.call_soon([] { throw std::runtime_error{"no luck"}; });
    loop.call_soon([] { throw 3; });
    loop.call_soon([&] { went_on.fetch_add(1); });
  }
  while (went_on.load() < workers) {
    co_await skein::sleep(0s);
  }
  runtime.set_exception_handler(nullptr);
  std::lock_guard const guard{mutex};
  REQUIRE(std::count(reports.begin(), reports.end(),
                     "Exception in callback: std::runtime_error(\"no luck\")") == workers);
  REQUIRE(std::count(reports.begin(), reports.end(), "Exception in callback: int") == workers);
  REQUIRE(static_cast<int>(reports.size()) == 2 * workers);
}

TEST_CASE("event_loop: what makes a coroutine does not compile as a call (LOOP-011)", "[core][loop]") {
  auto const makes_one = [] { return number(1); };
  REQUIRE(can_be_called_soon<decltype([] { return 1; })>);
  REQUIRE_FALSE(can_be_called_soon<decltype(makes_one)>);
  REQUIRE_FALSE(can_be_called_soon<skein::coro<int>>);
  REQUIRE_FALSE(can_be_called_soon<skein::coro<int> (*)()>);
  REQUIRE(can_run_in_executor<decltype([] { return 1; })>);
  REQUIRE_FALSE(can_run_in_executor<decltype(makes_one)>);
  REQUIRE_FALSE(can_run_in_executor<skein::coro<int> (*)()>);
}

SKEIN_TEST_CASE(
    "event_loop: on every worker a call's arguments are freed when it ran or was cancelled (LOOP-012)",
    "[core][loop]") {
  auto& runtime = skein::runtime::current();
  auto const workers = static_cast<int>(runtime.workers());
  auto const payload = std::make_shared<int>(1);
  std::vector<skein::handle> kept;
  std::atomic<int> next_ran{0};
  for (std::size_t i = 0; i < runtime.workers(); ++i) {
    auto& loop = runtime.loop(i);
    kept.push_back(loop.call_soon([](std::shared_ptr<int> const&) {}, payload));
    auto timer = loop.call_later(1000h, [payload] {});
    timer.cancel();
    timer.cancel();
    REQUIRE(timer.cancelled());
    kept.push_back(timer);
    loop.call_soon([&] { next_ran.fetch_add(1); });
  }
  while (next_ran.load() < workers) {
    co_await skein::sleep(0s);
  }
  REQUIRE(payload.use_count() == 1);
  REQUIRE_FALSE(kept[0].cancelled());
}

TEST_CASE("event_loop: get_event_loop is the one that was set for the thread", "[core][loop]") {
  REQUIRE_THROWS_AS(skein::get_event_loop(), skein::no_running_loop_error);
  auto const loop = skein::new_event_loop();
  skein::set_event_loop(loop.get());
  REQUIRE(&skein::get_event_loop() == loop.get());
  skein::set_event_loop(nullptr);
  REQUIRE_THROWS_AS(skein::get_running_loop(), skein::no_running_loop_error);
}
