// SPDX-License-Identifier: Apache-2.0
// event_loop_test.cpp: a lone loop, which is asyncio's, and the loops of a runtime.
#include <support/test_case.hpp>

#include <skein/core/event_loop.hpp>
#include <skein/core/runtime.hpp>
#include <skein/core/sleep.hpp>

#include <atomic>
#include <memory>
#include <set>
#include <thread>
#include <vector>

using namespace std::chrono_literals;

namespace {
skein::coro<int> number(int n) { co_return n; }
}  // namespace

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

TEST_CASE("event_loop: deadlines in the past are ordered too (TIMER-002, TIMER-003)", "[core][loop]") {
  auto const loop = skein::new_event_loop({.virtual_time = true});
  std::vector<int> calls;
  auto const now = loop->time();
  loop->call_at(now - 1s, [&] { calls.push_back(1); });
  loop->call_at(now - 2s, [&] { calls.push_back(2); });
  for (int i = 3; i < 8; ++i) {
    loop->call_at(now + 1s, [&calls, i] { calls.push_back(i); });
  }
  loop->call_at(now + 2s, [&] { loop->stop(); });
  loop->run_forever();
  REQUIRE(calls == std::vector<int>{2, 1, 3, 4, 5, 6, 7});
}

TEST_CASE("event_loop: a call queued during a pass runs in the next one (TIMER-005, TIMER-006)",
          "[core][loop]") {
  auto const loop = skein::new_event_loop({.virtual_time = true});
  std::vector<std::string> calls;
  skein::timer_handle second;
  auto const now = loop->time();
  loop->call_at(now, [&] {
    calls.emplace_back("timer");
    second.cancel();
  });
  second = loop->call_at(now, [&] { calls.emplace_back("never"); });
  loop->call_soon([&] { calls.emplace_back("soon"); });
  loop->call_later(1s, [&] { loop->stop(); });
  loop->run_forever();
  REQUIRE(calls == std::vector<std::string>{"soon", "timer"});
  REQUIRE(second.cancelled());
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

TEST_CASE("event_loop: an error in a callback goes to the handler and the loop goes on (LOOP-003, EXC-002)",
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

TEST_CASE("event_loop: posts of one thread arrive in order, from many none is lost (THR-001 to THR-003)",
          "[core][loop]") {
  auto const loop = skein::new_event_loop();
  constexpr int threads = 4;
  constexpr int posts = 5000;
  std::vector<std::vector<int>> seen(threads);
  int left = threads * posts;
  std::vector<std::thread> posters;
  for (int t = 0; t < threads; ++t) {
    posters.emplace_back([&, t] {
      for (int i = 0; i < posts; ++i) {
        loop->call_soon_threadsafe([&, t, i] {
          seen[static_cast<std::size_t>(t)].push_back(i);
          if (--left == 0) {
            loop->stop();
          }
        });
      }
    });
  }
  loop->run_forever();
  for (auto& poster : posters) {
    poster.join();
  }
  for (auto const& one : seen) {
    REQUIRE(one.size() == posts);
    REQUIRE(std::is_sorted(one.begin(), one.end()));
  }
}

TEST_CASE("event_loop: a thread wakes it while it sleeps", "[core][loop]") {
  auto const loop = skein::new_event_loop();
  std::atomic<bool> ready{false};
  loop->call_soon([&] { ready = true; });
  std::thread waker{[&] {
    while (!ready) {
      std::this_thread::yield();
    }
    loop->call_soon_threadsafe([&] { loop->stop(); });
  }};
  loop->run_forever();
  waker.join();
  SUCCEED();
}

TEST_CASE("event_loop: in virtual time a day passes at once", "[core][loop]") {
  auto const loop = skein::new_event_loop({.virtual_time = true});
  auto const before = loop->time();
  loop->run_until_complete([]() -> skein::coro<> { co_await skein::sleep(24h); });
  REQUIRE(loop->time() - before >= 24h);
  REQUIRE(loop->time() - before < 24h + 1s);
}

TEST_CASE("event_loop: get_event_loop is the one that was set for the thread", "[core][loop]") {
  REQUIRE_THROWS_AS(skein::get_event_loop(), skein::no_running_loop_error);
  auto const loop = skein::new_event_loop();
  skein::set_event_loop(loop.get());
  REQUIRE(&skein::get_event_loop() == loop.get());
  skein::set_event_loop(nullptr);
  REQUIRE_THROWS_AS(skein::get_running_loop(), skein::no_running_loop_error);
}

SKEIN_TEST_CASE("event_loop: call_soon on every loop of a runtime runs on its thread", "[core][loop]") {
  auto& runtime = skein::runtime::current();
  std::set<skein::event_loop*> seen;
  for (std::size_t i = 0; i < runtime.workers(); ++i) {
    auto const where = skein::create_future<skein::event_loop*>();
    runtime.loop(i).call_soon([where] { where.set_result(skein::running_loop()); });
    auto* const loop = co_await where;
    REQUIRE(loop == &runtime.loop(i));
    seen.insert(loop);
  }
  REQUIRE(seen.size() == runtime.workers());
  REQUIRE_THROWS_AS(skein::get_running_loop().close(), std::runtime_error);
}
