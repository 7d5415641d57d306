// SPDX-License-Identifier: Apache-2.0
// task_group_test.cpp: what a group waits for, what it throws, and whose cancellation it swallows.
#include "group_bodies.hpp"

#include <support/test_case.hpp>

#include <skein/core/gather.hpp>
#include <skein/core/sleep.hpp>
#include <skein/core/task_group.hpp>
#include <skein/core/timeout.hpp>
#include <skein/core/when_all.hpp>

#include <atomic>
#include <memory>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <vector>

using namespace std::chrono_literals;
using skein::task_group;
using namespace group_test;

static_assert(std::is_move_constructible_v<task_group>);
static_assert(!std::is_copy_constructible_v<task_group>);

SKEIN_TEST_CASE("task_group: it waits for all tasks, whose results can be read then (TG-001)",
                "[core][task_group]") {
  skein::task<int> a;
  skein::task<int> b;
  skein::task<int> c;
  int const given = co_await skein::with(task_group{}, [&](task_group& group) -> skein::coro<int> {
    a = group.create_task(after(2ms, 42));
    co_await skein::sleep(0s);
    b = group.create_task([](int n) { return after(1ms, n); }, 11);
    c = group.create_task(skein::task_options{.name = "c"}, [] { return after(0s, 3); });
    co_return 5;
  });
  REQUIRE(given == 5);
  REQUIRE(a.result() + b.result() + c.result() == 56);
}

SKEIN_TEST_CASE("task_group: a task that is cancelled, or throws that, is no error (TG-002)",
                "[core][task_group]") {
  auto const cancelled = skein::create_future<>();
  cancelled.cancel();
  skein::task<int> sibling;
  auto const texts = co_await errors_of([&](task_group& group) -> skein::coro<> {
    auto const asked = group.create_task(for_ever());
    group.create_task([]() -> skein::coro<> {
      throw skein::cancelled_error{};
      co_return;
    });
    group.create_task([&]() -> skein::coro<> { co_await cancelled; });
    sibling = group.create_task(after(2ms, 1));
    co_await skein::sleep(0s);
    asked.cancel();
  });
  REQUIRE(texts.empty());
  REQUIRE(sibling.result() == 1);
  REQUIRE(requests() == 0);
}

SKEIN_TEST_CASE("task_group: an error cancels the others and is thrown in a group (TG-003)",
                "[core][task_group]") {
  skein::task<> other;
  bool cleaned = false;
  bool after_block = false;
  auto const outer = [&]() -> skein::coro<> {
    co_await skein::with(task_group{}, [&](task_group& group) -> skein::coro<> {
      other = group.create_task([&]() -> skein::coro<> {
        bool cancelled = false;
        try {
          co_await skein::sleep(1000h);
        } catch (skein::cancelled_error const&) {
          cancelled = true;
        }
        co_await skein::sleep(1ms);
        cleaned = cancelled;
        throw skein::cancelled_error{};
      });
      co_await skein::sleep(0s);
      group.create_task(fails());
    });
    after_block = true;
  };
  std::string message;
  try {
    co_await outer();
  } catch (skein::exception_group const& group) {
    message = group.message();
    REQUIRE(group.exceptions().size() == 1);
    REQUIRE(text_of(group.exceptions()[0]) == "child");
  }
  REQUIRE(message == "unhandled errors in a TaskGroup");
  REQUIRE(other.cancelled());
  REQUIRE(cleaned);
  REQUIRE_FALSE(after_block);
}

SKEIN_TEST_CASE("task_group: an error cancels the body, and only the group comes out (TG-004)",
                "[core][task_group]") {
  bool seen = false;
  auto const texts = co_await errors_of([&](task_group& group) -> skein::coro<> {
    group.create_task(fails());
    try {
      co_await skein::sleep(1000h);
    } catch (skein::cancelled_error const&) {
      seen = true;
      throw;
    }
  });
  REQUIRE(seen);
  REQUIRE(texts == words{"child"});
  REQUIRE(requests() == 0);
}

SKEIN_TEST_CASE("task_group: a body that swallows its cancellation is not cancelled again (TG-005)",
                "[core][task_group]") {
  bool went_on = false;
  auto const texts = co_await errors_of([&](task_group& group) -> skein::coro<> {
    group.create_task(fails());
    try {
      co_await skein::sleep(1000h);
    } catch (skein::cancelled_error const&) {
    }
    co_await skein::sleep(1ms);
    went_on = true;
    REQUIRE_THROWS_WITH(group.create_task(for_ever()), Catch::Contains("shutting down"));
  });
  REQUIRE(went_on);
  REQUIRE(texts == words{"child"});
  REQUIRE(requests() == 0);
}

SKEIN_TEST_CASE("task_group: errors win over the cancellation of the parent (TG-006)", "[core][task_group]") {
  for (bool const in_body : {true, false}) {
    auto const task = skein::create_task([in_body]() -> skein::coro<> {
      co_await skein::with(task_group{}, [in_body](task_group& group) -> skein::coro<> {
        group.create_task(cleans_up({}, "cleanup"));
        group.create_task(cleans_up({}, "cleanup"));
        if (in_body) {
          co_await skein::sleep(1000h);
        }
      });
    });
    co_await all_tasks_blocked();
    task.cancel();
    REQUIRE_THROWS_AS(co_await task, skein::exception_group);
    REQUIRE_THROWS_WITH(task.result(), Catch::Contains("2 sub-exceptions"));
  }
}

SKEIN_TEST_CASE("task_group: a request that met an error is delivered at the next wait (TG-007, B17)",
                "[core][task_group]") {
  int inside = 0;
  bool thrown = false;
  auto const task = skein::create_task([&]() -> skein::coro<> {
    auto const texts = co_await errors_of([](task_group& group) -> skein::coro<> {
      group.create_task(cleans_up({}, "cleanup"));
      co_await skein::sleep(1000h);
    });
    REQUIRE(texts == words{"cleanup"});
    inside = requests();
    try {
      co_await skein::sleep(1000h);
    } catch (skein::cancelled_error const&) {
      thrown = true;
      throw;
    }
  });
  co_await all_tasks_blocked();
  task.cancel();
  REQUIRE_THROWS_AS(co_await task, skein::cancelled_error);
  REQUIRE(inside == 1);
  REQUIRE(thrown);
  REQUIRE(task.cancelled());
}

SKEIN_TEST_CASE("task_group: an error of the body cancels the tasks and is in the group (TG-008)",
                "[core][task_group]") {
  for (bool const suspends : {false, true}) {
    skein::task<> child;
    auto const texts = co_await errors_of([&](task_group& group) -> skein::coro<> {
      child = group.create_task(for_ever());
      if (suspends) {
        co_await skein::sleep(0s);
      }
      throw std::runtime_error{"body"};
    });
    REQUIRE(texts == words{"body"});
    REQUIRE(child.cancelled());
  }
}

SKEIN_TEST_CASE("task_group: the body's error is the last one (TG-009)", "[core][task_group]") {
  auto const texts = co_await errors_of([](task_group& group) -> skein::coro<> {
    group.create_task(cleans_up({}, "key"));
    co_await all_tasks_blocked();
    throw std::runtime_error{"value"};
  });
  REQUIRE(texts == words{"key", "value"});
}

SKEIN_TEST_CASE_1W("task_group: errors of tasks come in the order the tasks ended (TG-009)",
                   "[core][task_group]") {
  auto const first = skein::create_future<>();
  auto const second = skein::create_future<>();
  auto const texts = co_await errors_of([&](task_group& group) -> skein::coro<> {
    group.create_task(fails_with(second, "b"));
    group.create_task(fails_with(first, "a"));
    co_await all_tasks_blocked();
    first.set_result();
    second.set_result();
    co_await skein::sleep(1000h);
  });
  REQUIRE(texts == words{"a", "b"});
}

SKEIN_TEST_CASE_1W(
    "task_group: an inner and an outer error in one turn are handled each at its group (TG-010)",
    "[core][task_group]") {
  auto const go = skein::create_future<>();
  int after_inner = -1;
  words inner;
  auto const outer = co_await errors_of([&](task_group& group) -> skein::coro<> {
    group.create_task(fails_with(go, "outer"));
    inner = co_await errors_of([&](task_group& nested) -> skein::coro<> {
      nested.create_task(fails_with(go, "inner"));
      co_await all_tasks_blocked();
      go.set_result();
      co_await skein::sleep(1000h);
    });
    after_inner = requests();
  });
  REQUIRE(inner == words{"inner"});
  REQUIRE(outer == words{"outer"});
  REQUIRE(after_inner == 1);
  REQUIRE(requests() == 0);
  co_await skein::sleep(0s);
}

SKEIN_TEST_CASE("task_group: an error that stops the loop comes out as it is, after all ended (TG-011)",
                "[core][task_group]") {
  skein::task<> other;
  bool stopped = false;
  try {
    co_await skein::with(task_group{}, [&](task_group& group) -> skein::coro<> {
      other = group.create_task(for_ever());
      group.create_task(fails());
      bool cancelled = false;
      try {
        co_await skein::sleep(1000h);
      } catch (skein::cancelled_error const&) {
        cancelled = true;
      }
      if (cancelled) {
        throw skein::keyboard_interrupt{};
      }
    });
  } catch (skein::keyboard_interrupt const&) {
    stopped = true;
  }
  REQUIRE(stopped);
  REQUIRE(other.done());
  REQUIRE(requests() == 0);
}

SKEIN_TEST_CASE("task_group: tasks that ended are forgotten while it is open (TG-012)",
                "[core][task_group]") {
  auto payload = std::make_shared<int>(0);
  co_await skein::with(task_group{}, [&](task_group& group) -> skein::coro<> {
    for (int round = 0; round < 100; ++round) {
      for (int i = 0; i < 10; ++i) {
        group.create_task([payload]() -> skein::coro<> { co_await skein::sleep(0s); });
      }
      co_await all_tasks_blocked();
      REQUIRE(group.size() == 0);
      REQUIRE(payload.use_count() == 1);
    }
    auto const held = skein::create_future<>();
    group.create_task([held]() -> skein::coro<> { co_await held; });
    REQUIRE(group.size() == 1);
    held.set_result();
  });
}

SKEIN_TEST_CASE("task_group: a task may make others after the body has ended (TG-013)",
                "[core][task_group]") {
  std::atomic<int> ran{0};
  co_await skein::with(task_group{}, [&](task_group& group) -> skein::coro<> {
    group.create_task([&]() -> skein::coro<> {
      co_await skein::sleep(1ms);
      group.create_task([&]() -> skein::coro<> {
        co_await skein::sleep(1ms);
        ran.fetch_add(1);
      });
    });
    co_return;
  });
  REQUIRE(ran.load() == 1);
}

SKEIN_TEST_CASE("task_group: tasks that make more and more are all ended by an error (TG-014)",
                "[core][task_group]") {
  struct spawner {
    task_group& group;
    std::atomic<int> entered{0};
    std::atomic<int> left{0};
    std::atomic<int> refused{0};
    std::atomic<int> wrong{0};
    skein::coro<> spawn() {
      struct count {
        std::atomic<int>& n;
        ~count() { n.fetch_add(1); }
      } const counted{left};
      entered.fetch_add(1);
      co_await skein::sleep(std::chrono::microseconds{50});
      try {
        group.create_task([this] { return spawn(); });
        group.create_task([this] { return spawn(); });
      } catch (std::runtime_error const& e) {
        (std::string{e.what()}.find("shutting down") != std::string::npos ? refused : wrong).fetch_add(1);
      }
      co_await skein::sleep(1000h);
    }
  };
  std::unique_ptr<spawner> all;
  auto const texts = co_await errors_of([&](task_group& group) -> skein::coro<> {
    all = std::make_unique<spawner>(group);
    group.create_task(all->spawn());
    group.create_task([&]() -> skein::coro<> {
      while (all->entered.load() < 10) {
        co_await skein::sleep(std::chrono::microseconds{50});
      }
      throw std::runtime_error{"enough"};
    });
    co_return;
  });
  REQUIRE(texts == words{"enough"});
  REQUIRE(all->entered.load() == all->left.load());
  REQUIRE(all->wrong.load() == 0);
}

SKEIN_TEST_CASE("task_group: it is entered once, and takes tasks only while it is open (TG-015)",
                "[core][task_group]") {
  task_group group;
  REQUIRE_THROWS_WITH(group.create_task(for_ever()), Catch::Contains("not been entered"));
  co_await skein::with(group, [&]() -> skein::coro<> {
    REQUIRE_THROWS_WITH(co_await skein::with(group, for_ever), Catch::Contains("already been entered"));
  });
  REQUIRE_THROWS_WITH(co_await skein::with(group, for_ever), Catch::Contains("already been entered"));
  REQUIRE_THROWS_WITH(group.create_task(for_ever()), Catch::Contains("finished"));
}

TEST_CASE("task_group: it cannot be entered outside of a task (TG-015)", "[core][task_group]") {
  skein::detail::group_core core;
  REQUIRE_THROWS_WITH(core.enter(), Catch::Contains("parent task"));
}

SKEIN_TEST_CASE("task_group: a name that is given to a task is set (TG-016)", "[core][task_group]") {
  co_await skein::with(task_group{}, [](task_group& group) -> skein::coro<> {
    skein::task_options named{.name = "yolo"};
    auto const a = group.create_task(after(0s, 1), named);
    auto const b = group.create_task(named, [] { return after(0s, 1); });
    REQUIRE(a.get_name() == "yolo");
    REQUIRE(b.get_name() == "yolo");
    co_return;
  });
}

SKEIN_TEST_CASE("task_group: an error of a task and one of a scope that is left in the body (TG-017)",
                "[core][task_group]") {
  struct broken_exit {
    skein::coro<> aenter() { co_return; }
    skein::coro<> aexit(std::exception_ptr) {
      co_await skein::sleep(0s);
      throw std::runtime_error{"exit"};
    }
  };
  auto const texts = co_await errors_of([](task_group& group) -> skein::coro<> {
    group.create_task(fails());
    co_await skein::with(broken_exit{}, for_ever);
  });
  REQUIRE(texts == words{"child", "exit"});
  REQUIRE(requests() == 0);
}

SKEIN_TEST_CASE("task_group: no cancellation leaks out of it (TG-018)", "[core][task_group]") {
  auto const texts = co_await errors_of([](task_group& group) -> skein::coro<> {
    group.create_task(fails());
    co_return;
  });
  REQUIRE(texts == words{"child"});
  co_await skein::sleep(0s);
  co_await skein::sleep(1ms);
  REQUIRE(requests() == 0);
}

SKEIN_TEST_CASE("task_group: handled and dropped, errors and frames are gone (TG-019)",
                "[core][task_group]") {
  struct counted_error : std::runtime_error {
    std::shared_ptr<int> alive;
    explicit counted_error(std::shared_ptr<int> a) : std::runtime_error{"x"}, alive{std::move(a)} {}
  };
  auto alive = std::make_shared<int>(0);
  try {
    co_await skein::with(task_group{}, [&](task_group& group) -> skein::coro<> {
      group.create_task([alive]() -> skein::coro<> {
        co_await skein::sleep(0s);
        throw counted_error{alive};
      });
      co_await skein::sleep(1000h);
    });
  } catch (skein::exception_group const&) {
  }
  co_await all_tasks_blocked();
  REQUIRE(alive.use_count() == 1);
}

SKEIN_TEST_CASE("task_group: an eager child that throws at once stops the body at its next wait (EAGER-007)",
                "[core][task_group]") {
  bool went_on = false;
  bool stopped = false;
  bool after_the_wait = false;
  auto const texts = co_await errors_of([&](task_group& group) -> skein::coro<> {
    auto const child = group.create_task(fails(), {.eager_start = true});
    REQUIRE(child.done());
    went_on = true;
    try {
      co_await skein::sleep(1000h);
      after_the_wait = true;
    } catch (skein::cancelled_error const&) {
      stopped = true;
      throw;
    }
  });
  REQUIRE(went_on);
  REQUIRE(stopped);
  REQUIRE_FALSE(after_the_wait);
  REQUIRE(texts == std::vector<std::string>{"child"});
  REQUIRE(skein::current_task().cancelling() == 0);
}
