// SPDX-License-Identifier: Apache-2.0
// task_test.cpp: tasks: names, states, handles, what is left when they end.
#include <support/test_case.hpp>

#include <skein/core/create_task.hpp>
#include <skein/core/event_loop.hpp>
#include <skein/core/gather.hpp>
#include <skein/core/run.hpp>
#include <skein/core/runtime.hpp>
#include <skein/core/sleep.hpp>
#include <skein/core/task.hpp>

#include <algorithm>
#include <atomic>
#include <memory>
#include <optional>
#include <stdexcept>
#include <thread>
#include <vector>

using namespace std::chrono_literals;

template <class T>
concept can_set = requires(T const& t) { t.set_result(1); } || requires(T const& t) {
  t.try_set_result(1);
} || requires(T const& t) { t.set_exception(std::runtime_error{""}); };
static_assert(can_set<skein::future<int>>);
static_assert(!can_set<skein::task<int>>);

namespace {

skein::coro<int> after(skein::delay d, int value) {
  co_await skein::sleep(d);
  co_return value;
}

skein::coro<> for_ever() { co_await skein::sleep(1000h); }

}  // namespace

SKEIN_TEST_CASE("task: its name is Task-N unless one is given (TASK-004)", "[core][task]") {
  auto const a = skein::create_task(after(0s, 1));
  auto const b = skein::create_task(after(0s, 2), {.name = "fetch"});
  REQUIRE(a.get_name() == "Task-" + std::to_string(a.id()));
  REQUIRE(b.get_name() == "fetch");
  REQUIRE(b.id() > a.id());
  b.set_name("other");
  REQUIRE(b.get_name() == "other");
  REQUIRE(co_await a + co_await b == 3);
}

SKEIN_TEST_CASE("task: current_task is the task in every coroutine of it, and null in callbacks (TASK-005)",
                "[core][task]") {
  auto const me = skein::current_task();
  REQUIRE(static_cast<bool>(me));
  auto const inner = [&]() -> skein::coro<bool> {
    bool const before = skein::current_task() == me;
    co_await skein::sleep(0s);
    co_return before&& skein::current_task() == me;
  };
  REQUIRE(co_await inner());
  auto const seen = skein::create_future<bool>();
  skein::get_running_loop().call_soon([seen] { seen.set_result(static_cast<bool>(skein::current_task())); });
  REQUIRE_FALSE(co_await seen);
  skein::any_task inside;  // not the task's result: a task that holds itself never goes
  auto const other = skein::create_task([&inside]() -> skein::coro<> {
    inside = skein::current_task();
    co_return;
  });
  co_await other;
  REQUIRE(inside == skein::any_task{other});
}

TEST_CASE("task: outside of a loop there is none (TASK-005)", "[core][task]") {
  REQUIRE_FALSE(static_cast<bool>(skein::current_task()));
  REQUIRE_THROWS_AS(skein::all_tasks(), skein::no_running_loop_error);
}

SKEIN_TEST_CASE("task: one that awaits itself gets an error, not a deadlock (TASK-006)", "[core][task]") {
  auto handle = std::make_shared<skein::task<>>();
  auto const go = skein::create_future<>();
  *handle = skein::create_task([handle, go]() -> skein::coro<> {
    co_await go;
    co_await *handle;
  });
  go.set_result();
  auto const task = *handle;
  REQUIRE_THROWS_AS(co_await task, std::runtime_error);
  REQUIRE_THROWS_WITH(task.result(), Catch::StartsWith("Task cannot await on itself"));
  *handle = {};
}

SKEIN_TEST_CASE("task: dropping the handle does not stop it (G7)", "[core][task]") {
  auto const ran = skein::create_future<>();
  skein::create_task([ran]() -> skein::coro<> {
    co_await skein::sleep(1ms);
    ran.set_result();
  });
  co_await ran;
}

SKEIN_TEST_CASE("task: its frame and callable are gone before awaiters go on (TASK-010, G7)",
                "[core][task]") {
  auto payload = std::make_shared<int>(1);
  auto const go = skein::create_future<>();
  auto const task = skein::create_task([payload, go]() -> skein::coro<> { co_await go; });
  REQUIRE(payload.use_count() == 2);
  go.set_result();
  co_await task;
  REQUIRE(payload.use_count() == 1);
}

SKEIN_TEST_CASE("task: all_tasks lists the unfinished ones", "[core][task]") {
  auto const task = skein::create_task(for_ever(), {.name = "listed"});
  co_await all_tasks_blocked();
  auto const listed = [&] {
    auto const all = skein::all_tasks();
    return std::count(all.begin(), all.end(), skein::any_task{task});
  };
  REQUIRE(listed() == 1);
  task.cancel();
  co_await skein::gather(skein::return_exceptions, task);
  REQUIRE(listed() == 0);
}

SKEIN_TEST_CASE("task: its repr tells name, state and where it waits", "[core][task]") {
  auto const task = skein::create_task(for_ever(), {.name = "t"});
  co_await all_tasks_blocked();
  REQUIRE_THAT(task.repr(),
               Catch::StartsWith("<task pending name='t' coro=<for_ever() running at task_test.cpp:"));
  task.cancel();
  REQUIRE_THAT(task.repr(), Catch::StartsWith("<task cancelling name='t'"));
  co_await skein::gather(skein::return_exceptions, task);
  REQUIRE(task.repr() == "<task cancelled name='t'>");
  auto const done = skein::create_task(after(0s, 1), {.name = "d"});
  co_await done;
  REQUIRE(done.repr() == "<task finished name='d' result=1>");
}

SKEIN_TEST_CASE("task: 10,000 at once, each sleeping (S19)", "[core][task]") {
  std::vector<skein::task<int>> tasks;
  for (int i = 0; i < 10'000; ++i) {
    tasks.push_back(skein::create_task(after(10ms, i)));
  }
  long sum = 0;
  for (auto const& task : tasks) {
    sum += co_await task;
  }
  REQUIRE(sum == 49'995'000);
}

SKEIN_TEST_CASE("task: nobody but its coroutine sets its result (TASK-003)", "[core][task]") {
  auto const task = skein::create_task(after(1ms, 3));
  skein::future<int> const as_future = task;
  REQUIRE_THROWS_AS(as_future.set_result(1), std::runtime_error);
  REQUIRE_THROWS_WITH(as_future.set_exception(std::runtime_error{"x"}),
                      Catch::StartsWith("Task does not support"));
  REQUIRE_FALSE(as_future.try_set_result(1));
  REQUIRE(co_await task == 3);
}

TEST_CASE("task: one that waits when its loop is closed is destroyed once and named (TASK-009)",
          "[core][task]") {
  std::vector<std::string> reports;
  auto payload = std::make_shared<int>(1);
  auto const loop = skein::new_event_loop();
  loop->set_exception_handler([&](skein::event_loop&, skein::exception_context const& context) {
    reports.push_back(context.message + (context.task ? " " + context.task.get_name() : ""));
  });
  loop->create_task({.name = "lonely"}, [payload]() -> skein::coro<> {
    auto const nobody_else_has_it = skein::create_future<>();
    co_await nobody_else_has_it;
  });
  loop->run_until_complete(all_tasks_blocked());
  REQUIRE(skein::all_tasks(*loop).size() == 1);
  loop->close();
  REQUIRE(payload.use_count() == 1);
  REQUIRE(skein::all_tasks(*loop).empty());
  REQUIRE(reports.size() == 1);
  REQUIRE_THAT(reports[0],
               Catch::StartsWith("Task was destroyed but it is pending!") && Catch::EndsWith("lonely"));
}

SKEIN_TEST_CASE("task: a future that its coroutine returns is its result, not awaited (TASK-015)",
                "[core][task]") {
  auto const f = skein::create_future<int>();
  auto const task = skein::create_task([f]() -> skein::coro<skein::future<int>> { co_return f; });
  auto const result = co_await task;
  REQUIRE(result == f);
  REQUIRE_FALSE(result.done());
}

SKEIN_TEST_CASE("task: the last handle goes on a foreign thread (THR-014)", "[core][task]") {
  auto payload = std::make_shared<int>(1);
  for (bool const finished : {true, false}) {
    auto task = skein::create_task([payload, finished]() -> skein::coro<std::shared_ptr<int>> {
      co_await skein::sleep(finished ? skein::delay{0s} : skein::delay{2ms});
      co_return payload;
    });
    auto const ended = skein::create_future<>();
    task.add_done_callback([ended] { ended.set_result(); });
    if (finished) {
      co_await ended;
    }
    std::thread{[taken = std::move(task)]() mutable { taken = {}; }}.join();
    co_await ended;
  }
  co_await all_tasks_blocked();
  REQUIRE(payload.use_count() == 1);
}

TEST_CASE("task: the last handle goes on a foreign thread after its runtime (THR-014)", "[core][task]") {
  auto payload = std::make_shared<int>(1);
  std::optional<skein::task<std::shared_ptr<int>>> kept;
  skein::run([&]() -> skein::coro<> {
    kept = skein::create_task([payload]() -> skein::coro<std::shared_ptr<int>> { co_return payload; });
    co_await *kept;
  });
  REQUIRE(payload.use_count() == 2);
  std::thread{[&] { kept.reset(); }}.join();
  REQUIRE(payload.use_count() == 1);
}

TEST_CASE("task: system_exit out of a cancel handler leaves the loop, and the task holds it (TASK-008)",
          "[core][task]") {
  for (unsigned const workers : {1U, 4U}) {
    skein::task<> sleeper;
    auto const main = [&]() -> skein::coro<> {
      sleeper = skein::create_task([]() -> skein::coro<> {
        bool cancelled = false;
        try {
          co_await skein::sleep(1000h);
        } catch (skein::cancelled_error const&) {
          cancelled = true;
        }
        throw skein::system_exit{cancelled ? 7 : 0};
      });
      co_await all_tasks_blocked();
      sleeper.cancel();
      co_await skein::sleep(1000h);
    };
    int code = 0;
    try {
      skein::run(main, {.workers = workers});
    } catch (skein::system_exit const& e) {
      code = e.code();
    }
    REQUIRE(code == 7);
    REQUIRE(sleeper.done());
    REQUIRE_FALSE(sleeper.cancelled());
    REQUIRE_THROWS_AS(std::rethrow_exception(sleeper.exception()), skein::system_exit);
  }
}

// Nobody can wake it any more, and the runtime has several loops: there the end of run cancels it.
TEST_CASE("task: one that can never be woken again is cancelled when run ends, once (TASK-009, differs)",
          "[core][task]") {
  for (unsigned const workers : {1U, 4U}) {
    std::atomic<int> ended{0};
    auto payload = std::make_shared<int>(1);
    skein::any_task lonely;
    auto const main = [&]() -> skein::coro<> {
      lonely = skein::create_task([&, payload]() -> skein::coro<> {
        try {
          auto const nobody_else_has_it = skein::create_future<>();
          co_await nobody_else_has_it;
        } catch (skein::cancelled_error const&) {
          ended.fetch_add(1);
          throw;
        }
      });
      co_await all_tasks_blocked();
    };
    skein::run(main, {.workers = workers});
    REQUIRE(ended.load() == 1);
    REQUIRE(lonely.cancelled());
    REQUIRE(payload.use_count() == 1);
  }
}

SKEIN_TEST_CASE("task: worker() is the loop that runs it now, or that it is pinned to", "[core][task]") {
  skein::runtime& runtime = skein::runtime::current();
  auto const here = skein::current_task().worker();
  REQUIRE(here.has_value());
  REQUIRE(&runtime.loop(*here) == skein::running_loop());
  skein::event_loop& last = runtime.loop(runtime.workers() - 1);
  auto const pinned = last.create_task([]() -> skein::coro<> { co_await skein::sleep(1h); });
  REQUIRE(pinned.worker() == runtime.workers() - 1);
  auto const anywhere = skein::create_task(after(1h, 1));
  co_await all_tasks_blocked();
  REQUIRE(anywhere.worker().has_value() == (runtime.workers() == 1));  // alone, every task is pinned
  pinned.cancel();
  anywhere.cancel();
  REQUIRE_THROWS_AS(co_await pinned, skein::cancelled_error);
  REQUIRE_THROWS_AS(co_await anywhere, skein::cancelled_error);
  REQUIRE_FALSE(pinned.worker().has_value());
}
