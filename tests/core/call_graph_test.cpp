// SPDX-License-Identifier: Apache-2.0
// call_graph_test.cpp: where tasks wait, and who waits for them.
#include <support/test_case.hpp>

#include <skein/core/call_graph.hpp>
#include <skein/core/create_task.hpp>
#include <skein/core/gather.hpp>
#include <skein/core/shield.hpp>
#include <skein/core/sleep.hpp>
#include <skein/core/task_group.hpp>
#include <skein/core/timeout.hpp>
#include <skein/core/wait.hpp>
#include <skein/core/when_all.hpp>
#include <skein/core/with.hpp>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

using namespace std::chrono_literals;

namespace {

skein::coro<> innermost(skein::future<> f) { co_await f; }
skein::coro<> middle(skein::future<> f) { co_await innermost(f); }
skein::coro<> outermost(skein::future<> f) { co_await middle(f); }

template <class T>
skein::coro<> await_task(T task) {
  co_await task;
}

std::vector<std::string> functions(std::vector<skein::call_frame> const& stack) {
  std::vector<std::string> names;
  for (auto const& frame : stack) {
    names.push_back(frame.function);
  }
  return names;
}

}  // namespace

SKEIN_TEST_CASE("call_graph: a waiting task shows each of its awaits, innermost first",
                "[core][call_graph]") {
  auto const f = skein::create_future<>();
  auto const task = skein::create_task(outermost(f));
  co_await all_tasks_blocked();
  auto const graph = skein::capture_call_graph(task);
  REQUIRE(graph.has_value());
  REQUIRE(graph->future == task);
  REQUIRE(functions(graph->call_stack) == std::vector<std::string>{"innermost", "middle", "outermost"});
  for (auto const& frame : graph->call_stack) {
    REQUIRE(frame.file.find("call_graph_test.cpp") != std::string::npos);
    REQUIRE(frame.line > 20);
    REQUIRE(frame.line < 40);
  }
  REQUIRE(graph->awaited_by.empty());
  REQUIRE(functions(task.get_stack()) == std::vector<std::string>{"outermost", "middle", "innermost"});
  REQUIRE(functions(task.get_stack(1)) == std::vector<std::string>{"innermost"});
  REQUIRE(task.repr().find("coro=<outermost() running at call_graph_test.cpp:") != std::string::npos);
  f.set_result();
  co_await task;
  REQUIRE(task.get_stack().empty());
}

namespace {

std::vector<std::string> seen_at_the_end;

skein::coro<> looks_after_a_wait(skein::future<> go) {
  co_await go;
  seen_at_the_end = functions(skein::capture_call_graph()->call_stack);
}
skein::coro<> looks_at_once() {
  seen_at_the_end = functions(skein::capture_call_graph()->call_stack);
  co_return;
}
skein::coro<> between(skein::future<> go, bool wait_first) {
  if (wait_first) {
    co_await go;
    co_await looks_at_once();
  } else {
    co_await looks_after_a_wait(go);
  }
}
skein::coro<> above(skein::future<> go, bool wait_first) { co_await between(go, wait_first); }

}  // namespace

SKEIN_TEST_CASE("call_graph: a running task shows all that await the coroutine which was resumed",
                "[core][call_graph]") {
  using names = std::vector<std::string>;
  auto const run_in = [](bool wait_first, skein::task_options options) -> skein::coro<names> {
    auto const go = skein::create_future<>();
    auto const task = skein::create_task(above(go, wait_first), std::move(options));
    co_await all_tasks_blocked();  // all have suspended
    go.set_result();
    co_await task;
    co_return seen_at_the_end;
  };
  names const after_a_wait{"looks_after_a_wait", "between", "above"};
  names const at_once{"looks_at_once", "between", "above"};
  skein::task_options const plain;
  REQUIRE(co_await run_in(false, plain) == after_a_wait);
  REQUIRE(co_await run_in(true, plain) == at_once);
  skein::task_options const eager{.eager_start = true};
  REQUIRE(co_await run_in(false, eager) == after_a_wait);
  co_await skein::create_task(looks_at_once());
  REQUIRE(seen_at_the_end == names{"looks_at_once"});

  auto const go = skein::create_future<>();
  auto const asks_its_handle = [go]() -> skein::coro<std::size_t> {
    auto const inner = [go]() -> skein::coro<std::size_t> {
      co_await go;
      co_return skein::current_task().get_stack().size();
    };
    co_return co_await inner();
  };
  auto const asks = skein::create_task(asks_its_handle);
  co_await all_tasks_blocked();
  go.set_result();
  REQUIRE(co_await asks == 2);
}

SKEIN_TEST_CASE("call_graph: a future shows who waits for it, with their awaits (GRAPH-004)",
                "[core][call_graph]") {
  auto const f = skein::create_future<>();
  auto const a = skein::create_task(middle(f));
  auto const b = skein::create_task(innermost(f));
  co_await all_tasks_blocked();
  auto const graph = skein::capture_call_graph(f);
  REQUIRE(graph->call_stack.empty());
  REQUIRE(graph->awaited_by.size() == 2);
  std::vector<std::vector<std::string>> stacks;
  for (auto const& waiter : graph->awaited_by) {
    stacks.push_back(functions(waiter.call_stack));
  }
  std::sort(stacks.begin(), stacks.end());
  REQUIRE(stacks == std::vector<std::vector<std::string>>{{"innermost"}, {"innermost", "middle"}});
  f.set_result();
  co_await a;
  co_await b;
}

SKEIN_TEST_CASE("call_graph: under gather a child is awaited by the task that awaits the gather (GRAPH-002)",
                "[core][call_graph]") {
  auto const f = skein::create_future<>();
  auto const child = skein::create_task(innermost(f));
  auto const owner = skein::create_task([child]() -> skein::coro<> { co_await skein::gather(child, child); });
  co_await all_tasks_blocked();
  auto const graph = skein::capture_call_graph(child);
  REQUIRE(graph->awaited_by.size() == 1);
  REQUIRE(graph->awaited_by.at(0).future == owner);
  f.set_result();
  co_await owner;
}

SKEIN_TEST_CASE("call_graph: without a task there is none, without a loop an error (GRAPH-005)",
                "[core][call_graph]") {
  auto const in_callback = skein::create_future<bool>();
  skein::get_running_loop().call_soon(
      [in_callback] { in_callback.set_result(skein::capture_call_graph().has_value()); });
  REQUIRE_FALSE(co_await in_callback);
  REQUIRE_FALSE(skein::capture_call_graph(skein::any_future{}).has_value());
  std::thread outside{[] { REQUIRE_THROWS_AS(skein::capture_call_graph(), skein::no_running_loop_error); }};
  outside.join();
}

SKEIN_TEST_CASE("call_graph: limits keep the innermost or the outermost awaits (GRAPH-006)",
                "[core][call_graph]") {
  auto const f = skein::create_future<>();
  auto const task = skein::create_task(outermost(f));
  auto const waiter = skein::create_task(await_task(task));
  co_await all_tasks_blocked();
  auto const with = [&](int limit) { return skein::capture_call_graph(task, {.limit = limit}); };
  REQUIRE(functions(with(2)->call_stack) == std::vector<std::string>{"innermost", "middle"});
  REQUIRE(functions(with(-1)->call_stack) == std::vector<std::string>{"outermost"});
  REQUIRE(with(0)->call_stack.empty());
  REQUIRE(with(0)->awaited_by.size() == 1);
  REQUIRE(with(9)->call_stack.size() == 3);
  auto const here = skein::capture_call_graph();
  REQUIRE(here->call_stack.size() == 1);
  REQUIRE(skein::capture_call_graph({.depth = 1})->call_stack.empty());
  f.set_result();
  co_await waiter;
}

SKEIN_TEST_CASE("call_graph: the text names tasks, functions, files and lines", "[core][call_graph]") {
  auto const f = skein::create_future<>();
  auto const task = skein::create_task(middle(f), {.name = "worker bee"});
  auto const waiter = skein::create_task(await_task(task), {.name = "keeper"});
  co_await all_tasks_blocked();
  std::string const text = skein::format_call_graph(task);
  REQUIRE(text.find("* Task(name='worker bee', id=") == 0);
  REQUIRE(text.find("in async innermost()") < text.find("in async middle()"));
  REQUIRE(text.find("+ Awaited by:\n     * Task(name='keeper', id=") != std::string::npos);
  REQUIRE(text.find("in async await_task()") != std::string::npos);
  f.set_result();
  co_await waiter;
}

SKEIN_TEST_CASE("call_graph: two tasks that wait for each other end the text, not the stack (DBG-002)",
                "[core][call_graph]") {
  auto const go = skein::create_future<>();
  auto one = std::make_shared<skein::task<>>();
  auto other = std::make_shared<skein::task<>>();
  auto const wait_for = [go](std::shared_ptr<skein::task<>> t) -> skein::coro<> {
    co_await go;
    co_await *t;
  };
  *one = skein::create_task(wait_for, other);
  *other = skein::create_task(wait_for, one);
  go.set_result();
  co_await all_tasks_blocked();
  std::string const text = skein::format_call_graph(*one);
  REQUIRE(text.find("Awaited by") != std::string::npos);
  REQUIRE((*one).repr().find("pending") != std::string::npos);
  one->cancel();
  try {
    co_await *other;
  } catch (skein::cancelled_error const&) {
    REQUIRE(other->cancelled());
  }
}

SKEIN_TEST_CASE("call_graph: a task inside when_all shows the fork, and its children do not hide it",
                "[core][call_graph]") {
  auto const f = skein::create_future<>();
  auto const task =
      skein::create_task([f]() -> skein::coro<> { co_await skein::when_all(middle(f), innermost(f)); });
  co_await all_tasks_blocked();
  auto const graph = skein::capture_call_graph(task);
  REQUIRE(graph->call_stack.size() == 1);
  REQUIRE(graph->call_stack.at(0).function.find("<lambda>") != std::string::npos);
  auto const of_future = skein::capture_call_graph(f);
  REQUIRE(of_future->awaited_by.size() == 1);  // both branches are the task's
  REQUIRE(of_future->awaited_by.at(0).future == task);
  f.set_result();
  co_await task;
}

TEST_CASE("call_graph: ten thousand tasks are looked at while they run, without stopping them",
          "[core][call_graph]") {
  constexpr std::size_t count = 10'000;
  std::atomic<bool> stop{false};
  std::atomic<int> turns{0};
  skein::run(
      [&]() -> skein::coro<> {
        std::vector<skein::task<>> tasks;
        for (std::size_t i = 0; i < count; ++i) {
          tasks.push_back(skein::create_task([&]() -> skein::coro<> {
            while (!stop.load(std::memory_order_relaxed)) {
              co_await skein::sleep(1ms);
              turns.fetch_add(1, std::memory_order_relaxed);
            }
          }));
        }
        std::thread watcher{[&] {
          for (auto const& task : tasks) {
            std::string const text = skein::format_call_graph(task);
            REQUIRE(text.find("* Task(name='Task-") == 0);
            REQUIRE((text.find("call_graph_test.cpp") != std::string::npos ||
                     text.find('\n') == std::string::npos));
          }
          stop.store(true, std::memory_order_relaxed);
        }};
        for (auto const& task : tasks) {
          co_await task;
        }
        watcher.join();
      },
      {.workers = 4});
  REQUIRE(turns.load() > 0);
}

SKEIN_TEST_CASE(
    "call_graph: a task behind a shield or inside a timeout is awaited by who awaits that (GRAPH-003)",
    "[core][call_graph]") {
  auto const f = skein::create_future<>();
  auto const child = skein::create_task(innermost(f));
  auto const owner = skein::create_task([child]() -> skein::coro<> {
    auto const shielded = [child]() -> skein::coro<> { co_await skein::shield(child); };  // g++ 12: named
    co_await skein::with(skein::timeout(1h), shielded);
  });
  auto const waiter = skein::create_task([child]() -> skein::coro<> {
    std::vector<skein::task<>> const set{child};
    co_await skein::wait(set);
  });
  co_await all_tasks_blocked();
  auto const graph = skein::capture_call_graph(child);
  REQUIRE(graph->awaited_by.size() == 2);
  bool owner_seen = false;
  bool waiter_seen = false;
  for (auto const& by : graph->awaited_by) {
    owner_seen = owner_seen || by.future == owner;
    waiter_seen = waiter_seen || by.future == waiter;
    REQUIRE_FALSE(by.call_stack.empty());
  }
  REQUIRE(owner_seen);
  REQUIRE(waiter_seen);
  f.set_result();
  co_await owner;
  co_await waiter;
}

SKEIN_TEST_CASE(
    "call_graph: a child of a group is awaited by the group's owner and whoever else awaits it (GRAPH-001)",
    "[core][call_graph]") {
  auto const f = skein::create_future<>();
  skein::task<> child;
  skein::task<> other;
  auto const owner = skein::create_task([&]() -> skein::coro<> {
    co_await skein::with(skein::task_group{}, [&](skein::task_group& group) -> skein::coro<> {
      child = group.create_task(innermost(f));
      other = group.create_task(await_task(child));
      co_return;
    });
  });
  co_await all_tasks_blocked();
  auto const graph = skein::capture_call_graph(child);
  REQUIRE(graph->awaited_by.size() == 2);
  for (auto const& by : graph->awaited_by) {
    REQUIRE_FALSE(by.call_stack.empty());
    if (by.future == other) {
      REQUIRE(by.awaited_by.size() == 1);
      REQUIRE(by.awaited_by.at(0).future == owner);
    } else {
      REQUIRE(by.future == owner);
    }
  }
  f.set_result();
  co_await owner;
}
