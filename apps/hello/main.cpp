// SPDX-License-Identifier: Apache-2.0
// main.cpp: first steps: coroutines, tasks, cancelling, callbacks, gathering, on skein as on asyncio.
#include <skein/skein.hpp>

#include <fmt/chrono.h>
#include <fmt/core.h>

#include <chrono>
#include <cstdio>
#include <ctime>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

using namespace std::chrono_literals;

namespace {

void print_time(std::string_view what) {
  fmt::print("{} {:%H:%M:%S}\n", what, fmt::localtime(std::time(nullptr)));
}

// ---- running a coroutine, in four ways

skein::coro<> my_coroutine() {
  fmt::print("开始协程\n");
  co_await skein::sleep(1s);
  fmt::print("结束协程\n");
}

skein::coro<> as_a_task() {
  auto task = skein::create_task(my_coroutine());
  co_await task;
}

skein::coro<> by_ensure_future() {
  auto task = skein::ensure_future(my_coroutine());
  co_await task;
}

void run_coroutines() {
  skein::run(my_coroutine());
  skein::run(as_a_task());
  skein::run(by_ensure_future());
  auto const loop = skein::new_event_loop();
  loop->run_until_complete(my_coroutine());
  loop->close();
}

// ---- tasks wait at the same time

skein::coro<> say_after(skein::delay delay, std::string what) {
  co_await skein::sleep(delay);
  fmt::print("{}\n", what);
}

skein::coro<> task_example() {
  print_time("开始时间");
  auto task1 = skein::create_task(say_after(1s, "Hello"));
  auto task2 = skein::create_task(say_after(2s, "World"));
  co_await task1;
  co_await task2;
  print_time("结束时间");
}

// ---- the states of a task

skein::coro<int> execute(int x) {
  fmt::print("Number: {}\n", x);
  co_return x;
}

void task_states() {
  auto const loop = skein::new_event_loop();
  auto const task = loop->create_task(execute(1));
  fmt::print("Task: {}\n", task.repr());
  loop->run_until_complete(task);
  fmt::print("Task: {}\n", task.repr());
  loop->close();
  fmt::print("Result: {}\n", task.result());
}

// ---- cancelling

skein::coro<> long_running_task() {
  fmt::print("任务开始\n");
  try {
    co_await skein::sleep(10s);
    fmt::print("任务完成\n");
  } catch (skein::cancelled_error const&) {
    fmt::print("任务被取消\n");
    throw;
  }
}

skein::coro<> cancel_example() {
  auto task = skein::create_task(long_running_task());
  co_await skein::sleep(1s);
  task.cancel();
  try {
    co_await task;
  } catch (skein::cancelled_error const&) {
    fmt::print("主函数捕获到取消异常\n");
  }
}

// ---- callbacks: soon in their order, later by their time

void callback_example() {
  auto const loop = skein::new_event_loop();
  auto const call = [](int n) { fmt::print("callback {}\n", n); };
  loop->call_later(200ms, call, 1);
  loop->call_later(100ms, call, 2);
  loop->call_soon(call, 3);
  loop->call_later(300ms, [&loop] { loop->stop(); });
  loop->run_forever();
  loop->close();
}

// ---- gathering: the results come in the order of the arguments

skein::coro<std::string> named(std::string name, int seconds) {
  co_await skein::sleep(std::chrono::seconds{seconds});
  co_return fmt::format("{} after {} s", name, seconds);
}

skein::coro<> gather_example() {
  auto const [a, b, c] = co_await skein::gather(named("A", 2), named("B", 1), named("C", 3));
  fmt::print("{}\n{}\n{}\n", a, b, c);
}

struct step {
  std::string_view name;
  std::string_view what;
  std::function<void()> run;
};

std::vector<step> const& steps() {
  static std::vector<step> const all{
      {"run", "running a coroutine, in four ways", run_coroutines},
      {"tasks", "two tasks wait at the same time", [] { skein::run(task_example()); }},
      {"states", "a task before and after it ran", task_states},
      {"cancel", "cancelling a task", [] { skein::run(cancel_example()); }},
      {"callbacks", "call_soon and call_later", callback_example},
      {"gather", "three results in the order of the arguments", [] { skein::run(gather_example()); }},
  };
  return all;
}

}  // namespace

int main(int argc, char** argv) {
  std::string_view const wanted = argc > 1 ? argv[1] : "";
  bool found = false;
  for (step const& s : steps()) {
    if (wanted.empty() || wanted == s.name) {
      found = true;
      fmt::print("-- {}: {}\n", s.name, s.what);
      s.run();
    }
  }
  if (!found) {
    fmt::print(stderr, "hello: there is no step '{}'; the steps are:\n", wanted);
    for (step const& s : steps()) {
      fmt::print(stderr, "  {:10} {}\n", s.name, s.what);
    }
    return 2;
  }
  return 0;
}
