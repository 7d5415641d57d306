// SPDX-License-Identifier: Apache-2.0
// task_cancel_test.cpp: how a task is cancelled, what it sees of that, and how it ends then.
#include <support/test_case.hpp>

#include <skein/core/create_task.hpp>
#include <skein/core/event_loop.hpp>
#include <skein/core/gather.hpp>
#include <skein/core/runtime.hpp>
#include <skein/core/sleep.hpp>
#include <skein/core/task.hpp>

#include <atomic>
#include <memory>
#include <stdexcept>
#include <thread>

using namespace std::chrono_literals;

namespace {

skein::coro<> for_ever() { co_await skein::sleep(1000h); }

}  // namespace

SKEIN_TEST_CASE("task: a cancel is delivered where it sleeps (CANC-001)", "[core][task]") {
  auto const task = skein::create_task(for_ever());
  co_await all_tasks_blocked();
  REQUIRE(task.state() == skein::task_state::pending);
  REQUIRE(task.cancel("enough"));
  std::string message;
  try {
    co_await task;
  } catch (skein::cancelled_error const& e) {
    message = e.message();
  }
  REQUIRE(message == "enough");
  REQUIRE(task.done());
  REQUIRE(task.cancelled());
  REQUIRE(task.state() == skein::task_state::cancelled);
  REQUIRE_FALSE(task.cancel());
}

SKEIN_TEST_CASE_1W("task: one that is cancelled before its first step is never entered (CANC-002)",
                   "[core][task]") {
  bool entered = false;
  auto payload = std::make_shared<int>(1);
  auto const task = skein::create_task(
      [&](std::shared_ptr<int> const&) -> skein::coro<> {
        entered = true;
        co_return;
      },
      payload);
  REQUIRE(payload.use_count() == 2);
  REQUIRE(task.cancel());
  REQUIRE_THROWS_AS(co_await task, skein::cancelled_error);
  REQUIRE_FALSE(entered);
  REQUIRE(payload.use_count() == 1);
}

SKEIN_TEST_CASE("task: awaiting a future that is cancelled cancels it too, without a request (CANC-003)",
                "[core][task]") {
  auto const f = skein::create_future<int>();
  auto const task = skein::create_task([f]() -> skein::coro<int> { co_return co_await f; });
  co_await all_tasks_blocked();
  f.cancel();
  REQUIRE_THROWS_AS(co_await task, skein::cancelled_error);
  REQUIRE(task.cancelled());
  REQUIRE(task.cancelling() == 0);
}

SKEIN_TEST_CASE("task: a cancel is thrown once; who swallows it can wait again (CANC-005)", "[core][task]") {
  auto const f = skein::create_future<int>();
  auto const task = skein::create_task([f]() -> skein::coro<int> {
    try {
      co_await skein::sleep(1000h);
    } catch (skein::cancelled_error const&) {
    }
    co_return co_await f;
  });
  co_await all_tasks_blocked();
  task.cancel();
  co_await all_tasks_blocked();
  REQUIRE_FALSE(f.cancelled());
  f.set_result(42);
  REQUIRE(co_await task == 42);
  REQUIRE(task.cancelling() == 1);
}

SKEIN_TEST_CASE("task: cancelled at once it was never entered, or sees that at its first wait (CANC-002)",
                "[core][task]") {
  for (int round = 0; round < 50; ++round) {
    std::atomic<int> entered{0};
    std::atomic<int> seen{0};
    auto payload = std::make_shared<int>(1);
    auto const task = skein::create_task(
        [&](std::shared_ptr<int> const&) -> skein::coro<> {
          entered.fetch_add(1);
          try {
            co_await skein::sleep(1000h);
          } catch (skein::cancelled_error const&) {
            seen.fetch_add(1);
            throw;
          }
        },
        payload);
    REQUIRE(task.cancel());
    REQUIRE_THROWS_AS(co_await task, skein::cancelled_error);
    REQUIRE(task.cancelled());
    REQUIRE(entered.load() <= 1);
    REQUIRE(entered.load() == seen.load());
    REQUIRE(payload.use_count() == 1);
  }
}

SKEIN_TEST_CASE_1W("task: a cancel wins over a wake-up that was not run yet (CANC-006)", "[core][task]") {
  auto const f = skein::create_future<int>();
  auto const task = skein::create_task([f]() -> skein::coro<int> { co_return co_await f; });
  co_await all_tasks_blocked();
  f.set_result(1);
  REQUIRE(task.cancel());
  REQUIRE_THROWS_AS(co_await task, skein::cancelled_error);
  REQUIRE(f.result() == 1);
}

SKEIN_TEST_CASE("task: a cancel right after the result reaches it here or at its next wait (CANC-006)",
                "[core][task]") {
  for (int round = 0; round < 50; ++round) {
    auto const f = skein::create_future<int>();
    std::atomic<int> got{0};
    std::atomic<int> cancels{0};
    auto const task = skein::create_task([&]() -> skein::coro<> {
      try {
        got.store(co_await f);
        co_await skein::sleep(1000h);
      } catch (skein::cancelled_error const&) {
        cancels.fetch_add(1);
        throw;
      }
    });
    while (task.state_now() != skein::task_state::pending) {
      co_await skein::sleep(0s);
    }
    f.set_result(1);
    REQUIRE(task.cancel());
    REQUIRE_THROWS_AS(co_await task, skein::cancelled_error);
    REQUIRE(task.cancelled());
    REQUIRE(cancels.load() == 1);
    REQUIRE((got.load() == 0 || got.load() == 1));
    REQUIRE(f.result() == 1);
  }
}

SKEIN_TEST_CASE_1W("task: uncancel withdraws a request that was not delivered (CANC-007)", "[core][task]") {
  auto const f = skein::create_future<int>();
  auto const task = skein::create_task([f]() -> skein::coro<int> { co_return co_await f; });
  co_await all_tasks_blocked();
  f.set_result(42);
  task.cancel();
  REQUIRE(task.cancelling() == 1);
  REQUIRE(task.uncancel() == 0);
  REQUIRE(co_await task == 42);
}

SKEIN_TEST_CASE("task: who took a cancel back and sleeps again is cancelled anew by the next (CANC-009)",
                "[core][task]") {
  auto const task = skein::create_task([]() -> skein::coro<> {
    try {
      co_await skein::sleep(1000h);
    } catch (skein::cancelled_error const&) {
      skein::current_task().uncancel();
    }
    co_await skein::sleep(1000h);
  });
  co_await all_tasks_blocked();
  task.cancel();
  co_await all_tasks_blocked();
  REQUIRE(task.cancelling() == 0);
  REQUIRE_FALSE(task.done());
  task.cancel();
  REQUIRE_THROWS_AS(co_await task, skein::cancelled_error);
  REQUIRE(task.cancelled());
  REQUIRE(task.cancelling() == 1);
}

SKEIN_TEST_CASE(
    "task: of two cancels before it goes on, a waiting one throws the text of the first (CANC-012)",
    "[core][task]") {
  auto const text_of = [](auto const& task) -> skein::coro<std::string> {
    std::string text;
    try {
      co_await task;
    } catch (skein::cancelled_error const& e) {
      text = e.message();
    }
    co_return text;
  };
  // Whoever wakes a task on several workers may be overtaken by it.
  if (skein::runtime::current().workers() == 1) {
    auto const f = skein::create_future<>();
    auto const sleeper = skein::create_task(for_ever());
    auto const waiter = skein::create_task([f]() -> skein::coro<> { co_await f; });
    auto const outer = skein::create_task([sleeper]() -> skein::coro<> { co_await sleeper; });
    co_await all_tasks_blocked();
    outer.cancel("one");
    outer.cancel("two");
    waiter.cancel("one");
    waiter.cancel("two");
    REQUIRE(co_await text_of(sleeper) == "one");
    REQUIRE(co_await text_of(outer) == "one");
    REQUIRE(co_await text_of(waiter) == "one");
    auto const fresh = skein::create_task(for_ever());
    fresh.cancel("one");
    fresh.cancel("two");
    REQUIRE(co_await text_of(fresh) == "two");
  }
  auto const later = skein::create_task([]() -> skein::coro<> {
    try {
      co_await skein::sleep(1000h);
    } catch (skein::cancelled_error const&) {
    }
    co_await skein::sleep(1000h);
  });
  co_await all_tasks_blocked();
  later.cancel("one");
  co_await all_tasks_blocked();
  later.cancel("two");
  REQUIRE(co_await text_of(later) == "two");
}

SKEIN_TEST_CASE("task: a timeout made of call_later, cancel and uncancel by hand (CANC-016)",
                "[core][task]") {
  auto const limited = [](skein::delay limit, skein::delay work) -> skein::coro<bool> {
    auto const me = skein::current_task();
    auto alarm = skein::get_running_loop().call_later(limit, [me] { me.cancel(); });
    bool timed_out = false;
    try {
      co_await skein::sleep(work);
    } catch (skein::cancelled_error const&) {
      if (me.uncancel() != 0) {
        throw;
      }
      timed_out = true;
    }
    alarm.cancel();
    co_await skein::sleep(0s);
    co_return timed_out;
  };
  REQUIRE(co_await limited(1ms, 1000h));
  REQUIRE(skein::current_task().cancelling() == 0);
  REQUIRE_FALSE(co_await limited(1000h, 1ms));
  REQUIRE(skein::current_task().cancelling() == 0);
}

SKEIN_TEST_CASE("task: its future and itself cancelled together resume it once, cancelled (CANC-017)",
                "[core][task]") {
  for (bool const future_first : {true, false}) {
    auto const f = skein::create_future<int>();
    int resumed = 0;
    auto const task = skein::create_task([&, f]() -> skein::coro<int> {
      try {
        co_return co_await f;
      } catch (skein::cancelled_error const&) {
        ++resumed;
        throw;
      }
    });
    co_await all_tasks_blocked();
    if (future_first) {
      f.cancel();
      task.cancel();
    } else {
      task.cancel();
      f.cancel();
    }
    REQUIRE_THROWS_AS(co_await task, skein::cancelled_error);
    REQUIRE(task.cancelled());
    REQUIRE(f.cancelled());
    REQUIRE(resumed == 1);
  }
}

// Kept out: a request that was pending at the await of a task was thrown there, and the awaited task left
// alone.
SKEIN_TEST_CASE("task: a request that is pending goes to what is awaited next (G5)", "[core][task]") {
  auto const inner = skein::create_task([]() -> skein::coro<int> {
    try {
      co_await skein::sleep(1000h);
    } catch (skein::cancelled_error const&) {
    }
    co_return 3;
  });
  auto const f = skein::create_future<int>();
  co_await all_tasks_blocked();
  auto const outer = skein::create_task([&]() -> skein::coro<int> {
    skein::current_task().cancel();
    int const taken = co_await inner;
    skein::current_task().cancel();
    bool cancelled = false;
    try {
      co_await f;
    } catch (skein::cancelled_error const&) {
      cancelled = true;
    }
    co_return cancelled ? taken : 0;
  });
  REQUIRE(co_await outer == 3);
  REQUIRE(f.cancelled());
  REQUIRE(outer.cancelling() == 2);
}

SKEIN_TEST_CASE("task: uncancel counts down to zero and not below (CANC-008)", "[core][task]") {
  auto const task = skein::create_task([]() -> skein::coro<> {
    try {
      co_await skein::sleep(1000h);
    } catch (skein::cancelled_error const&) {
    }
  });
  co_await all_tasks_blocked();
  REQUIRE(task.uncancel() == 0);
  task.cancel();
  task.cancel();
  REQUIRE(task.cancelling() == 2);
  REQUIRE(task.uncancel() == 1);
  REQUIRE(task.uncancel() == 0);
  REQUIRE(task.uncancel() == 0);
  co_await skein::gather(skein::return_exceptions, task);
}

SKEIN_TEST_CASE("task: a cancel goes to the task that it awaits, which may swallow it (CANC-010)",
                "[core][task]") {
  auto const inner = skein::create_task([]() -> skein::coro<std::string> {
    try {
      co_await skein::sleep(1000h);
    } catch (skein::cancelled_error const&) {
    }
    co_return "s";
  });
  auto const outer = skein::create_task([inner]() -> skein::coro<std::string> { co_return co_await inner; });
  co_await all_tasks_blocked();
  outer.cancel();
  REQUIRE(co_await outer == "s");
  REQUIRE(outer.cancelling() == 1);
  REQUIRE(inner.cancelling() == 1);
}

SKEIN_TEST_CASE("task: an error thrown while it is being cancelled is its outcome (CANC-013)",
                "[core][task]") {
  auto const task = skein::create_task([]() -> skein::coro<> {
    try {
      co_await skein::sleep(1000h);
    } catch (skein::cancelled_error const&) {
      throw std::runtime_error{"no"};
    }
  });
  co_await all_tasks_blocked();
  task.cancel();
  REQUIRE_THROWS_WITH(co_await task, "no");
  REQUIRE_FALSE(task.cancelled());
}

SKEIN_TEST_CASE("task: a handler for std::exception does not see a cancel (CANC-014)", "[core][task]") {
  bool seen = false;
  auto const task = skein::create_task([&]() -> skein::coro<> {
    try {
      co_await skein::sleep(1000h);
    } catch (std::exception const&) {
      seen = true;
    }
  });
  co_await all_tasks_blocked();
  task.cancel();
  REQUIRE_THROWS_AS(co_await task, skein::cancelled_error);
  REQUIRE_FALSE(seen);
}

SKEIN_TEST_CASE("task: one that cancels itself and returns ends cancelled (G5)", "[core][task]") {
  auto const task = skein::create_task([]() -> skein::coro<int> {
    skein::current_task().cancel();
    co_return 1;
  });
  REQUIRE_THROWS_AS(co_await task, skein::cancelled_error);
  REQUIRE(task.cancelled());
}

SKEIN_TEST_CASE("task: a thrown cancelled_error of the user ends it cancelled", "[core][task]") {
  auto const task = skein::create_task([]() -> skein::coro<> {
    co_await skein::sleep(0s);
    throw skein::cancelled_error{"mine"};
  });
  REQUIRE_THROWS_AS(co_await task, skein::cancelled_error);
  REQUIRE(task.cancelled());
  REQUIRE(task.cancelling() == 0);
}

SKEIN_TEST_CASE(
    "task: cancelling one of two that wait for each other ends both, and does not hang (TASK-006)",
    "[core][task]") {
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
  REQUIRE(one->cancel());
  auto const first = *one;
  auto const second = *other;
  REQUIRE_THROWS_AS(co_await first, skein::cancelled_error);
  REQUIRE_THROWS_AS(co_await second, skein::cancelled_error);
}

// Kept out: a task that had swallowed a cancel of its own ended cancelled by any request that came after its
// last wait, and its value was lost.
SKEIN_TEST_CASE("task: a cancel of its own that it swallowed does not make a later one win (G5)",
                "[core][task]") {
  auto const own = skein::create_future<>();
  for (bool const at_a_future : {false, true}) {
    auto const task = skein::create_task([&]() -> skein::coro<int> {
      auto const me = skein::current_task();
      me.cancel();
      try {
        if (at_a_future) {
          co_await own;
        } else {
          co_await skein::sleep(1000h);
        }
      } catch (skein::cancelled_error const&) {
      }
      std::thread{[me] { me.cancel(); }}.join();  // after the last wait
      co_return 5;
    });
    REQUIRE(co_await task == 5);
    REQUIRE_FALSE(task.cancelled());
  }
  REQUIRE(own.cancelled());
}
