// SPDX-License-Identifier: Apache-2.0
// task_group_test.cpp: what a group waits for, what it throws, and whose cancellation it swallows.
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

static_assert(std::is_move_constructible_v<task_group>);
static_assert(!std::is_copy_constructible_v<task_group>);

namespace {

struct key_error : std::runtime_error {
  using std::runtime_error::runtime_error;
};

skein::coro<int> after(skein::delay d, int value) {
  co_await skein::sleep(d);
  co_return value;
}
skein::coro<> for_ever() { co_await skein::sleep(1000h); }
skein::coro<> fails() {
  throw std::runtime_error{"child"};
  co_return;
}
skein::coro<> fails_with(skein::future<> when, std::string text) {
  co_await when;
  throw std::runtime_error{text};
}

/// Waits for ever; when it is cancelled, waits for the future, and then throws what it caught or the error.
skein::coro<> cleans_up(skein::future<> held, std::string error) {
  std::exception_ptr caught;
  try {
    co_await skein::sleep(1000h);
  } catch (skein::cancelled_error const&) {
    caught = std::current_exception();
  }
  if (held) {
    co_await held;
  }
  if (!error.empty()) {
    throw key_error{error};
  }
  std::rethrow_exception(caught);
}

std::string text_of(std::exception_ptr const& error) {
  try {
    std::rethrow_exception(error);
  } catch (std::exception const& e) {
    return e.what();
  } catch (...) {
    return "?";
  }
}

using words = std::vector<std::string>;

/// The texts of the errors that the group of a body throws; nothing when it throws none.
template <class F>
skein::coro<words> errors_of(F body) {
  words texts;
  try {
    co_await skein::with(task_group{}, body);
  } catch (skein::exception_group const& group) {
    for (std::exception_ptr const& error : group.exceptions()) {
      texts.push_back(text_of(error));
    }
  }
  co_return texts;
}

int requests() { return skein::current_task().cancelling(); }

}  // namespace

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
    skein::coro<> spawn() {
      struct count {
        std::atomic<int>& n;
        ~count() { n.fetch_add(1); }
      } const counted{left};
      entered.fetch_add(1);
      co_await skein::sleep(std::chrono::microseconds{50});
      try {
        group.create_task(spawn());
        group.create_task(spawn());
      } catch (std::runtime_error const& e) {
        refused.fetch_add(std::string{e.what()}.find("shutting down") != std::string::npos ? 1 : 1000);
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
  REQUIRE(all->refused.load() < 1000);
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

SKEIN_TEST_CASE("task_group: cancelled twice while it waits, a task is cancelled once (TG-020)",
                "[core][task_group]") {
  auto const held = skein::create_future<>();
  std::atomic<int> seen{0};
  int at_end = 0;
  auto const parent = skein::create_task([&]() -> skein::coro<> {
    try {
      co_await skein::with(task_group{}, [&](task_group& group) -> skein::coro<> {
        group.create_task([&]() -> skein::coro<> {
          for (int i = 0; i < 2; ++i) {
            try {
              co_await (i == 0 ? skein::sleep(1000h) : skein::sleep(0s));
            } catch (skein::cancelled_error const&) {
              seen.fetch_add(1);
            }
          }
          co_await held;
        });
        co_return;
      });
    } catch (skein::cancelled_error const&) {
      at_end = requests();
      throw;
    }
  });
  co_await all_tasks_blocked();
  parent.cancel();
  co_await all_tasks_blocked();
  parent.cancel();
  co_await all_tasks_blocked();
  REQUIRE_FALSE(parent.done());
  REQUIRE_FALSE(held.cancelled());
  held.set_result();
  REQUIRE_THROWS_AS(co_await parent, skein::cancelled_error);
  REQUIRE(seen.load() == 1);
  REQUIRE(at_end == 2);
}

SKEIN_TEST_CASE_1W(
    "task_group: an error and a cancel of the parent in one turn: the error comes out (TG-021)",
    "[core][task_group]") {
  auto const go = skein::create_future<>();
  int inside = 0;
  auto const parent = skein::create_task([&]() -> skein::coro<> {
    try {
      co_await skein::with(task_group{}, [&](task_group& group) -> skein::coro<> {
        group.create_task(fails_with(go, "child"));
        co_await skein::sleep(1000h);
      });
    } catch (skein::exception_group const&) {
      inside = requests();
      throw;
    }
  });
  co_await all_tasks_blocked();
  go.set_result();
  co_await skein::sleep(0s);
  parent.cancel();
  REQUIRE_THROWS_AS(co_await parent, skein::exception_group);
  REQUIRE_FALSE(parent.cancelled());
  REQUIRE(inside == 1);
}

SKEIN_TEST_CASE("task_group: an error that was recorded is not dropped for a cancellation (TG-021, B17)",
                "[core][task_group]") {
  for (int round = 0; round < 30; ++round) {
    auto const go = skein::create_future<>();
    std::atomic<bool> handled{false};
    std::atomic<bool> failed{false};
    std::atomic<bool> reached{false};
    auto const parent = skein::create_task([&]() -> skein::coro<> {
      try {
        co_await skein::with(task_group{}, [&](task_group& group) -> skein::coro<> {
          group.create_task([&]() -> skein::coro<> {
            co_await go;
            failed.store(true);
            throw std::runtime_error{"child"};
          });
          co_await skein::sleep(1000h);
        });
      } catch (skein::exception_group const&) {
        handled.store(true);
      }
      co_await skein::sleep(1000h);
      reached.store(true);
    });
    co_await all_tasks_blocked();
    auto const setter = skein::create_task([&]() -> skein::coro<> {
      go.try_set_result();
      co_return;
    });
    auto const canceller = skein::create_task([&]() -> skein::coro<> {
      parent.cancel();
      co_return;
    });
    co_await setter;
    co_await canceller;
    REQUIRE_THROWS_AS(co_await parent, skein::cancelled_error);
    REQUIRE(handled.load() == failed.load());
    REQUIRE_FALSE(reached.load());
  }
}

SKEIN_TEST_CASE(
    "task_group: a body that replaces its cancellation by an error leaves the count as it was (B17)",
    "[core][task_group]") {
  auto const texts = co_await errors_of([](task_group& group) -> skein::coro<> {
    group.create_task(fails());
    bool cancelled = false;
    try {
      co_await skein::sleep(1000h);
    } catch (skein::cancelled_error const&) {
      cancelled = true;
    }
    throw std::runtime_error{cancelled ? "replaced" : "early"};
  });
  REQUIRE(texts == words{"child", "replaced"});
  REQUIRE(requests() == 0);
  co_await skein::sleep(0s);
}

SKEIN_TEST_CASE(
    "task_group: an inner error and an outer cancel together: the cancel is still delivered (B17)",
    "[core][task_group]") {
  for (bool const cancel_first : {true, false}) {
    auto const go = skein::create_future<>();
    skein::task<> sibling;
    bool reached = false;
    auto const parent = skein::create_task([&]() -> skein::coro<> {
      co_await skein::with(task_group{}, [&](task_group& outer) -> skein::coro<> {
        sibling = outer.create_task(for_ever());
        static_cast<void>(co_await errors_of([&](task_group& inner) -> skein::coro<> {
          inner.create_task(fails_with(go, "inner"));
          co_await skein::sleep(1000h);
        }));
        co_await skein::sleep(1000h);
        reached = true;
      });
      reached = true;
    });
    co_await all_tasks_blocked();
    if (cancel_first) {
      parent.cancel();
      go.try_set_result();
    } else {
      go.set_result();
      parent.cancel();
    }
    REQUIRE_THROWS_AS(co_await parent, skein::cancelled_error);
    REQUIRE(parent.cancelled());
    REQUIRE(sibling.cancelled());
    REQUIRE_FALSE(reached);
  }
}

SKEIN_TEST_CASE("task_group: tasks that end, fail or cancel as soon as they are made (B18)",
                "[core][task_group]") {
  for (int round = 0; round < 20; ++round) {
    std::atomic<int> ran{0};
    co_await skein::with(task_group{}, [&](task_group& group) -> skein::coro<> {
      for (int i = 0; i < 20; ++i) {
        group.create_task([&]() -> skein::coro<> {
          ran.fetch_add(1);
          co_return;
        });
      }
      co_return;
    });
    REQUIRE(ran.load() == 20);
    auto const texts = co_await errors_of([](task_group& group) -> skein::coro<> {
      group.create_task(fails());
      co_await skein::sleep(1000h);
    });
    REQUIRE(texts == words{"child"});
    auto const parent = skein::current_task();
    bool cancelled = false;
    try {
      co_await skein::with(task_group{}, [&](task_group& group) -> skein::coro<> {
        group.create_task([&]() -> skein::coro<> {
          parent.cancel();
          co_return;
        });
        co_await skein::sleep(1000h);
      });
    } catch (skein::cancelled_error const&) {
      cancelled = true;
    }
    REQUIRE(cancelled);
    REQUIRE(parent.uncancel() == 0);
  }
}

SKEIN_TEST_CASE("task_group: a loop around an empty one can be cancelled (B20)", "[core][task_group]") {
  auto const looping = skein::create_task([]() -> skein::coro<> {
    while (true) {
      co_await skein::with(task_group{}, []() -> skein::coro<> { co_return; });
    }
  });
  for (int i = 0; i < 10; ++i) {
    co_await skein::sleep(0s);
  }
  looping.cancel();
  REQUIRE_THROWS_AS(co_await looping, skein::cancelled_error);
}

SKEIN_TEST_CASE("task_group: cancel ends body and tasks without an error", "[core][task_group]") {
  skein::task<> child;
  bool body_cancelled = false;
  co_await skein::with(task_group{}, [&](task_group& group) -> skein::coro<> {
    child = group.create_task(for_ever());
    group.create_task([&]() -> skein::coro<> {
      co_await skein::sleep(0s);
      group.cancel();
      group.cancel();
    });
    try {
      co_await skein::sleep(1000h);
    } catch (skein::cancelled_error const&) {
      body_cancelled = true;
      throw;
    }
  });
  REQUIRE(child.done());
  REQUIRE(body_cancelled);
  REQUIRE(requests() == 0);
  co_await skein::sleep(0s);
  // by the body itself, which then still goes on to its next wait
  co_await skein::with(task_group{}, [&](task_group& group) -> skein::coro<> {
    group.create_task(for_ever());
    group.cancel();
    REQUIRE_THROWS_WITH(group.create_task(for_ever()), Catch::Contains("shutting down"));
    co_return;
  });
  co_await skein::sleep(0s);
  REQUIRE(requests() == 0);
}

SKEIN_TEST_CASE("task_group: cancelled before it is entered, it is cancelled at its entry",
                "[core][task_group]") {
  task_group group;
  group.cancel();
  bool reached = false;
  co_await skein::with(group, [&]() -> skein::coro<> {
    co_await skein::sleep(1000h);
    reached = true;
  });
  REQUIRE_FALSE(reached);
  REQUIRE(requests() == 0);
  group.cancel();  // after its end: nothing
  co_await skein::sleep(0s);
}

SKEIN_TEST_CASE("task_group: cancelled, it still throws errors, and keeps requests of others",
                "[core][task_group]") {
  auto const texts = co_await errors_of([](task_group& group) -> skein::coro<> {
    group.create_task(cleans_up({}, "cleanup"));
    co_await all_tasks_blocked();
    group.cancel();
    throw std::runtime_error{"body"};
  });
  REQUIRE(texts == words{"cleanup", "body"});
  auto const held = skein::create_future<>();
  auto const started = skein::create_future<>();
  auto const task = skein::create_task([held, started]() -> skein::coro<> {
    co_await skein::with(task_group{}, [&](task_group& group) -> skein::coro<> {
      group.create_task([&]() -> skein::coro<> {
        started.set_result();
        co_await cleans_up(held, {});
      });
      co_await started;
      group.cancel();
    });
  });
  co_await all_tasks_blocked();
  task.cancel();
  held.set_result();
  REQUIRE_THROWS_AS(co_await task, skein::cancelled_error);
  REQUIRE(task.cancelled());
}

SKEIN_TEST_CASE("task_group: cancelling the parent cancels the tasks, in the body and in the exit",
                "[core][task_group]") {
  for (bool const in_body : {true, false}) {
    skein::task<> child;
    auto const parent = skein::create_task([&]() -> skein::coro<> {
      co_await skein::with(task_group{}, [&](task_group& group) -> skein::coro<> {
        child = group.create_task(for_ever());
        if (in_body) {
          co_await skein::sleep(1000h);
        }
      });
    });
    co_await all_tasks_blocked();
    parent.cancel("enough");
    REQUIRE_THROWS_AS(co_await parent, skein::cancelled_error);
    REQUIRE(child.cancelled());
    REQUIRE(parent.cancelled());
    REQUIRE(parent.cancelling() == 1);
  }
}

SKEIN_TEST_CASE("task_group: a request that was swallowed before it does not count", "[core][task_group]") {
  auto const task = skein::create_task([]() -> skein::coro<> {
    skein::current_task().cancel();
    try {
      co_await skein::sleep(1000h);
    } catch (skein::cancelled_error const&) {
    }
    auto const texts = co_await errors_of([](task_group& group) -> skein::coro<> {
      group.create_task(fails());
      co_await skein::sleep(1000h);
    });
    REQUIRE(texts == words{"child"});
    co_await skein::sleep(1ms);
    REQUIRE(requests() == 1);
  });
  co_await task;
}

SKEIN_TEST_CASE("task_group: in a branch of when_all an error cancels its branch only",
                "[core][task_group]") {
  auto const go = skein::create_future<>();
  auto const group_in = [&](skein::future<> done) -> skein::coro<words> {
    auto texts = co_await errors_of([](task_group& group) -> skein::coro<> {
      group.create_task(fails());
      co_await skein::sleep(1000h);
    });
    done.try_set_result();
    co_return texts;
  };
  auto const waits = [](skein::future<> until) -> skein::coro<int> {
    co_await until;
    co_return 1;
  };
  auto const [one, two, three] = co_await skein::when_all(group_in(go), waits(go), group_in(go));
  REQUIRE(one == words{"child"});
  REQUIRE(two == 1);
  REQUIRE(three == words{"child"});
  REQUIRE(requests() == 0);
}

SKEIN_TEST_CASE("task_group: inside a timeout it is cancelled in time, and the other way round",
                "[core][task_group]") {
  skein::task<> child;
  REQUIRE_THROWS_AS(co_await skein::with(skein::timeout(1ms),
                                         [&]() -> skein::coro<> {
                                           co_await skein::with(task_group{},
                                                                [&](task_group& group) -> skein::coro<> {
                                                                  child = group.create_task(for_ever());
                                                                  co_return;
                                                                });
                                         }),
                    skein::timeout_error);
  REQUIRE(child.cancelled());
  auto const texts = co_await errors_of([](task_group& group) -> skein::coro<> {
    group.create_task(fails());
    co_await skein::with(skein::timeout(1h), for_ever);
  });
  REQUIRE(texts == words{"child"});
  REQUIRE(requests() == 0);
}

TEST_CASE("task_group: one that goes without being left cancels its tasks and reports",
          "[core][task_group]") {
  std::atomic<int> reports{0};
  skein::run(
      [&]() -> skein::coro<> {
        skein::runtime::current().set_exception_handler(
            [&](skein::event_loop&, skein::exception_context const& context) {
              reports.fetch_add(context.message.find("unfinished task") != std::string::npos ? 1 : 100);
            });
        skein::task<> child;
        {
          task_group group;
          co_await group.aenter();
          child = group.create_task(for_ever());
          co_await all_tasks_blocked();
        }
        REQUIRE_THROWS_AS(co_await child, skein::cancelled_error);
      },
      {.workers = 2});
  REQUIRE(reports.load() == 1);
}

TEST_CASE("task_group: spawns, errors, cancels and ends on all cores lose nothing (B24)",
          "[core][task_group]") {
  std::atomic<int> entered{0};
  std::atomic<int> left{0};
  std::atomic<int> wrong{0};
  skein::run(
      [&]() -> skein::coro<> {
        for (int round = 0; round < 200; ++round) {
          auto const parent = skein::create_task([&, round]() -> skein::coro<> {
            try {
              co_await skein::with(task_group{}, [&](task_group& group) -> skein::coro<> {
                for (int i = 0; i < 6; ++i) {
                  group.create_task([&, i]() -> skein::coro<> {
                    struct count {
                      std::atomic<int>& n;
                      ~count() { n.fetch_add(1); }
                    } const counted{left};
                    entered.fetch_add(1);
                    co_await skein::sleep(std::chrono::microseconds{i * round % 30});
                    if (i == round % 9) {
                      throw std::runtime_error{"x"};
                    }
                    if (i == round % 7) {
                      group.cancel();
                    }
                  });
                }
                co_await skein::sleep(std::chrono::microseconds{round % 40});
              });
            } catch (skein::exception_group const&) {
              wrong.fetch_add(entered.load() == left.load() ? 0 : 1);
            } catch (std::runtime_error const&) {
              wrong.fetch_add(1000);
            }
            co_await skein::sleep(1000h);
          });
          co_await skein::sleep(std::chrono::microseconds{round % 50});
          parent.cancel();
          bool cancelled = false;
          try {
            co_await parent;
          } catch (skein::cancelled_error const&) {
            cancelled = true;
          } catch (skein::exception_group const&) {
            wrong.fetch_add(1);
          }
          wrong.fetch_add(cancelled && entered.load() == left.load() ? 0 : 1);
        }
      },
      {.workers = 4});
  REQUIRE(wrong.load() == 0);
}
