// SPDX-License-Identifier: Apache-2.0
// task_group_cancel_test.cpp: groups that are cancelled, by themselves and by others, in every combination.
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
