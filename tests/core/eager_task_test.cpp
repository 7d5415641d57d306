// SPDX-License-Identifier: Apache-2.0
// eager_task_test.cpp: tasks that start at once, and task factories, which can ask for that.
#include <support/test_case.hpp>

#include <skein/core/context.hpp>
#include <skein/core/create_task.hpp>
#include <skein/core/gather.hpp>
#include <skein/core/runtime.hpp>
#include <skein/core/sleep.hpp>
#include <skein/core/when_all.hpp>

#include <algorithm>
#include <atomic>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

using namespace std::chrono_literals;

namespace {

skein::coro<int> number(int n) { co_return n; }

bool listed(skein::any_task const& task) {
  auto const all = skein::all_tasks();
  return std::find(all.begin(), all.end(), task) != all.end();
}

std::uint64_t turns() {
  std::uint64_t sum = 0;
  for (auto const& worker : skein::runtime::current().metrics().workers) {
    sum += worker.turns;
  }
  return sum;
}

// A tree of gathers, 5 wide: the number of its leaves.
skein::coro<int> leaves(int depth) {
  if (depth == 0) {
    co_return 1;
  }
  std::vector<skein::coro<int>> children;
  for (int i = 0; i < 5; ++i) {
    children.push_back(leaves(depth - 1));
  }
  int sum = 0;
  for (int const n : co_await skein::gather(std::move(children))) {
    sum += n;
  }
  co_return sum;
}

// Sets the factory of the running loop, and takes it back.
class with_factory {
 public:
  explicit with_factory(skein::task_factory f) { loop_.set_task_factory(std::move(f)); }
  with_factory(with_factory const&) = delete;
  with_factory& operator=(with_factory const&) = delete;
  ~with_factory() { loop_.set_task_factory(nullptr); }

 private:
  skein::event_loop& loop_ = skein::get_running_loop();
};

}  // namespace

SKEIN_TEST_CASE("eager_start: what never waits is done when create_task returns (EAGER-001)",
                "[core][eager]") {
  auto const here = std::this_thread::get_id();
  std::thread::id there;
  auto const task = skein::create_task({.eager_start = true}, [&]() -> skein::coro<int> {
    there = std::this_thread::get_id();
    co_return co_await number(7);
  });
  REQUIRE(task.done());
  REQUIRE(task.result() == 7);
  REQUIRE(there == here);
  auto const other = skein::create_task(number(8), {.name = "now", .eager_start = true});
  REQUIRE(other.result() == 8);
  REQUIRE(other.get_name() == "now");
  REQUIRE(co_await other == 8);
}

SKEIN_TEST_CASE_1W("eager_start: it makes no entry in the ready queue (EAGER-001)", "[core][eager]") {
  auto const before = turns();
  auto const task = skein::create_task(number(7), {.eager_start = true});
  REQUIRE(task.done());
  co_await skein::sleep(0s);
  REQUIRE(turns() == before + 1);
}

SKEIN_TEST_CASE("eager_start: current_task is the new one meanwhile, and the creator afterwards (EAGER-002)",
                "[core][eager]") {
  auto const me = skein::current_task();
  std::vector<skein::any_task> seen;
  std::vector<skein::any_task> made;
  auto const look = [&]() -> skein::coro<> {
    seen.push_back(skein::current_task());
    co_return;
  };
  auto const outer = skein::create_task({.eager_start = true}, [&]() -> skein::coro<> {
    seen.push_back(skein::current_task());
    auto const inner = skein::current_task();
    for (int i = 0; i < 2; ++i) {
      made.push_back(skein::create_task({.eager_start = true}, look));
      REQUIRE(skein::current_task() == inner);
    }
    co_return;
  });
  REQUIRE(skein::current_task() == me);
  REQUIRE(outer.done());
  REQUIRE(seen == std::vector<skein::any_task>{outer, made[0], made[1]});
  auto const failing = skein::create_task({.eager_start = true}, []() -> skein::coro<> {
    throw std::runtime_error{"no luck"};
    co_return;
  });
  REQUIRE(skein::current_task() == me);
  REQUIRE_THROWS_WITH(failing.result(), "no luck");
  auto const waiting = skein::create_task({.eager_start = true}, [&]() -> skein::coro<bool> {
    auto const self = skein::current_task();
    co_await skein::sleep(0s);
    co_return skein::current_task() == self;
  });
  REQUIRE(skein::current_task() == me);
  REQUIRE(co_await waiting);
  REQUIRE(skein::current_task() == me);
  skein::any_task const in_callback = skein::current_task();
  auto const asked = skein::create_future<bool>();
  skein::get_running_loop().call_soon([&] {
    auto const eager = skein::create_task(number(1), {.eager_start = true});
    asked.set_result(eager.done() && !skein::current_task());
  });
  REQUIRE(co_await asked);
  REQUIRE(skein::current_task() == in_callback);
}

SKEIN_TEST_CASE("eager_start: all_tasks lists it while it runs, and then only if it waits (EAGER-003)",
                "[core][eager]") {
  auto const look = []() -> skein::coro<bool> { co_return listed(skein::current_task()); };
  auto const done = skein::create_task({.eager_start = true}, look);
  REQUIRE(done.result());
  REQUIRE_FALSE(listed(done));
  auto const go = skein::create_future<>();
  auto const waiting = skein::create_task({.eager_start = true}, [go]() -> skein::coro<> { co_await go; });
  REQUIRE(listed(waiting));
  auto& loop = waiting.get_loop();
  bool seen_elsewhere = false;
  std::thread{[&] {
    auto const all = skein::all_tasks(loop);
    seen_elsewhere = std::find(all.begin(), all.end(), skein::any_task{waiting}) != all.end();
  }}.join();
  REQUIRE(seen_elsewhere);
  go.set_result();
  co_await waiting;
  REQUIRE_FALSE(listed(waiting));
}

SKEIN_TEST_CASE("eager_start: its context is a copy from the first step on (EAGER-004)", "[core][eager]") {
  skein::context_var<int> var{"var"};
  var.set(1);
  std::vector<int> seen;
  auto const task = skein::create_task({.eager_start = true}, [&]() -> skein::coro<> {
    seen.push_back(var.get());
    var.set(2);
    co_await skein::sleep(0s);
    seen.push_back(var.get());
    var.set(3);
  });
  REQUIRE(var.get() == 1);
  co_await task;
  REQUIRE(var.get() == 1);
  REQUIRE(seen == std::vector<int>{1, 2});
  // Inside context::run, where the creator's own context is not the current one.
  skein::context ctx;
  auto const inside = ctx.run([&] {
    var.set(10);
    auto const eager = skein::create_task({.eager_start = true}, [&]() -> skein::coro<int> {
      var.set(var.get() + 1);
      co_return var.get();
    });
    REQUIRE(var.get() == 10);
    return eager;
  });
  REQUIRE(inside.result() == 11);
  skein::context const given;
  auto const in_given = skein::create_task({.context = given, .eager_start = true}, [&]() -> skein::coro<> {
    var.set(20);
    co_return;
  });
  REQUIRE(in_given.done());
  REQUIRE(skein::context{given}.run([&] { return var.get(); }) == 20);
  REQUIRE(var.get() == 1);
}

SKEIN_TEST_CASE("eager_start: a cancel finds it finished, or where it waits (EAGER-005)", "[core][eager]") {
  auto const done = skein::create_task(number(5), {.eager_start = true});
  REQUIRE_FALSE(done.cancel());
  REQUIRE(done.result() == 5);
  auto const waiting =
      skein::create_task({.eager_start = true}, []() -> skein::coro<> { co_await skein::sleep(1000h); });
  REQUIRE(waiting.cancelling() == 0);
  REQUIRE(waiting.cancel("enough"));
  REQUIRE(waiting.cancelling() == 1);
  std::string message;
  try {
    co_await waiting;
  } catch (skein::cancelled_error const& e) {
    message = e.message();
  }
  REQUIRE(message == "enough");
  REQUIRE(waiting.cancelled());
}

SKEIN_TEST_CASE("gather: when all children finish eagerly it is done when it is made (EAGER-006)",
                "[core][eager]") {
  with_factory const eager{skein::eager_task_factory};
  auto const two = skein::gather(number(1), number(2));
  REQUIRE(two.done());
  REQUIRE(std::get<1>(two.result()) == 2);
  auto const failing = []() -> skein::coro<int> {
    throw std::runtime_error{"no luck"};
    co_return 0;
  };
  auto const failed = skein::gather(number(1), failing());
  REQUIRE(failed.done());
  REQUIRE_THROWS_WITH(failed.result(), "no luck");
  auto const outcomes = skein::gather(skein::return_exceptions, number(1), failing());
  REQUIRE(outcomes.done());
  REQUIRE_FALSE(std::get<1>(outcomes.result()).has_value());
  REQUIRE(co_await leaves(4) == 625);
}

SKEIN_TEST_CASE_1W("gather: a tree of eager ones makes no entry in the ready queue (EAGER-006)",
                   "[core][eager]") {
  with_factory const eager{skein::eager_task_factory};
  auto const before = turns();
  REQUIRE(co_await leaves(4) == 625);
  REQUIRE(turns() == before);
}

SKEIN_TEST_CASE("eager_start: false wins over an eager factory, true needs none (EAGER-008)",
                "[core][eager]") {
  {
    with_factory const eager{skein::eager_task_factory};
    std::atomic<bool> started{false};
    auto& loop = skein::get_running_loop();
    auto const task =
        loop.create_task({.name = "x", .eager_start = false}, [&]() -> skein::coro<std::string> {
          started = true;
          co_return skein::current_task().get_name();
        });
    REQUIRE_FALSE(started);  // it stays on this loop, which runs this task now
    REQUIRE(co_await task == "x");
    REQUIRE(skein::create_task(number(1)).done());
  }
  auto const now = skein::create_task(number(2), {.name = "y", .eager_start = true});
  REQUIRE(now.done());
  REQUIRE(now.get_name() == "y");
}

SKEIN_TEST_CASE("eager_start: one that waits in a nested coroutine goes on by itself", "[core][eager]") {
  auto const go = skein::create_future<int>();
  auto const inner = [go]() -> skein::coro<int> { co_return co_await go + 1; };
  auto const task = skein::create_task(
      {.eager_start = true}, [&]() -> skein::coro<int> { co_return co_await inner() + co_await inner(); });
  REQUIRE_FALSE(task.done());
  go.set_result(10);
  REQUIRE(co_await task == 22);
}

SKEIN_TEST_CASE("eager_start: inside a fork, and forking itself", "[core][eager]") {
  auto const eager_sum = [](int n) -> skein::coro<int> {
    auto const task = skein::create_task({.eager_start = true}, [n]() -> skein::coro<int> {
      auto const [a, b] = co_await skein::when_all(number(n), number(n + 1));
      co_await skein::sleep(0s);
      auto const [c, d] = co_await skein::when_all(number(n + 2), number(n + 3));
      co_return a + b + c + d;
    });
    co_return co_await task;
  };
  for (int i = 0; i < 50; ++i) {
    auto const [x, y, z] = co_await skein::when_all(eager_sum(0), eager_sum(10), eager_sum(20));
    REQUIRE(x == 6);
    REQUIRE(y == 46);
    REQUIRE(z == 86);
  }
}

SKEIN_TEST_CASE("eager_start: a chain deeper than the stack starts the rest in later turns",
                "[core][eager]") {
  // NOLINTNEXTLINE(misc-no-recursion)
  struct chain {
    static skein::coro<int> link(int left) {
      if (left == 0) {
        co_return 0;
      }
      auto const next = skein::create_task(link(left - 1), {.eager_start = true});
      co_return co_await next + 1;
    }
  };
  REQUIRE(co_await chain::link(100'000) == 100'000);
}

SKEIN_TEST_CASE("eager_start: a task for another loop starts there", "[core][eager]") {
  auto& runtime = skein::runtime::current();
  for (std::size_t i = 0; i < runtime.workers(); ++i) {
    auto& loop = runtime.loop(i);
    bool const here = skein::running_loop() == &loop;
    auto const task = loop.create_task(
        {.eager_start = true}, [&loop]() -> skein::coro<bool> { co_return skein::running_loop() == &loop; });
    REQUIRE((!here || task.done()));
    REQUIRE(co_await task);
  }
}

TEST_CASE("eager_start: on a loop that does not run it waits for it", "[core][eager]") {
  auto const loop = skein::new_event_loop();
  auto const task = loop->create_task(number(3), {.eager_start = true});
  REQUIRE_FALSE(task.done());
  REQUIRE(loop->run_until_complete(task) == 3);
}

TEST_CASE("eager_start: system_exit ends the run, not create_task", "[core][eager]") {
  bool went_on = false;
  REQUIRE_THROWS_AS(skein::run(
                        [&]() -> skein::coro<> {
                          auto const task = skein::create_task({.eager_start = true}, []() -> skein::coro<> {
                            throw skein::system_exit{3};
                            co_return;
                          });
                          went_on = task.done();
                          co_await skein::sleep(1000h);
                        },
                        {.workers = 1}),
                    skein::system_exit);
  REQUIRE(went_on);
}

SKEIN_TEST_CASE("task_factory: it sees name and context, and null restores the default (TASK-013)",
                "[core][eager]") {
  auto& loop = skein::get_running_loop();
  REQUIRE_FALSE(static_cast<bool>(loop.get_task_factory()));
  skein::context_var<int> var{"var"};
  skein::context ctx;
  skein::context given;
  std::string name;
  {
    with_factory const spy{[&](skein::event_loop& l, skein::task_options& options) {
      name = options.name + (&l == options.pin ? " pinned" : "");
      if (options.context) {
        given = *options.context;
      }
      options.name += "!";
    }};
    REQUIRE(static_cast<bool>(loop.get_task_factory()));
    auto const a = loop.create_task(number(1), {.name = "a", .context = ctx});
    REQUIRE(name == "a pinned");
    REQUIRE(given == ctx);
    REQUIRE(a.get_name() == "a!");
    REQUIRE(co_await a == 1);
    auto const b = skein::create_task(number(2), {.name = "b"});
    REQUIRE(name == "b");
    REQUIRE(co_await b == 2);
    auto const c = skein::create_task([] { return number(3); });
    REQUIRE(c.get_name() == "!");
    REQUIRE(co_await c == 3);
    REQUIRE(co_await skein::ensure_future(number(4)) == 4);
    REQUIRE(co_await loop.create_task([] { return number(5); }) == 5);
    REQUIRE(co_await skein::run_coroutine_threadsafe(number(6), loop) == 6);
  }
  REQUIRE_FALSE(static_cast<bool>(loop.get_task_factory()));
  auto const plain = skein::create_task(number(1), {.name = "plain"});
  REQUIRE(plain.get_name() == "plain");
  co_await plain;
}

SKEIN_TEST_CASE("task_factory: what it throws goes to the creator, and no task is made", "[core][eager]") {
  with_factory const refusing{[](skein::event_loop&, skein::task_options& options) {
    throw std::runtime_error{"no task called " + options.name};
  }};
  auto const before = skein::all_tasks().size();
  auto payload = std::make_shared<int>(1);
  REQUIRE_THROWS_WITH(skein::create_task({.name = "t"}, [payload] { return number(1); }), "no task called t");
  REQUIRE_THROWS_AS(skein::create_task(number(1)), std::runtime_error);
  REQUIRE(payload.use_count() == 1);
  REQUIRE(skein::all_tasks().size() == before);
  co_return;
}

TEST_CASE("task_factory: it sees the main of a runner too", "[core][eager]") {
  skein::runner runner{{.workers = 1}};
  int asked = 0;
  runner.get_loop().set_task_factory([&](skein::event_loop&, skein::task_options& options) {
    ++asked;
    options.name = "main";
  });
  REQUIRE(runner.run([]() -> skein::coro<std::string> { co_return skein::current_task().get_name(); }) ==
          "main");
  REQUIRE(asked == 1);
  runner.get_loop().set_task_factory(nullptr);
}
