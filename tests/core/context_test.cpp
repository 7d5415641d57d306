// SPDX-License-Identifier: Apache-2.0
// context_test.cpp: context variables: what is inherited, what is shared, what is given back.
#include <support/test_case.hpp>

#include <skein/core/context.hpp>
#include <skein/core/create_task.hpp>
#include <skein/core/executor.hpp>
#include <skein/core/gather.hpp>
#include <skein/core/run.hpp>
#include <skein/core/sleep.hpp>
#include <skein/core/when_all.hpp>

#include <fmt/format.h>

#include <array>
#include <atomic>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

using namespace std::chrono_literals;

static_assert(!std::is_copy_constructible_v<skein::context_var<int>>);
static_assert(!std::is_move_constructible_v<skein::context_var<int>>);
static_assert(std::is_copy_constructible_v<skein::context>);
static_assert(std::is_copy_constructible_v<skein::context_token<std::string>>);

namespace {

skein::context_var<int> number{"number", 0};
skein::context_var<std::string> text{"text"};

skein::coro<int> set_number(int n) {
  number.set(n);
  co_return n;
}

// A value that knows how many of it there are.
struct counted {
  explicit counted(std::shared_ptr<int> of_all) : alive{std::move(of_all)} {}
  std::shared_ptr<int> alive;
};

}  // namespace

TEST_CASE("context_var: a value, an initial one, or std::out_of_range", "[core][context]") {
  skein::context_var<std::string> const unset{"unset"};
  REQUIRE_THROWS_AS(unset.get(), std::out_of_range);
  REQUIRE_THROWS_WITH(unset.get(), Catch::Contains("'unset' has no value in this context"));
  REQUIRE(unset.get("else") == "else");
  REQUIRE(unset.name() == "unset");
  skein::context_var<std::string> initial{"initial", "a text that is too long for the small buffer"};
  REQUIRE(initial.get() == "a text that is too long for the small buffer");
  REQUIRE(initial.get("else") == "else");
  auto const before = initial.set("b");
  REQUIRE(initial.get() == "b");
  initial.reset(before);
  REQUIRE(initial.get() == "a text that is too long for the small buffer");
}

TEST_CASE("context_var: two of the same name are two variables", "[core][context]") {
  skein::context_var<int> a{"same", 1};
  skein::context_var<int> b{"same", 2};
  skein::context{}.run([&] {
    a.set(10);
    REQUIRE(a.get() == 10);
    REQUIRE(b.get() == 2);
  });
}

TEST_CASE("context_var: a new one does not find the values of one that is gone", "[core][context]") {
  skein::context{}.run([] {
    for (int i = 0; i < 10; ++i) {
      skein::context_var<int> shortlived{"shortlived"};
      REQUIRE_THROWS_AS(shortlived.get(), std::out_of_range);
      shortlived.set(i);
      REQUIRE(shortlived.get() == i);
    }
  });
}

TEST_CASE("context_var: a hundred of them keep their values apart", "[core][context]") {
  std::vector<std::unique_ptr<skein::context_var<std::size_t>>> variables;
  for (std::size_t i = 0; i < 100; ++i) {
    variables.push_back(std::make_unique<skein::context_var<std::size_t>>(fmt::format("v{}", i)));
  }
  skein::context all;
  all.run([&] {
    std::vector<skein::context_token<std::size_t>> tokens(100);
    for (std::size_t i = 0; i < 100; ++i) {
      std::size_t const at = i * 37 % 100;
      tokens[at] = variables[at]->set(at);
    }
    for (std::size_t i = 0; i < 100; i += 2) {
      variables[i]->reset(tokens[i]);
    }
    for (std::size_t i = 0; i < 100; ++i) {
      REQUIRE(variables[i]->get(1000) == (i % 2 == 0 ? 1000 : i));
    }
  });
  REQUIRE(variables[1]->get(1000) == 1000);
}

TEST_CASE("context: run sees and keeps what is set, an error puts the old one back", "[core][context]") {
  skein::context ctx;
  REQUIRE(ctx.run([] {
    number.set(5);
    return number.get();
  }) == 5);
  REQUIRE(number.get() == 0);
  REQUIRE_THROWS_AS(ctx.run([] { throw std::runtime_error{"no luck"}; }), std::runtime_error);
  REQUIRE(number.get() == 0);
  skein::context const same = ctx;
  REQUIRE(same == ctx);
  REQUIRE(skein::context{same}.run([] { return number.get(); }) == 5);
  skein::context copy = ctx.run([] { return skein::copy_context(); });
  REQUIRE_FALSE(copy == ctx);
  copy.run([] { number.set(6); });
  REQUIRE(ctx.run([] { return number.get(); }) == 5);
  REQUIRE(copy.run([] { return number.get(); }) == 6);
}

TEST_CASE("context: one may be entered inside another, and inside itself (G8)", "[core][context]") {
  skein::context outer;
  skein::context inner;
  outer.run([&] {
    number.set(1);
    inner.run([&] {
      REQUIRE(number.get() == 0);
      number.set(2);
      outer.run([&] {
        REQUIRE(number.get() == 1);
        number.set(3);
      });
      REQUIRE(number.get() == 2);
    });
    REQUIRE(number.get() == 3);
  });
}

TEST_CASE("context: every plain thread has its own", "[core][context]") {
  std::thread{[] {
    REQUIRE(number.get() == 0);
    number.set(1);
    REQUIRE(number.get() == 1);
    skein::context copy = skein::copy_context();
    std::thread{[&] {
      REQUIRE(number.get() == 0);
      REQUIRE(copy.run([] { return number.get(); }) == 1);
    }}.join();
  }}.join();
  REQUIRE(number.get() == 0);
}

TEST_CASE("context: a thread that ends releases its values", "[core][context]") {
  skein::context_var<counted> var{"var"};
  auto alive = std::make_shared<int>(0);
  std::thread{[&] {
    var.set(counted{alive});
    REQUIRE(alive.use_count() > 1);
  }}.join();
  REQUIRE(alive.use_count() == 1);
}

SKEIN_TEST_CASE("context_var: a child sees what was set before it was made, and writes for itself (CTX-001)",
                "[core][context]") {
  number.set(1);
  auto const go = skein::create_future<>();
  auto const child = skein::create_task([go]() -> skein::coro<int> {
    int const seen = number.get();
    number.set(10);
    co_await go;
    REQUIRE(number.get() == 10);
    co_return seen;
  });
  number.set(2);
  co_await all_tasks_blocked();
  REQUIRE(number.get() == 2);
  go.set_result();
  REQUIRE(co_await child == 1);
  REQUIRE(number.get() == 2);
}

SKEIN_TEST_CASE("context_var: callbacks see what was set when they were registered (CTX-002)",
                "[core][context]") {
  auto& loop = skein::get_running_loop();
  auto const f = skein::create_future<int>();
  std::array<skein::future<std::string>, 5> seen;
  for (auto& one : seen) {
    one = skein::create_future<std::string>();
  }
  text.set("a");
  auto const look = [](skein::future<std::string> const& into) {
    into.set_result(text.get());
    text.set("written by a callback");
  };
  loop.call_soon(look, seen[0]);
  loop.call_soon_threadsafe(look, seen[1]);
  loop.call_later(1ms, look, seen[2]);
  loop.call_at(skein::clock::now() + 1ms, look, seen[3]);
  f.add_done_callback([look, into = seen[4]] { look(into); });
  text.set("b");
  f.set_result(1);
  for (auto const& one : seen) {
    REQUIRE(co_await one == "a");
  }
  REQUIRE(text.get() == "b");
}

SKEIN_TEST_CASE("context_var: with_context runs callbacks in that very context", "[core][context]") {
  auto& loop = skein::get_running_loop();
  skein::context ctx;
  auto const count = [](skein::future<> const& done) {
    number.set(number.get() + 1);
    done.set_result();
  };
  auto const f = skein::create_future<int>();
  f.set_result(1);
  // One after the other: two at once could both read the same number.
  std::array<skein::future<>, 6> done;
  for (auto& one : done) {
    one = skein::create_future<>();
  }
  loop.call_soon(skein::with_context{ctx}, count, done[0]);
  co_await done[0];
  loop.call_soon_threadsafe(skein::with_context{ctx}, count, done[1]);
  co_await done[1];
  loop.call_later(skein::with_context{ctx}, 1ms, count, done[2]);
  co_await done[2];
  loop.call_at(skein::with_context{ctx}, skein::clock::now(), count, done[3]);
  co_await done[3];
  f.add_done_callback(skein::with_context{ctx}, [&] { count(done[4]); });
  co_await done[4];
  f.add_done_callback(skein::with_context{ctx}, [&](skein::future<int>) { count(done[5]); });
  co_await done[5];
  REQUIRE(ctx.run([] { return number.get(); }) == 6);
  REQUIRE(number.get() == 0);
}

SKEIN_TEST_CASE("context_var: a hundred tasks do not see each other's values (CTX-003)", "[core][context]") {
  number.set(-1);
  std::vector<skein::task<bool>> tasks;
  for (int i = 0; i < 100; ++i) {
    tasks.push_back(skein::create_task([i]() -> skein::coro<bool> {
      bool own = number.get() == -1;
      for (int k = 0; k < 20; ++k) {
        number.set(i * 100 + k);
        co_await skein::sleep(std::chrono::microseconds{(i * 7 + k * 13) % 50});
        own = own && number.get() == i * 100 + k;
      }
      co_return own;
    }));
  }
  for (auto const& task : tasks) {
    REQUIRE(co_await task);
  }
  REQUIRE(number.get() == -1);
}

SKEIN_TEST_CASE("context_var: tasks that are given a context run in it, one after the other (CTX-004)",
                "[core][context]") {
  skein::context ctx;
  auto const first = skein::create_task(set_number(1), {.context = ctx});
  co_await first;
  REQUIRE(ctx.run([] { return number.get(); }) == 1);
  auto const second = skein::create_task({.context = ctx}, []() -> skein::coro<int> {
    int const before = number.get();
    number.set(2);
    co_await skein::sleep(0s);
    co_return before;
  });
  REQUIRE(co_await second == 1);
  REQUIRE(ctx.run([] { return number.get(); }) == 2);
  auto const third = skein::get_running_loop().create_task(set_number(3), {.context = ctx});
  co_await third;
  REQUIRE(ctx.run([] { return number.get(); }) == 3);
  REQUIRE(number.get() == 0);
}

SKEIN_TEST_CASE("context_var: tasks that share a context at the same time lose no write (CTX-004)",
                "[core][context]") {
  constexpr std::size_t writers = 8;
  constexpr int rounds = 200;
  std::vector<std::unique_ptr<skein::context_var<std::string>>> variables;
  for (std::size_t i = 0; i < writers; ++i) {
    variables.push_back(std::make_unique<skein::context_var<std::string>>(fmt::format("v{}", i), ""));
  }
  skein::context const shared;
  std::vector<skein::task<bool>> tasks;
  for (std::size_t i = 0; i < writers; ++i) {
    tasks.push_back(skein::create_task({.context = shared}, [&, i]() -> skein::coro<bool> {
      bool kept = true;
      for (int k = 0; k < rounds; ++k) {
        auto const token = variables[i]->set(std::string(40, 'x') + std::to_string(k));
        kept = kept && variables[i]->get() == std::string(40, 'x') + std::to_string(k);
        static_cast<void>(variables[(i + 1) % writers]->get());
        if (k % 3 == 0) {
          variables[i]->reset(token);
        }
        if (k % 10 == 0) {
          co_await skein::sleep(0s);
        }
      }
      co_return kept;
    }));
  }
  for (auto const& task : tasks) {
    REQUIRE(co_await task);
  }
  skein::context{shared}.run([&] {
    for (auto const& variable : variables) {
      REQUIRE(variable->get() == std::string(40, 'x') + std::to_string(rounds - 1));
    }
  });
}

SKEIN_TEST_CASE("context_var: an awaited coroutine shares the context, a task does not (CTX-005)",
                "[core][context]") {
  co_await set_number(1);
  REQUIRE(number.get() == 1);
  co_await skein::create_task(set_number(2));
  co_await skein::gather(set_number(3), set_number(4));
  REQUIRE(number.get() == 1);
}

SKEIN_TEST_CASE("context_var: the branches of when_all share the context of their task", "[core][context]") {
  skein::context_var<int> left{"left", 0};
  skein::context_var<int> right{"right", 0};
  auto const branch = [&](skein::context_var<int>& own, int n) -> skein::coro<> {
    own.set(n);
    co_await skein::sleep(0s);
    REQUIRE(own.get() == n);
    own.set(n + 1);
  };
  for (int i = 0; i < 50; ++i) {
    co_await skein::when_all(branch(left, i), branch(right, -i));
    REQUIRE(left.get() == i + 1);
    REQUIRE(right.get() == -i + 1);
  }
}

SKEIN_TEST_CASE("context_var: values go with the task and its callbacks (CTX-006)", "[core][context]") {
  skein::context_var<counted> var{"var"};
  auto alive = std::make_shared<int>(0);
  auto const f = skein::create_future<>();
  auto task = skein::create_task([&, f]() -> skein::coro<> {
    var.set(counted{alive});
    skein::get_running_loop().call_soon([] {});
    f.add_done_callback([] {});
    skein::get_running_loop().call_later(1h, [] {}).cancel();
    co_return;
  });
  co_await task;
  REQUIRE(alive.use_count() > 1);  // the callback and the finished task have it
  task = {};
  f.set_result();
  co_await all_tasks_blocked();
  REQUIRE(alive.use_count() == 1);
}

SKEIN_TEST_CASE("context_var: a value that is set anew or reset is released", "[core][context]") {
  skein::context_var<std::shared_ptr<int>> var{"var"};
  auto first = std::make_shared<int>(1);
  auto second = std::make_shared<int>(2);
  {
    auto const unset = var.set(first);
    REQUIRE(first.use_count() == 2);
    var.set(second);
    REQUIRE(first.use_count() == 1);
    var.reset(unset);
  }
  REQUIRE(second.use_count() == 1);
  REQUIRE_THROWS_AS(var.get(), std::out_of_range);
  co_return;
}

SKEIN_TEST_CASE("context_var: reset brings back what was before, once, in the same context (CTX-007)",
                "[core][context]") {
  skein::context_var<int> var{"var"};
  auto const unset = var.set(1);
  auto const one = var.set(2);
  var.reset(one);
  REQUIRE(var.get() == 1);
  REQUIRE_THROWS_AS(var.reset(one), std::runtime_error);
  REQUIRE_THROWS_WITH(var.reset(one), Catch::Contains("has already been used once"));
  REQUIRE_THROWS_AS(number.reset(unset), std::invalid_argument);
  REQUIRE_THROWS_WITH(number.reset(unset), Catch::Contains("created by a different context_var"));
  REQUIRE_THROWS_AS(var.reset({}), std::invalid_argument);
  auto const child = skein::create_task([&]() -> skein::coro<> {
    REQUIRE_THROWS_AS(var.reset(unset), std::invalid_argument);
    REQUIRE_THROWS_WITH(var.reset(unset), Catch::Contains("created in a different context"));
    co_return;
  });
  co_await child;
  REQUIRE_THROWS_AS(skein::copy_context().run([&] { var.reset(unset); }), std::invalid_argument);
  REQUIRE(var.get() == 1);
  co_await skein::sleep(0s);
  var.reset(unset);
  REQUIRE_THROWS_AS(var.get(), std::out_of_range);
}

SKEIN_TEST_CASE("context_var: tokens are undone in any order, each to what was before it",
                "[core][context]") {
  skein::context_var<std::string> var{"var"};
  auto const a = var.set("a");
  auto const b = var.set("b");
  var.reset(a);
  REQUIRE(var.get("unset") == "unset");
  var.reset(b);
  REQUIRE(var.get() == "a");
  co_return;
}

SKEIN_TEST_CASE("task: get_context is the context it runs in, also when it is done (TASK-014)",
                "[core][context]") {
  auto const go = skein::create_future<>();
  auto const task = skein::create_task([go]() -> skein::coro<> {
    number.set(1);
    co_await go;
    number.set(2);
  });
  co_await all_tasks_blocked();
  skein::context ctx = task.get_context();
  REQUIRE(ctx.run([] { return number.get(); }) == 1);
  ctx.run([] { text.set("from outside"); });
  go.set_result();
  co_await task;
  REQUIRE(ctx.run([] { return number.get(); }) == 2);
  REQUIRE(task.get_context() == ctx);
  REQUIRE(skein::any_task{task}.get_context().run([] { return text.get(); }) == "from outside");
  skein::context const given;
  auto const other = skein::create_task(set_number(3), {.context = given});
  REQUIRE(other.get_context() == given);
  co_await other;
  REQUIRE(other.get_context() == given);
  auto& loop = skein::runtime::current().loop(0);
  auto const pinned = loop.create_task(set_number(4));
  co_await pinned;
  REQUIRE(&pinned.get_loop() == &loop);
}

SKEIN_TEST_CASE("to_thread: the function sees a copy of the context, one of run_in_executor none (THR-010)",
                "[core][context]") {
  text.set("mine");
  auto const seen = co_await skein::to_thread([] {
    auto const before = text.get();
    text.set("the thread's");
    return before + ", " + text.get();
  });
  REQUIRE(seen == "mine, the thread's");
  REQUIRE(text.get() == "mine");
  REQUIRE(co_await skein::run_in_executor(nullptr, [] { return text.get("none"); }) == "none");
}

SKEIN_TEST_CASE("context: a task made inside context::run has a copy of that one", "[core][context]") {
  skein::context ctx;
  auto const task = ctx.run([] {
    number.set(7);
    return skein::create_task([]() -> skein::coro<int> {
      int const seen = number.get();
      number.set(8);
      co_return seen;
    });
  });
  REQUIRE(co_await task == 7);
  REQUIRE(ctx.run([] { return number.get(); }) == 7);
}

TEST_CASE("run: main has a copy of the caller's context", "[core][context]") {
  skein::context{}.run([] {
    number.set(1);
    skein::run([]() -> skein::coro<> {
      REQUIRE(number.get() == 1);
      number.set(2);
      co_return;
    });
    REQUIRE(number.get() == 1);
  });
}

TEST_CASE("runner: its runs share one context, and may be given another", "[core][context]") {
  auto const swap_in = [](int n) -> skein::coro<int> {
    int const before = number.get();
    number.set(n);
    co_return before;
  };
  skein::runner runner{{.workers = 1}};
  REQUIRE(runner.run(swap_in(1)) == 0);
  REQUIRE(runner.run([&] { return swap_in(2); }) == 1);
  REQUIRE(number.get() == 0);
  skein::context ctx;
  REQUIRE(runner.run(swap_in(10), {.context = ctx}) == 0);
  REQUIRE(runner.run([&] { return swap_in(11); }, {.context = ctx}) == 10);
  REQUIRE(ctx.run([] { return number.get(); }) == 11);
  REQUIRE(runner.run(swap_in(3)) == 2);
}

TEST_CASE("event_loop: calls and tasks that are made before it runs have the caller's context",
          "[core][context]") {
  auto const loop = skein::new_event_loop();
  int in_call = 0;
  skein::context{}.run([&] {
    number.set(4);
    loop->call_soon([&] { in_call = number.get(); });
    REQUIRE(loop->run_until_complete([]() -> skein::coro<int> { co_return number.get(); }) == 4);
  });
  REQUIRE(in_call == 4);
}

TEST_CASE("report: a handler is called in the context of the task that failed", "[core][context]") {
  auto const loop = skein::new_event_loop();
  std::vector<std::string> told;
  loop->set_exception_handler([&](skein::event_loop&, skein::exception_context const& context) {
    told.push_back(context.message + ": " + text.get("nothing"));
  });
  loop->call_soon([] {
    text.set("the callback's");
    throw std::runtime_error{"no luck"};
  });
  loop->run_until_complete([&]() -> skein::coro<> {
    text.set("main's");
    skein::create_task([]() -> skein::coro<> {
      text.set("the task's");
      throw std::runtime_error{"no luck"};
      co_return;
    });
    co_await all_tasks_blocked();
  });
  REQUIRE(told == std::vector<std::string>{"Exception in callback: the callback's",
                                           "Task exception was never retrieved: the task's"});
}
