// SPDX-License-Identifier: Apache-2.0
// deadlock_test.cpp: circles of waiting tasks are found and named, and nothing else is.
#include <support/test_case.hpp>

#include <skein/core/create_task.hpp>
#include <skein/core/deadlock.hpp>
#include <skein/core/event_loop.hpp>
#include <skein/core/gather.hpp>
#include <skein/core/report.hpp>
#include <skein/core/shield.hpp>
#include <skein/core/sleep.hpp>
#include <skein/core/task_group.hpp>
#include <skein/core/timeout.hpp>
#include <skein/core/wait.hpp>
#include <skein/core/when_all.hpp>
#include <skein/core/with.hpp>
#include <skein/sync/condition.hpp>
#include <skein/sync/event.hpp>
#include <skein/sync/lock.hpp>
#include <skein/sync/queue.hpp>
#include <skein/sync/rw_lock.hpp>
#include <skein/sync/semaphore.hpp>

#include <atomic>
#include <csignal>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

using namespace std::chrono_literals;

namespace {

// Takes one lock and then another, with the line of the second await known to the test.
constexpr unsigned line_of_second_lock = __LINE__ + 7;
skein::coro<> transfer(skein::lock& from, skein::lock& to, skein::event& both_have_one,
                       std::atomic<int>& have) {
  auto const first = co_await from.scoped();
  have.fetch_add(1);
  co_await both_have_one.wait();

  auto const second = co_await to.scoped();
}

// Two tasks that have taken two locks in opposite orders.
struct crossing {
  skein::lock a;
  skein::lock b;
  skein::event go;
  std::atomic<int> have{0};
  skein::task<> left;
  skein::task<> right;

  skein::coro<> meet() {
    left = skein::create_task(transfer(a, b, go, have), {.name = "left"});
    right = skein::create_task(transfer(b, a, go, have), {.name = "right"});
    co_await all_tasks_blocked();
    go.set();
    co_await all_tasks_blocked();
  }
  skein::coro<> end() const {
    left.cancel();
    std::vector<skein::task<>> const both{left, right};
    co_await skein::wait(both);
  }
};

skein::coro<> nap() { co_await skein::sleep(1h); }
skein::coro<> await_task(skein::task<> t) { co_await t; }

bool contains(std::string const& text, std::string const& part) {
  return text.find(part) != std::string::npos;
}

// Cancels a task and waits for its end.
skein::coro<> stop(skein::any_task task) {
  task.cancel();
  while (!task.done()) {
    co_await skein::sleep(0s);
  }
}

struct captured_log {
  captured_log() {
    skein::set_log_sink([this](std::string_view line) {
      std::lock_guard const guard{mutex};
      text += std::string{line} + "\n";
    });
  }
  captured_log(captured_log const&) = delete;
  captured_log& operator=(captured_log const&) = delete;
  ~captured_log() { skein::set_log_sink(nullptr); }
  std::mutex mutex;
  std::string text;
};

}  // namespace

SKEIN_TEST_CASE("deadlock: two tasks that take two locks in opposite orders are named with both lines",
                "[core][deadlock]") {
  crossing roads;
  co_await roads.meet();
  auto const found = skein::find_deadlocks();
  REQUIRE(found.size() == 1);
  REQUIRE(found[0].behind.empty());
  REQUIRE(found[0].circle.size() == 2);
  for (std::size_t i = 0; i < 2; ++i) {
    skein::blocked_task const& one = found[0].circle[i];
    skein::blocked_task const& other = found[0].circle[1 - i];
    REQUIRE(one.waits_for == other.task);
    REQUIRE(one.holds);
    REQUIRE(one.operation == "lock.acquire");
    REQUIRE(one.where.line == line_of_second_lock);
    REQUIRE(contains(one.where.file, "deadlock_test.cpp"));
    REQUIRE(contains(one.where.function, "transfer"));
  }
  REQUIRE(found[0].circle[0].task != found[0].circle[1].task);

  std::string const text = skein::format_deadlocks();
  std::string const place = "(deadlock_test.cpp:" + std::to_string(line_of_second_lock) + ")";
  REQUIRE(contains(text, "deadlock: 2 tasks wait for each other:"));
  REQUIRE(contains(text, "left waits at transfer " + place + " for the lock held by right"));
  REQUIRE(contains(text, "right waits at transfer " + place + " for the lock held by left"));
  co_await roads.end();
  REQUIRE(skein::find_deadlocks().empty());
}

SKEIN_TEST_CASE("deadlock: who waits for a task of the circle stands behind it", "[core][deadlock]") {
  crossing roads;
  co_await roads.meet();
  auto const victim = skein::create_task(
      {.name = "victim"}, [&]() -> skein::coro<> { auto const permit = co_await roads.a.scoped(); });
  auto const of_victim =
      skein::create_task({.name = "joiner"}, [&]() -> skein::coro<> { co_await skein::shield(victim); });
  co_await all_tasks_blocked();
  auto const found = skein::find_deadlocks();
  REQUIRE(found.size() == 1);
  REQUIRE(found[0].circle.size() == 2);
  REQUIRE(found[0].behind.size() == 2);
  std::string const text = skein::format_deadlocks();
  REQUIRE(contains(text, "2 more cannot go on because of that"));
  REQUIRE(contains(text, "victim waits at"));
  REQUIRE(contains(text, "for the lock held by left"));
  REQUIRE(contains(text, "joiner waits at"));
  REQUIRE(contains(text, "for victim to end"));
  co_await stop(of_victim);
  co_await stop(victim);
  co_await roads.end();
}

SKEIN_TEST_CASE("deadlock: a lock taken twice by one task waits for itself", "[core][deadlock]") {
  skein::lock lock;
  auto const twice = skein::create_task({.name = "twice"}, [&]() -> skein::coro<> {
    auto const one = co_await lock.scoped();
    auto const two = co_await lock.scoped();
  });
  co_await all_tasks_blocked();
  auto const found = skein::find_deadlocks();
  REQUIRE(found.size() == 1);
  REQUIRE(found[0].circle.size() == 1);
  REQUIRE(found[0].circle[0].waits_for == twice);
  std::string const text = skein::format_deadlocks();
  REQUIRE(contains(text, "deadlock: a task waits for itself:"));
  REQUIRE(contains(text, "for the lock held by itself"));
  co_await stop(twice);
}

SKEIN_TEST_CASE("deadlock: a lock that was handed over is held by who got it", "[core][deadlock]") {
  skein::lock lock;
  co_await lock.acquire();
  skein::event again;
  auto const heir = skein::create_task([&]() -> skein::coro<> {
    auto const one = co_await lock.scoped();
    co_await again.wait();
    auto const two = co_await lock.scoped();
  });
  co_await all_tasks_blocked();
  REQUIRE(skein::find_deadlocks().empty());
  lock.release();
  co_await all_tasks_blocked();
  again.set();
  co_await all_tasks_blocked();
  auto const found = skein::find_deadlocks();
  REQUIRE(found.size() == 1);
  REQUIRE(found[0].circle[0].task == heir);
  co_await stop(heir);
}

SKEIN_TEST_CASE("deadlock: tasks that await each other, and through gather, shield, a group and when_all",
                "[core][deadlock]") {
  auto const go = skein::create_future<>();
  auto one = std::make_shared<skein::task<>>();
  auto two = std::make_shared<skein::task<>>();
  auto three = std::make_shared<skein::task<>>();
  auto four = std::make_shared<skein::task<>>();
  *one = skein::create_task([=]() -> skein::coro<> {
    co_await go;
    co_await skein::gather(*two);
  });
  *two = skein::create_task([=]() -> skein::coro<> {
    co_await go;
    co_await skein::shield(*three);
  });
  *three = skein::create_task([=]() -> skein::coro<> {
    co_await go;
    co_await skein::with(skein::task_group{}, [=](skein::task_group& group) -> skein::coro<> {
      group.create_task([=]() -> skein::coro<> { co_await *four; });
      co_return;
    });
  });
  *four = skein::create_task([=]() -> skein::coro<> {
    co_await go;
    auto const join = [](std::shared_ptr<skein::task<>> t) -> skein::coro<> { co_await skein::shield(*t); };
    co_await skein::when_all(join(one), join(three));
  });
  go.set_result();
  co_await all_tasks_blocked();
  auto const found = skein::find_deadlocks();
  REQUIRE(found.size() == 1);
  REQUIRE(found[0].circle.size() + found[0].behind.size() == 5);
  for (std::size_t i = 0; i < found[0].circle.size(); ++i) {
    auto const& next = found[0].circle[(i + 1) % found[0].circle.size()];
    REQUIRE(found[0].circle[i].waits_for == next.task);
    REQUIRE_FALSE(found[0].circle[i].holds);
    REQUIRE_FALSE(contains(found[0].circle[i].where.function, "skein::"));
  }
  four->cancel();  // the shields keep the cancel from going round
  std::vector<skein::task<>> const all{*one, *two, *three, *four};
  co_await skein::wait(all);
}

SKEIN_TEST_CASE("deadlock: what anybody may end is none", "[core][deadlock]") {
  skein::lock lock;
  skein::rw_lock rw;
  skein::semaphore sole{1};
  skein::event event;
  skein::queue<int> queue;
  skein::condition condition;
  auto const plain = skein::create_future<>();
  std::vector<skein::any_task> all;
  auto const add = [&](auto body) { all.push_back(skein::create_task(body)); };
  add([&]() -> skein::coro<> {
    auto const permit = co_await lock.scoped();
    co_await event.wait();
  });
  co_await all_tasks_blocked();  // it has the lock
  add([&]() -> skein::coro<> { auto const permit = co_await lock.scoped(); });
  add([&]() -> skein::coro<> { co_await queue.get(); });
  add([&]() -> skein::coro<> {
    auto const permit = co_await condition.scoped();
    co_await condition.wait();
  });
  add([&]() -> skein::coro<> { co_await plain; });
  add([&]() -> skein::coro<> { co_await skein::sleep(1h); });
  add([&]() -> skein::coro<> {  // a semaphore is released by anybody
    co_await sole.acquire();
    co_await sole.acquire();
  });
  add([&]() -> skein::coro<> {  // readers are not known
    co_await rw.acquire_read();
    co_await rw.acquire_write();
  });
  auto const first = skein::create_task([&]() -> skein::coro<> { co_await plain; });
  add([&]() -> skein::coro<> { co_await skein::gather(first, plain); });
  add([&]() -> skein::coro<> {  // one branch will end
    co_await skein::when_all(await_task(first), nap());
  });
  co_await all_tasks_blocked();
  REQUIRE(skein::find_deadlocks().empty());
  std::string const text = skein::format_deadlocks();
  REQUIRE(contains(text, "no tasks wait for each other"));
  for (char const* what : {"event.wait", "lock.acquire", "queue.get", "condition.wait", "future", "sleep",
                           "semaphore.acquire", "rw_lock.acquire_write"}) {
    REQUIRE((contains(text, std::string{") for "} + what) ? "" : what + (":\n" + text)) == "");
  }
  first.cancel();
  for (auto const& task : all) {
    co_await stop(task);
  }
}

SKEIN_TEST_CASE("deadlock: the writer of a rw_lock is known, and the lock of a condition",
                "[core][deadlock]") {
  skein::rw_lock rw;
  skein::condition condition;
  skein::event go;
  auto const writer = skein::create_task([&]() -> skein::coro<> {
    auto const permit = co_await rw.scoped_write();
    co_await go.wait();
    auto const held = co_await condition.scoped();
  });
  auto const reader = skein::create_task([&]() -> skein::coro<> {
    auto const held = co_await condition.scoped();
    co_await go.wait();
    auto const permit = co_await rw.scoped_read();
  });
  co_await all_tasks_blocked();
  go.set();
  co_await all_tasks_blocked();
  auto const found = skein::find_deadlocks();
  REQUIRE(found.size() == 1);
  REQUIRE(found[0].circle.size() == 2);
  REQUIRE(contains(skein::format_deadlocks(), "for the rw_lock held by"));
  co_await stop(writer);
  co_await reader;
}

SKEIN_TEST_CASE("deadlock: many tasks that wait at one place are one line", "[core][deadlock]") {
  skein::event event;
  std::vector<skein::task<>> tasks;
  for (int i = 0; i < 100; ++i) {
    tasks.push_back(skein::create_task([&]() -> skein::coro<> { co_await event.wait(); }));
  }
  co_await all_tasks_blocked();
  std::string const text = skein::format_deadlocks();
  REQUIRE(contains(text, "100 tasks wait at "));
  event.set();
  for (auto const& task : tasks) {
    co_await task;
  }
}

TEST_CASE("deadlock: another thread may ask a loop", "[core][deadlock]") {
  skein::run(
      []() -> skein::coro<> {
        crossing roads;
        co_await roads.meet();
        skein::event_loop& loop = skein::get_running_loop();
        std::size_t seen = 0;
        std::thread watchdog{[&] { seen = skein::find_deadlocks(loop).size(); }};
        watchdog.join();
        REQUIRE(seen == 1);
        co_await roads.end();
      },
      {.workers = 2});
  REQUIRE_THROWS_AS(skein::find_deadlocks(), skein::no_running_loop_error);
}

TEST_CASE("deadlock: in virtual time a main that waits in a circle fails with the report",
          "[core][deadlock]") {
  auto const main = []() -> skein::coro<> {
    skein::lock lock;
    auto const once = co_await lock.scoped();
    auto const twice = co_await lock.scoped();
  };
  std::string text;
  try {
    skein::run(main, {.workers = 1, .virtual_time = true});
  } catch (skein::deadlock_error const& error) {
    text = error.what();
  }
  REQUIRE(contains(text, "nothing can run any more"));
  REQUIRE(contains(text, "for the lock held by itself"));
}

TEST_CASE("deadlock: in virtual time a thread may still come", "[core][deadlock]") {
  skein::run(
      []() -> skein::coro<> {
        auto const f = skein::create_future<int>();
        std::thread late{[f, &loop = skein::get_running_loop()] {
          static_cast<void>(skein::format_deadlocks(loop));
          f.set_result(7);
        }};
        REQUIRE(co_await f == 7);
        late.join();
      },
      {.workers = 1, .virtual_time = true});
}

TEST_CASE("deadlock: Ctrl-C names the circle before it cancels main", "[core][deadlock]") {
  captured_log log;
  auto const before = std::signal(SIGINT, SIG_DFL);  // Catch2 has one of its own
  bool interrupted = false;
  try {
    skein::run(
        []() -> skein::coro<> {
          skein::get_running_loop().call_later(1ms, [] { std::raise(SIGINT); });
          skein::lock lock;
          auto const once = co_await lock.scoped();
          auto const twice = co_await lock.scoped();
        },
        {.workers = 1});
  } catch (skein::keyboard_interrupt const&) {
    interrupted = true;
  }
  static_cast<void>(std::signal(SIGINT, before));
  REQUIRE(interrupted);
  REQUIRE(contains(log.text, "interrupted; deadlock: a task waits for itself:"));
}

TEST_CASE("deadlock: locks in one order are never one, looked at while the tasks run", "[core][deadlock]") {
  std::atomic<bool> stop{false};
  std::atomic<std::size_t> found{0};
  skein::run(
      [&]() -> skein::coro<> {
        skein::lock a;
        skein::lock b;
        std::vector<skein::task<>> tasks;
        for (int i = 0; i < 50; ++i) {
          tasks.push_back(skein::create_task([&]() -> skein::coro<> {
            while (!stop.load(std::memory_order_relaxed)) {
              auto const first = co_await a.scoped();
              auto const second = co_await b.scoped();
              co_await skein::sleep(0s);
            }
          }));
        }
        skein::event_loop& loop = skein::get_running_loop();
        std::thread watchdog{[&] {
          for (int i = 0; i < 300; ++i) {
            found.fetch_add(skein::find_deadlocks(loop).size(), std::memory_order_relaxed);
          }
          stop.store(true, std::memory_order_relaxed);
        }};
        for (auto const& task : tasks) {
          co_await task;
        }
        watchdog.join();
      },
      {.workers = 4});
  REQUIRE(found.load() == 0);
}
