// SPDX-License-Identifier: Apache-2.0
// timeout_test.cpp: scopes that cancel their body in time, and whose cancellation comes out of it.
#include <support/test_case.hpp>

#include <skein/core/create_task.hpp>
#include <skein/core/executor.hpp>
#include <skein/core/run.hpp>
#include <skein/core/sleep.hpp>
#include <skein/core/timeout.hpp>
#include <skein/core/when_all.hpp>
#include <skein/core/with.hpp>

#include <atomic>
#include <random>
#include <stdexcept>
#include <thread>
#include <type_traits>
#include <vector>

using namespace std::chrono_literals;
using skein::timeout_scope;

static_assert(std::is_move_constructible_v<timeout_scope>);
static_assert(!std::is_copy_constructible_v<timeout_scope>);

namespace {

skein::coro<> for_ever() { co_await skein::sleep(1000h); }

/// Waits for ever and swallows being cancelled, once.
skein::coro<bool> swallows() {
  bool cancelled = false;
  try {
    co_await skein::sleep(1000h);
  } catch (skein::cancelled_error const&) {
    cancelled = true;
  }
  co_return cancelled;
}

/// A task that has swallowed one cancel, and goes on with f.
template <class F>
skein::task<> after_a_cancel(F f) {
  return skein::create_task([f]() -> skein::coro<> {
    skein::current_task().cancel();
    static_cast<void>(co_await swallows());
    co_await f();
  });
}

}  // namespace

SKEIN_TEST_CASE("timeout: it throws timeout_error out of the block when the time is up (TMO-001)",
                "[core][timeout]") {
  auto scope = skein::timeout(2ms);
  auto const start = skein::clock::now();
  REQUIRE_THROWS_AS(co_await skein::with(scope, for_ever), skein::timeout_error);
  REQUIRE(skein::clock::now() - start >= 2ms);
  REQUIRE(scope.expired());
  REQUIRE(skein::current_task().cancelling() == 0);
  auto const deadline = skein::clock::now() + 2ms;
  auto at = skein::timeout_at(deadline);
  REQUIRE(at.when() == deadline);
  REQUIRE_THROWS_AS(co_await skein::with(at, for_ever), skein::timeout_error);
  REQUIRE(skein::clock::now() >= deadline);
}

SKEIN_TEST_CASE("timeout: a body that ends early leaves no timer (TMO-002)", "[core][timeout]") {
  auto scope = skein::timeout(1h);
  REQUIRE(co_await skein::with(scope, []() -> skein::coro<int> {
            co_await skein::sleep(0s);
            co_return 3;
          }) == 3);
  REQUIRE_FALSE(scope.expired());
  REQUIRE(scope.when() > skein::clock::now());
  auto const before = skein::clock::now();
  co_await all_tasks_blocked();
  REQUIRE(skein::clock::now() - before < 30min);  // virtual time jumps to a timer that is left
}

SKEIN_TEST_CASE("timeout: of nothing it never comes (TMO-003)", "[core][timeout]") {
  auto scope = skein::timeout(std::nullopt);
  REQUIRE_FALSE(scope.when().has_value());
  auto at = skein::timeout_at(std::nullopt);
  REQUIRE_FALSE(at.when().has_value());
  co_await skein::with(scope, [&]() -> skein::coro<> {
    co_await skein::with(at, []() -> skein::coro<> { co_await skein::sleep(1ms); });
  });
  REQUIRE_FALSE(scope.expired());
}

SKEIN_TEST_CASE("timeout: a deadline that has passed throws at the first suspension (TMO-004)",
                "[core][timeout]") {
  bool before = false;
  bool after = false;
  auto const body = [&]() -> skein::coro<> {
    before = true;
    co_await skein::sleep(0s);
    after = true;
  };
  for (int i = 0; i < 20; ++i) {
    auto zero = skein::timeout(0s);
    REQUIRE_THROWS_AS(co_await skein::with(zero, body), skein::timeout_error);
    REQUIRE(zero.expired());
    auto past = skein::timeout_at(skein::clock::now() - 1s);
    REQUIRE_THROWS_AS(co_await skein::with(past, body), skein::timeout_error);
  }
  REQUIRE(before);
  REQUIRE_FALSE(after);
  REQUIRE(skein::current_task().cancelling() == 0);
}

SKEIN_TEST_CASE("timeout: a body that does not suspend never turns into an error", "[core][timeout]") {
  auto zero = skein::timeout(0s);
  REQUIRE(co_await skein::with(zero, []() -> skein::coro<int> { co_return 4; }) == 4);
  REQUIRE(skein::current_task().cancelling() == 0);
  co_await skein::sleep(0s);
}

SKEIN_TEST_CASE("timeout: an inner one that is shorter is handled inside (TMO-005)", "[core][timeout]") {
  auto outer = skein::timeout(1h);
  bool handled = false;
  co_await skein::with(outer, [&]() -> skein::coro<> {
    try {
      co_await skein::with(skein::timeout(1ms), for_ever);
    } catch (skein::timeout_error const&) {
      handled = true;
    }
    co_await skein::sleep(1ms);
  });
  REQUIRE(handled);
  REQUIRE_FALSE(outer.expired());
}

SKEIN_TEST_CASE("timeout: a body that swallows its cancellation ends normally (TMO-006)", "[core][timeout]") {
  auto scope = skein::timeout(1ms);
  REQUIRE(co_await skein::with(scope, swallows));
  REQUIRE(scope.expired());
  REQUIRE(skein::current_task().cancelling() == 0);
  co_await skein::sleep(0s);
}

SKEIN_TEST_CASE("timeout: another error of the cleanup wins (TMO-007)", "[core][timeout]") {
  auto scope = skein::timeout(1ms);
  REQUIRE_THROWS_AS(co_await skein::with(scope,
                                         []() -> skein::coro<> {
                                           if (co_await swallows()) {
                                             throw std::out_of_range{"key"};
                                           }
                                         }),
                    std::out_of_range);
  REQUIRE(scope.expired());
  REQUIRE(skein::current_task().cancelling() == 0);
}

SKEIN_TEST_CASE("timeout: a cancel of the task itself is no timeout (TMO-008)", "[core][timeout]") {
  auto const task = skein::create_task([]() -> skein::coro<> {
    auto scope = skein::timeout(1h);
    bool cancelled = false;
    try {
      co_await skein::with(scope, []() -> skein::coro<> {
        skein::current_task().cancel();
        co_await skein::sleep(1000h);
      });
    } catch (skein::cancelled_error const&) {
      cancelled = true;
    }
    REQUIRE(cancelled);
    REQUIRE_FALSE(scope.expired());
    REQUIRE(skein::current_task().cancelling() == 1);
  });
  co_await task;
}

TEST_CASE("timeout: a request of others and the deadline at one moment is a cancellation (TMO-009)",
          "[core][timeout]") {
  bool const cancel_first = GENERATE(true, false);
  skein::run(
      [cancel_first]() -> skein::coro<> {
        bool expired = false;
        int requests = 0;
        auto const due = skein::clock::now() + 10ms;
        skein::task<> task;
        auto const cancel = [&task] { task.cancel(); };
        auto& loop = skein::get_running_loop();
        if (cancel_first) {
          loop.call_at(due, cancel);
        }
        task = skein::create_task([&]() -> skein::coro<> {
          auto scope = skein::timeout_at(due);
          bool cancelled = false;
          try {
            co_await skein::with(scope, for_ever);
          } catch (skein::cancelled_error const&) {
            cancelled = true;
          }
          expired = scope.expired();
          requests = skein::current_task().cancelling();
          if (cancelled) {
            throw skein::cancelled_error{};
          }
        });
        co_await skein::sleep(0s);
        if (!cancel_first) {
          loop.call_at(due, cancel);
        }
        REQUIRE_THROWS_AS(co_await task, skein::cancelled_error);
        REQUIRE(task.cancelled());
        REQUIRE(expired);
        REQUIRE(requests == 1);
      },
      {.workers = 1, .virtual_time = true});
}

SKEIN_TEST_CASE("timeout: while a request of others is outstanding it never says timeout (TMO-009)",
                "[core][timeout]") {
  int wrong = 0;
  for (int round = 0; round < 50; ++round) {
    auto const task = skein::create_task([round]() -> skein::coro<> {
      co_await skein::with(skein::timeout(std::chrono::microseconds{50 + round}), for_ever);
    });
    co_await skein::sleep(std::chrono::microseconds{50});
    bool const asked = task.cancel();
    bool cancelled = false;
    try {
      co_await task;
    } catch (skein::cancelled_error const&) {
      cancelled = true;
    } catch (skein::timeout_error const&) {
    }
    // A timeout that came first may have been converted before the request came.
    wrong += cancelled && !asked ? 1 : 0;
    wrong += !cancelled && task.cancelled() ? 1 : 0;
  }
  REQUIRE(wrong == 0);
}

SKEIN_TEST_CASE("timeout: a cancel that was swallowed before it does not count (TMO-010)",
                "[core][timeout]") {
  co_await after_a_cancel([]() -> skein::coro<> {
    REQUIRE(skein::current_task().cancelling() == 1);
    REQUIRE_THROWS_AS(co_await skein::with(skein::timeout(0s), for_ever), skein::timeout_error);
    REQUIRE_THROWS_AS(co_await skein::with(skein::timeout(1ms), for_ever), skein::timeout_error);
    REQUIRE(skein::current_task().cancelling() == 1);
    co_await skein::sleep(0s);
  });
}

SKEIN_TEST_CASE("timeout: a cancel inside, after one that was swallowed, is no timeout (TMO-011)",
                "[core][timeout]") {
  auto const task = after_a_cancel([]() -> skein::coro<> {
    co_await skein::with(skein::timeout(1h), []() -> skein::coro<> {
      skein::current_task().cancel();
      co_await skein::sleep(1000h);
    });
  });
  REQUIRE_THROWS_AS(co_await task, skein::cancelled_error);
}

SKEIN_TEST_CASE("timeout: the deadline moves only while the body runs (TMO-012)", "[core][timeout]") {
  auto scope = skein::timeout(1h);
  REQUIRE_THROWS_WITH(scope.reschedule(std::nullopt), Catch::Contains("not been entered"));
  co_await skein::with(scope, [](timeout_scope& s) -> skein::coro<> {
    s.reschedule(std::nullopt);
    REQUIRE_FALSE(s.when().has_value());
    s.reschedule(skein::clock::now() + 1h);
    co_await skein::sleep(0s);
  });
  REQUIRE_THROWS_WITH(scope.reschedule(std::nullopt), Catch::Contains("finished"));
  auto late = skein::timeout(1ms);
  REQUIRE_THROWS_AS(co_await skein::with(late,
                                         [](timeout_scope& s) -> skein::coro<> {
                                           bool const cancelled = co_await swallows();
                                           REQUIRE_THROWS_WITH(s.reschedule(std::nullopt),
                                                               Catch::Contains("expiring"));
                                           if (cancelled) {
                                             throw skein::cancelled_error{};
                                           }
                                         }),
                    skein::timeout_error);
  REQUIRE_THROWS_WITH(late.reschedule(std::nullopt), Catch::Contains("expired"));
}

SKEIN_TEST_CASE("timeout: it can be put off, and brought forward by another task", "[core][timeout]") {
  auto const start = skein::clock::now();
  REQUIRE_THROWS_AS(co_await skein::with(skein::timeout(1h),
                                         [&](timeout_scope& s) -> skein::coro<> {
                                           s.reschedule(skein::clock::now() + 15ms);
                                           s.reschedule(start + 25ms);
                                           co_await skein::sleep(1000h);
                                         }),
                    skein::timeout_error);
  REQUIRE(skein::clock::now() - start >= 25ms);
  for (auto const to : {skein::clock::time_point{}, skein::clock::now() + 1ms}) {
    auto scope = skein::timeout(1000h);
    auto const other = skein::create_task([&scope, to]() -> skein::coro<> {
      while (true) {
        try {
          scope.reschedule(to);
          break;
        } catch (std::runtime_error const&) {
        }
        co_await skein::sleep(0s);
      }
    });
    REQUIRE_THROWS_AS(co_await skein::with(scope, for_ever), skein::timeout_error);
    co_await other;
  }
}

SKEIN_TEST_CASE_1W("timeout: put off in the turn in which it is due, it does not come", "[core][timeout]") {
  auto scope = skein::timeout(1h);
  bool timed_out = false;
  try {
    co_await skein::with(scope, [](timeout_scope& s) -> skein::coro<> {
      s.reschedule(skein::clock::now());  // queued behind nothing
      s.reschedule(skein::clock::now() + 1h);
      co_await skein::sleep(1ms);
    });
  } catch (skein::timeout_error const&) {
    timed_out = true;
  }
  REQUIRE_FALSE(timed_out);
  REQUIRE_FALSE(scope.expired());
}

SKEIN_TEST_CASE("timeout: it is entered once (TMO-013)", "[core][timeout]") {
  auto scope = skein::timeout(1h);
  co_await skein::with(scope, [&]() -> skein::coro<> {
    REQUIRE_THROWS_WITH(co_await skein::with(scope, for_ever), Catch::Contains("already been entered"));
  });
  REQUIRE_THROWS_WITH(co_await skein::with(scope, for_ever), Catch::Contains("already been entered"));
}

TEST_CASE("timeout: it cannot be entered outside of a task (TMO-013)", "[core][timeout]") {
  auto scope = skein::timeout(1h);
  REQUIRE_THROWS_WITH(scope.core().enter(), Catch::Contains("inside a task"));
  skein::run([&]() -> skein::coro<> { co_await skein::with(scope, []() -> skein::coro<> { co_return; }); });
  REQUIRE_FALSE(scope.expired());
}

SKEIN_TEST_CASE("timeout: one in the cleanup of another handles its own (TMO-014)", "[core][timeout]") {
  bool inner = false;
  REQUIRE_THROWS_AS(co_await skein::with(skein::timeout(1ms),
                                         [&]() -> skein::coro<> {
                                           bool const cancelled = co_await swallows();
                                           try {
                                             co_await skein::with(skein::timeout(1ms), for_ever);
                                           } catch (skein::timeout_error const&) {
                                             inner = true;
                                           }
                                           if (cancelled) {
                                             throw skein::cancelled_error{};
                                           }
                                         }),
                    skein::timeout_error);
  REQUIRE(inner);
  REQUIRE(skein::current_task().cancelling() == 0);
}

SKEIN_TEST_CASE("timeout: of 1,000 nested ones the earliest converts (TMO-015)", "[core][timeout]") {
  constexpr int depth = 1'000;
  constexpr int earliest = 400;
  struct nest {
    static skein::coro<> deep(int n, int* converted) {
      if (n == depth) {
        co_await skein::sleep(1000h);
        co_return;
      }
      try {
        co_await skein::with(skein::timeout(n == earliest ? 5ms : 1h + std::chrono::seconds{n}),
                             [n, converted] { return deep(n + 1, converted); });
      } catch (skein::timeout_error const&) {
        *converted = n;
      }
    }
  };
  int converted = 0;
  co_await nest::deep(0, &converted);
  REQUIRE(converted == earliest);
  REQUIRE(skein::current_task().cancelling() == 0);
  co_await skein::sleep(0s);
}

SKEIN_TEST_CASE("timeout: of several that are due together only the outermost converts", "[core][timeout]") {
  bool inner = false;
  auto const due = skein::clock::now();
  REQUIRE_THROWS_AS(co_await skein::with(skein::timeout_at(due),
                                         [&]() -> skein::coro<> {
                                           try {
                                             co_await skein::with(skein::timeout_at(due), for_ever);
                                           } catch (skein::timeout_error const&) {
                                             inner = true;
                                           }
                                         }),
                    skein::timeout_error);
  REQUIRE_FALSE(inner);
  REQUIRE(skein::current_task().cancelling() == 0);
  co_await skein::sleep(0s);
}

SKEIN_TEST_CASE("timeout: in branches of when_all each cancels its own branch", "[core][timeout]") {
  auto const go = skein::create_future<>();
  auto const limited = [](skein::delay d) -> skein::coro<int> {
    int result = 0;
    try {
      co_await skein::with(skein::timeout(d), for_ever);
    } catch (skein::timeout_error const&) {
      result = 1;
    }
    co_await skein::sleep(0s);
    co_return result;
  };
  auto const nested = [&limited]() -> skein::coro<int> {
    int result = 0;
    try {
      co_await skein::with(skein::timeout(3ms), [&]() -> skein::coro<> {
        auto const [one, two] = co_await skein::when_all(limited(1ms), limited(1000h));
        result = one + two;
      });
    } catch (skein::timeout_error const&) {
      result = 10;
    }
    co_return result;
  };
  auto const [a, b, c] = co_await skein::when_all(limited(1ms), nested(), limited(2ms));
  REQUIRE(a == 1);
  REQUIRE(b == 10);
  REQUIRE(c == 1);
  REQUIRE(skein::current_task().cancelling() == 0);
}

SKEIN_TEST_CASE("timeout: cancelling the task reaches a branch that has a timeout", "[core][timeout]") {
  auto const task = skein::create_task([]() -> skein::coro<> {
    auto const limited = []() -> skein::coro<> { co_await skein::with(skein::timeout(1h), for_ever); };
    co_await skein::when_all(limited(), limited());
  });
  co_await all_tasks_blocked();
  task.cancel();
  REQUIRE_THROWS_AS(co_await task, skein::cancelled_error);
  REQUIRE(task.cancelled());
}

TEST_CASE("timeout: deadlines, cancels and completions on other cores end each body once (B24)",
          "[core][timeout]") {
  std::atomic<int> ended{0};
  std::atomic<int> wrong{0};
  constexpr int width = 400;
  skein::run(
      [&]() -> skein::coro<> {
        std::mt19937 random{24};
        std::vector<skein::task<>> tasks;
        for (int i = 0; i < width; ++i) {
          unsigned const dice = static_cast<unsigned>(random());
          tasks.push_back(skein::create_task([&, dice]() -> skein::coro<> {
            bool cancelled = false;
            for (unsigned n = 0; n < 8 && !cancelled; ++n) {
              auto scope = skein::timeout(std::chrono::microseconds{(dice >> n) % 40});
              try {
                co_await skein::with(scope, [&](timeout_scope& s) -> skein::coro<> {
                  co_await skein::sleep(std::chrono::microseconds{dice % 40});
                  if ((dice & 256) != 0) {
                    try {
                      s.reschedule(skein::clock::now() + std::chrono::microseconds{dice % 20});
                    } catch (std::runtime_error const&) {
                    }
                  }
                  co_await skein::sleep(std::chrono::microseconds{dice % 20});
                });
              } catch (skein::timeout_error const&) {
                wrong.fetch_add(scope.expired() ? 0 : 1);
              } catch (skein::cancelled_error const&) {
                cancelled = true;
              }
            }
            ended.fetch_add(1);
            if (cancelled) {
              throw skein::cancelled_error{};
            }
          }));
        }
        std::vector<bool> asked(width);
        for (int i = 0; i < width; i += 4) {
          auto const victim = static_cast<std::size_t>(random() % width);
          asked[victim] = tasks[victim].cancel() || asked[victim];
        }
        for (std::size_t i = 0; i < width; ++i) {
          try {
            co_await tasks[i];
          } catch (skein::cancelled_error const&) {
            wrong.fetch_add(asked[i] ? 0 : 1);
          }
          wrong.fetch_add(tasks[i].cancelling() == 0 || asked[i] ? 0 : 1);
        }
      },
      {.workers = 4});
  REQUIRE(wrong.load() == 0);
  REQUIRE(ended.load() > 0);
}

// The count of a request and the request itself are two steps of the canceller: who entered a scope between
// them took it for an old one, and the scope's own request swallowed it.
TEST_CASE("timeout: a request that comes while a scope is being entered is not lost (B2)",
          "[core][timeout]") {
  int lost = 0;
  skein::run(
      [&]() -> skein::coro<> {
        for (int round = 0; round < 1000; ++round) {
          std::atomic<bool> runs{false};
          auto const victim = skein::create_task([&]() -> skein::coro<> {
            auto const me = skein::current_task();
            int requested = 0;  // scopes that were left since the request was counted
            while (requested < 20'000) {
              try {
                co_await skein::with(skein::timeout(0s), [] { return skein::sleep(1000h); });
              } catch (skein::timeout_error const&) {
              }
              runs.store(true);
              requested += me.cancelling() > 0 ? 1 : 0;
            }
            ++lost;
          });
          co_await skein::to_thread([&] {
            while (!runs.load()) {
              std::this_thread::yield();
            }
            victim.cancel();
          });
          try {
            co_await victim;
          } catch (skein::cancelled_error const&) {
          }
        }
      },
      {.workers = 2});
  REQUIRE(lost == 0);
}
