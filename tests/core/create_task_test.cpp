// SPDX-License-Identifier: Apache-2.0
// create_task_test.cpp: making tasks: when they start, what they keep, where they stay.
#include <support/test_case.hpp>

#include <skein/core/create_task.hpp>
#include <skein/core/runtime.hpp>
#include <skein/core/sleep.hpp>

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

using namespace std::chrono_literals;

namespace {
skein::coro<int> number(int n) { co_return n; }
}  // namespace

template <class T>
concept can_be_future = requires(T&& t) { skein::ensure_future(std::forward<T>(t)); };
static_assert(can_be_future<skein::coro<int>>);
static_assert(!can_be_future<int>);  // TASK-011

SKEIN_TEST_CASE_1W("create_task: the body starts after the creator suspends (TASK-001)",
                   "[core][create_task]") {
  bool started = false;
  auto const task = skein::create_task([&]() -> skein::coro<> {
    started = true;
    co_return;
  });
  REQUIRE_FALSE(started);
  co_await task;
  REQUIRE(started);
}

SKEIN_TEST_CASE("create_task: nothing of the body runs inside it; the result comes by awaiting (TASK-001)",
                "[core][create_task]") {
  static thread_local bool creating = false;
  for (int i = 0; i < 100; ++i) {
    creating = true;
    auto const task = skein::create_task([]() -> skein::coro<bool> { co_return creating; });
    creating = false;
    bool const ran_inside = co_await task;
    REQUIRE_FALSE(ran_inside);
  }
}

SKEIN_TEST_CASE_1W("create_task: tasks start in the order they were made", "[core][create_task]") {
  std::vector<int> order;
  std::vector<skein::task<>> tasks;
  for (int i = 0; i < 1000; ++i) {
    tasks.push_back(skein::create_task([&order, i]() -> skein::coro<> {
      order.push_back(i);
      co_return;
    }));
  }
  for (auto const& task : tasks) {
    co_await task;
  }
  REQUIRE(std::is_sorted(order.begin(), order.end()));
  REQUIRE(order.size() == 1000);
}

TEST_CASE("create_task: outside of a loop it says what to do", "[core][create_task]") {
  REQUIRE_THROWS_AS(skein::create_task(number(1)), skein::no_running_loop_error);
  REQUIRE_THROWS_WITH(skein::create_task(number(1)), Catch::StartsWith("no running event loop"));
}

SKEIN_TEST_CASE("create_task: callable and arguments are kept as long as the task (U10)",
                "[core][create_task]") {
  auto const make = [] {
    std::string const local(100, 'x');
    return skein::create_task(
        [local](std::string const& suffix) -> skein::coro<std::string> {
          co_await skein::sleep(1ms);
          co_return local + suffix;
        },
        std::string(50, 'y'));
  };
  auto const text = co_await make();
  REQUIRE(text == std::string(100, 'x') + std::string(50, 'y'));
}

SKEIN_TEST_CASE("create_task: options come before a callable's arguments", "[core][create_task]") {
  auto const task =
      skein::create_task({.name = "sum"}, [](int a, int b) -> skein::coro<int> { co_return a + b; }, 2, 3);
  REQUIRE(task.get_name() == "sum");
  REQUIRE(co_await task == 5);
}

SKEIN_TEST_CASE("create_task: an error of the callable itself goes to the caller", "[core][create_task]") {
  auto const bad = []() -> skein::coro<> { throw std::runtime_error{"before the coroutine"}; };
  static_assert(skein::detail::coro_callable<decltype(bad)&>);
  auto const plain = [&]() -> skein::coro<> {
    if (true) {
      throw std::logic_error{"x"};
    }
    return bad();
  };
  REQUIRE_THROWS_AS(skein::create_task(plain), std::logic_error);
  co_return;
}

SKEIN_TEST_CASE("create_task: a task of a loop stays on its thread", "[core][create_task]") {
  auto& runtime = skein::runtime::current();
  std::vector<skein::task<bool>> tasks;
  for (std::size_t i = 0; i < runtime.workers(); ++i) {
    auto& loop = runtime.loop(i);
    tasks.push_back(loop.create_task([&loop]() -> skein::coro<bool> {
      auto const thread = std::this_thread::get_id();
      bool stayed = true;
      for (int k = 0; k < 200; ++k) {
        co_await skein::sleep(0s);
        stayed = stayed && std::this_thread::get_id() == thread && skein::running_loop() == &loop;
      }
      co_await skein::sleep(1ms);
      co_return stayed&& std::this_thread::get_id() == thread;
    }));
  }
  for (auto const& task : tasks) {
    REQUIRE(co_await task);
  }
}

SKEIN_TEST_CASE("create_task: pinned by its options it stays too", "[core][create_task]") {
  auto& runtime = skein::runtime::current();
  auto& loop = runtime.loop(runtime.workers() - 1);
  auto const task = skein::create_task({.pin = &loop}, [&]() -> skein::coro<bool> {
    bool here = skein::running_loop() == &loop;
    co_await skein::sleep(1ms);
    co_return here&& skein::running_loop() == &loop;
  });
  REQUIRE(co_await task);
}

SKEIN_TEST_CASE("ensure_future: the same handle for a task, a new task for a coroutine (TASK-011)",
                "[core][create_task]") {
  auto const task = skein::create_task(number(1));
  REQUIRE(skein::ensure_future(task) == task);
  REQUIRE(co_await skein::ensure_future(number(2)) == 2);
  REQUIRE(co_await task == 1);
}

SKEIN_TEST_CASE("run_coroutine_threadsafe: a thread gets the result of a coroutine of a loop (THR-012)",
                "[core][create_task]") {
  auto& loop = skein::get_running_loop();
  std::atomic<int> sum{0};
  std::thread caller{[&] {
    sum = skein::run_coroutine_threadsafe(number(3), loop).get();
    auto const failing = skein::run_coroutine_threadsafe(
        []() -> skein::coro<int> {
          co_await skein::sleep(0s);
          throw std::runtime_error{"no luck"};
        }(),
        loop);
    try {
      static_cast<void>(failing.get());
    } catch (std::runtime_error const&) {
      sum += 10;
    }
  }};
  while (sum != 13) {
    co_await skein::sleep(100us);
  }
  caller.join();
}

SKEIN_TEST_CASE("ensure_future: an operation becomes a task, a future stays what it is (TASK-011)",
                "[core][create_task]") {
  auto const f = skein::create_future<int>();
  REQUIRE(skein::ensure_future(f) == f);
  auto const wrapped = skein::ensure_future(skein::sleep(1ms, 5));
  REQUIRE(co_await wrapped == 5);
  f.set_result(1);
}

TEST_CASE("create_task: on a closed loop it throws, and the coroutine is destroyed unstarted (TASK-012)",
          "[core][create_task]") {
  auto const loop = skein::new_event_loop();
  loop->close();
  auto payload = std::make_shared<int>(1);
  bool started = false;
  auto const body = [](std::shared_ptr<int>, bool& flag) -> skein::coro<> {
    flag = true;
    co_return;
  };
  REQUIRE_THROWS_AS(loop->create_task(body(payload, started)), skein::loop_closed_error);
  REQUIRE_THROWS_AS(loop->create_task(body, payload, std::ref(started)), skein::loop_closed_error);
  REQUIRE(payload.use_count() == 1);
  REQUIRE_FALSE(started);
  REQUIRE(skein::all_tasks(*loop).empty());
}

SKEIN_TEST_CASE("run_coroutine_threadsafe: a thread that gives up cancels the coroutine (THR-013)",
                "[core][create_task]") {
  auto& loop = skein::get_running_loop();
  std::atomic<bool> timed_out{false};
  std::atomic<bool> cancelled{false};
  auto const before = skein::all_tasks().size();
  std::thread caller{[&] {
    auto const f = skein::run_coroutine_threadsafe(
        [](std::atomic<bool>& seen) -> skein::coro<> {
          try {
            co_await skein::sleep(1000h);
          } catch (skein::cancelled_error const&) {
            seen = true;
            throw;
          }
        }(cancelled),
        loop);
    try {
      f.get_for(0s);
    } catch (skein::timeout_error const&) {
      timed_out = true;
    }
    // Not before it waits: a task that is cancelled before its first step is never entered.
    while (skein::any_task const task{skein::all_tasks(loop).front()}) {
      if (task == f && task.state() == skein::task_state::pending) {
        break;
      }
      std::this_thread::yield();
    }
    f.cancel();
  }};
  while (!cancelled) {
    co_await skein::sleep(100us);
  }
  caller.join();
  co_await all_tasks_blocked();
  REQUIRE(timed_out);
  REQUIRE(skein::all_tasks().size() == before);
}

SKEIN_TEST_CASE("create_task: a closed loop refuses it, from whatever worker and many at once (TASK-012)",
                "[core][create_task]") {
  auto const closed = skein::new_event_loop();
  closed->close();
  auto const payload = std::make_shared<int>(1);
  std::atomic<int> started{0};
  std::atomic<int> refused{0};
  std::vector<skein::task<>> askers;
  for (int i = 0; i < 20; ++i) {
    askers.push_back(skein::create_task([&]() -> skein::coro<> {
      auto const body = [](std::shared_ptr<int>, std::atomic<int>& count) -> skein::coro<> {
        count.fetch_add(1);
        co_return;
      };
      try {
        closed->create_task(body(payload, started));
      } catch (skein::loop_closed_error const&) {
        refused.fetch_add(1);
      }
      co_return;
    }));
  }
  for (auto const& asker : askers) {
    co_await asker;
  }
  REQUIRE(refused.load() == 20);
  REQUIRE(started.load() == 0);
  REQUIRE(payload.use_count() == 1);
}

SKEIN_TEST_CASE("create_task: one that cannot be scheduled is refused and leaves no trace (EXC-006)",
                "[core][create_task]") {
  struct no_luck : std::runtime_error {
    using std::runtime_error::runtime_error;
  };
  auto const payload = std::make_shared<int>(1);
  std::atomic<bool> started{false};
  std::atomic<int> reports{0};
  skein::runtime::current().set_exception_handler(
      [&](skein::event_loop&, skein::exception_context const&) { reports.fetch_add(1); });
  auto const body = [&](std::shared_ptr<int> const&) -> skein::coro<> {
    started.store(true);
    co_return;
  };
  auto const before = skein::all_tasks().size();
  auto& loop = skein::get_running_loop();
  loop.set_task_factory([](skein::event_loop&, skein::task_options&) { throw no_luck{"no more tasks"}; });
  REQUIRE_THROWS_WITH(skein::create_task(body, payload), "no more tasks");
  REQUIRE_THROWS_WITH(skein::create_task(body(payload)), "no more tasks");
  REQUIRE_THROWS_WITH(loop.create_task(body, payload), "no more tasks");
  loop.set_task_factory(nullptr);
  REQUIRE(skein::all_tasks().size() == before);
  REQUIRE(payload.use_count() == 1);
  co_await all_tasks_blocked();
  REQUIRE_FALSE(started.load());
  REQUIRE(reports.load() == 0);
  skein::runtime::current().set_exception_handler(nullptr);
}
