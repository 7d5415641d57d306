// SPDX-License-Identifier: Apache-2.0
// growth_stress.cpp: the same programs with 1, 2, 4, 16 and 64 workers, far more than cores: the answers are
// the same, and nothing hangs.
#include <support/catch.hpp>
#include <support/watchdog.hpp>

#include <skein/core/create_task.hpp>
#include <skein/core/event_loop.hpp>
#include <skein/core/run.hpp>
#include <skein/core/runtime.hpp>
#include <skein/core/sleep.hpp>
#include <skein/core/switch_to.hpp>
#include <skein/core/task_group.hpp>
#include <skein/core/wait_for.hpp>
#include <skein/core/when_all.hpp>
#include <skein/core/with.hpp>
#include <skein/sync/barrier.hpp>
#include <skein/sync/lock.hpp>
#include <skein/sync/queue.hpp>

#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

using namespace std::chrono_literals;

namespace {

using skein_test::watchdog;

// ---- spawn and join, fork and join ---------------------------------------------------------------------

/// A tree of tasks with four children a node.
///
/// Returns     The number of its leaves.
skein::coro<long> spawn_tree(int depth) {
  if (depth == 0) {
    co_return 1;
  }
  std::vector<skein::task<long>> children;
  for (int i = 0; i < 4; ++i) {
    children.push_back(skein::create_task(spawn_tree(depth - 1)));
  }
  long sum = 0;
  for (auto const& child : children) {
    sum += co_await child;
  }
  co_return sum;
}

/// Forks at every call; gives way to others now and then, so that stolen children also suspend.
skein::coro<long> fork_tree(int n) {
  if (n < 2) {
    co_return n;
  }
  if (n % 7 == 0) {
    co_await skein::sleep(0s);
  }
  auto const [a, b] = co_await skein::when_all(fork_tree(n - 1), fork_tree(n - 2));
  co_return a + b;
}

// ---- cancellation --------------------------------------------------------------------------------------

struct counts {
  std::atomic<int> entered{0};
  std::atomic<int> cancelled{0};
  std::atomic<int> finished{0};
};

skein::coro<> long_sleep() { co_await skein::sleep(1h); }

/// Waits in one of several ways until it is cancelled.
skein::coro<> wait_for_cancel(counts& c, unsigned way, skein::lock& lock, skein::queue<int>& empty) {
  c.entered.fetch_add(1);
  try {
    switch (way % 5) {
      case 0:
        co_await skein::sleep(1h);
        break;
      case 1:
        co_await skein::create_future();
        break;
      case 2: {
        auto const permit = co_await lock.scoped();
        break;
      }
      case 3:
        static_cast<void>(co_await empty.get());
        break;
      default:
        co_await skein::when_all(long_sleep(), long_sleep());
        break;
    }
    c.finished.fetch_add(1);
  } catch (skein::cancelled_error const&) {
    c.cancelled.fetch_add(1);
    throw;
  }
}

}  // namespace

TEST_CASE("growth stress: a tree of tasks, each joined by its maker, counts its leaves", "[stress][growth]") {
  unsigned const workers = GENERATE(1U, 2U, 4U, 16U, 64U);
  watchdog dog{"growth stress: a tree of tasks"};
  for (int round = 0; round < 10; ++round) {
    REQUIRE(skein::run(spawn_tree(6), {.workers = workers}) == 4096);
    dog.progress();
  }
}

TEST_CASE("growth stress: a tree of forks that also suspend gives what one worker gives",
          "[stress][growth]") {
  unsigned const workers = GENERATE(1U, 2U, 4U, 16U, 64U);
  watchdog dog{"growth stress: a tree of forks"};
  for (int round = 0; round < 10; ++round) {
    REQUIRE(skein::run(fork_tree(20), {.workers = workers}) == 6765);
    dog.progress();
  }
}

// A thief kept the first task that it stole in a list which others do not see, and ran the second one first.
TEST_CASE("growth stress: as many tasks as workers run at the same time, each time", "[stress][growth]") {
  unsigned const workers = GENERATE(1U, 2U, 4U, 16U, 64U);
  watchdog dog{"growth stress: a task on every worker"};
  skein::run(
      [&]() -> skein::coro<> {
        for (int round = 0; round < 100; ++round) {
          std::atomic<unsigned> arrived{0};
          std::vector<skein::task<>> tasks;
          for (unsigned i = 0; i < workers; ++i) {
            // It blocks its worker until all have come: each needs a worker of its own.
            tasks.push_back(skein::create_task([&]() -> skein::coro<> {
              arrived.fetch_add(1);
              while (arrived.load() < workers) {
                std::this_thread::yield();
              }
              co_return;
            }));
          }
          for (auto const& task : tasks) {
            co_await task;
          }
          dog.progress();
        }
      },
      {.workers = workers});
}

TEST_CASE("growth stress: a lock lets one task in at a time and all in once each round", "[stress][growth]") {
  unsigned const workers = GENERATE(1U, 2U, 4U, 16U, 64U);
  constexpr int rounds = 200;
  watchdog dog{"growth stress: a lock"};
  skein::lock lock;
  long plain = 0;  // ThreadSanitizer sees when two are inside
  skein::run(
      [&]() -> skein::coro<> {
        std::vector<skein::task<>> tasks;
        for (int i = 0; i < 64; ++i) {
          tasks.push_back(skein::create_task([&, i]() -> skein::coro<> {
            for (int n = 0; n < rounds; ++n) {
              auto const permit = co_await lock.scoped();
              ++plain;
              if ((i + n) % 64 == 0) {
                co_await skein::sleep(0s);
              }
            }
            dog.progress();
          }));
        }
        for (auto const& task : tasks) {
          co_await task;
        }
      },
      {.workers = workers});
  REQUIRE(plain == 64L * rounds);
}

TEST_CASE("growth stress: a short queue hands over each item once, in the order of its producer",
          "[stress][growth]") {
  unsigned const workers = GENERATE(1U, 2U, 4U, 16U, 64U);
  constexpr int producers = 8;
  constexpr int consumers = 8;
  constexpr int each = 1'000;
  watchdog dog{"growth stress: a queue"};
  skein::queue<int> queue{5};
  std::vector<std::atomic<int>> taken(static_cast<std::size_t>(producers) * each);
  std::atomic<int> out_of_order{0};
  skein::run(
      [&]() -> skein::coro<> {
        std::vector<skein::task<>> tasks;
        for (int p = 0; p < producers; ++p) {
          tasks.push_back(skein::create_task([&, p]() -> skein::coro<> {
            for (int i = 0; i < each; ++i) {
              co_await queue.put(p * each + i);
            }
          }));
        }
        std::vector<skein::task<>> takers;
        for (int c = 0; c < consumers; ++c) {
          takers.push_back(skein::create_task([&]() -> skein::coro<> {
            std::vector<int> last(producers, -1);
            try {
              for (;;) {
                int const item = co_await queue.get();
                taken[static_cast<std::size_t>(item)].fetch_add(1);
                int& before = last[static_cast<std::size_t>(item / each)];
                out_of_order.fetch_add(item > before ? 0 : 1);
                before = item;
                dog.progress();
              }
            } catch (skein::queue_shut_down const&) {
            }
          }));
        }
        for (auto const& task : tasks) {
          co_await task;
        }
        queue.shutdown();
        for (auto const& taker : takers) {
          co_await taker;
        }
      },
      {.workers = workers});
  int wrong = 0;
  for (auto const& count : taken) {
    wrong += count.load() == 1 ? 0 : 1;
  }
  REQUIRE(wrong == 0);
  REQUIRE(out_of_order.load() == 0);
}

TEST_CASE("growth stress: timers of tasks and of every loop come once and never early", "[stress][growth]") {
  unsigned const workers = GENERATE(1U, 2U, 4U, 16U, 64U);
  constexpr int sleepers = 2'000;
  constexpr int calls_each = 20;
  watchdog dog{"growth stress: timers"};
  std::atomic<int> woken{0};
  std::atomic<int> called{0};
  std::atomic<int> early{0};
  auto const check = [&](std::chrono::steady_clock::time_point due) {
    early.fetch_add(std::chrono::steady_clock::now() < due ? 1 : 0);
    dog.progress();
  };
  skein::run(
      [&]() -> skein::coro<> {
        auto& runtime = skein::runtime::current();
        std::vector<skein::task<>> tasks;
        for (int i = 0; i < sleepers; ++i) {
          tasks.push_back(skein::create_task([&, i]() -> skein::coro<> {
            auto const length = std::chrono::microseconds{i * 37 % 20'000};
            auto const due = std::chrono::steady_clock::now() + length;
            co_await skein::sleep(length);
            check(due);
            woken.fetch_add(1);
          }));
        }
        std::vector<skein::future<>> rung;
        for (unsigned w = 0; w < workers; ++w) {
          auto& loop = runtime.loop(w);
          for (int i = 0; i < calls_each; ++i) {
            rung.push_back(skein::create_future());
            auto const length = std::chrono::microseconds{i * 531 % 10'000};
            auto const due = std::chrono::steady_clock::now() + length;
            static_cast<void>(loop.call_later(length, [&, due, f = rung.back()]() mutable {
              check(due);
              called.fetch_add(skein::running_loop() == &loop ? 1 : 0);
              f.set_result();
            }));
          }
        }
        for (auto const& f : rung) {
          co_await f;
        }
        for (auto const& task : tasks) {
          co_await task;
        }
      },
      {.workers = workers});
  REQUIRE(woken.load() == sleepers);
  REQUIRE(called.load() == calls_each * static_cast<int>(workers));
  REQUIRE(early.load() == 0);
}

TEST_CASE("growth stress: in a storm of cancels from every worker each task ends once", "[stress][growth]") {
  unsigned const workers = GENERATE(1U, 2U, 4U, 16U, 64U);
  constexpr int width = 500;
  watchdog dog{"growth stress: cancels"};
  for (int round = 0; round < 5; ++round) {
    counts c;
    int ended_cancelled = 0;
    skein::run(
        [&]() -> skein::coro<> {
          skein::lock lock;
          skein::queue<int> empty;
          auto const held = co_await lock.scoped();
          std::vector<skein::task<>> tasks;
          for (unsigned i = 0; i < width; ++i) {
            tasks.push_back(skein::create_task(wait_for_cancel(c, i, lock, empty)));
          }
          if (round % 2 == 0) {
            co_await skein::sleep(1ms);
          }
          // A task on each loop cancels all of them, each beginning elsewhere.
          std::vector<skein::task<>> cancellers;
          for (unsigned w = 0; w < workers; ++w) {
            cancellers.push_back(skein::runtime::current().loop(w).create_task([&, w]() -> skein::coro<> {
              for (unsigned i = 0; i < width; ++i) {
                tasks[(i + w * width / workers) % width].cancel();
              }
              co_return;
            }));
          }
          for (auto const& canceller : cancellers) {
            co_await canceller;
          }
          for (auto const& task : tasks) {
            try {
              co_await task;
            } catch (skein::cancelled_error const&) {
              ++ended_cancelled;
            }
          }
        },
        {.workers = workers});
    REQUIRE(ended_cancelled == width);
    REQUIRE(c.cancelled.load() == c.entered.load());
    REQUIRE(c.finished.load() == 0);
    dog.progress();
  }
}

TEST_CASE("growth stress: a token goes round through futures of tasks that stay on different loops",
          "[stress][growth]") {
  unsigned const workers = GENERATE(1U, 2U, 4U, 16U, 64U);
  constexpr int laps = 50;
  watchdog dog{"growth stress: a token"};
  std::atomic<int> wrong_loop{0};
  int received = 0;
  skein::run(
      [&]() -> skein::coro<> {
        auto& runtime = skein::runtime::current();
        std::size_t const hops = static_cast<std::size_t>(laps) * workers;
        std::vector<skein::future<int>> token;
        for (std::size_t i = 0; i <= hops; ++i) {
          token.push_back(skein::create_future<int>());
        }
        std::vector<skein::task<>> stations;
        for (unsigned w = 0; w < workers; ++w) {
          auto& loop = runtime.loop(w);
          stations.push_back(loop.create_task([&, w]() -> skein::coro<> {
            for (std::size_t i = w; i < hops; i += workers) {
              int const value = co_await token[i];
              wrong_loop.fetch_add(skein::running_loop() == &loop ? 0 : 1);
              token[i + 1].set_result(value + 1);
              dog.progress();
            }
          }));
        }
        token[0].set_result(0);
        received = co_await token[hops];
        for (auto const& station : stations) {
          co_await station;
        }
      },
      {.workers = workers});
  REQUIRE(received == laps * static_cast<int>(workers));
  REQUIRE(wrong_loop.load() == 0);
}

TEST_CASE("growth stress: futures completed by plain threads wake tasks that sleep on every loop",
          "[stress][growth]") {
  unsigned const workers = GENERATE(1U, 2U, 4U, 16U, 64U);
  constexpr int rounds = 20;
  watchdog dog{"growth stress: plain threads"};
  long sum = 0;
  skein::run(
      [&]() -> skein::coro<> {
        auto& runtime = skein::runtime::current();
        for (int round = 0; round < rounds; ++round) {
          std::vector<skein::future<long>> answers;
          std::vector<skein::task<long>> waiters;
          for (unsigned w = 0; w < 2 * workers; ++w) {
            answers.push_back(skein::create_future<long>());
            auto const wait = [](skein::future<long> f) -> skein::coro<long> { co_return co_await f; };
            // Half of them stay on their loop, half are anybody's.
            waiters.push_back(w < workers ? runtime.loop(w).create_task(wait(answers.back()))
                                          : skein::create_task(wait(answers.back())));
          }
          std::jthread const even{[&] {
            for (std::size_t i = 0; i < answers.size(); i += 2) {
              answers[i].set_result(1);
            }
          }};
          std::jthread const odd{[&] {
            for (std::size_t i = 1; i < answers.size(); i += 2) {
              answers[i].set_result(1);
            }
          }};
          for (auto const& waiter : waiters) {
            sum += co_await waiter;
          }
          dog.progress();
        }
      },
      {.workers = workers});
  REQUIRE(sum == 2L * rounds * workers);
}

TEST_CASE("growth stress: tasks that meet at a barrier again and again stay in step", "[stress][growth]") {
  unsigned const workers = GENERATE(1U, 2U, 4U, 16U, 64U);
  constexpr unsigned parties = 32;
  constexpr int phases = 50;
  watchdog dog{"growth stress: a barrier"};
  skein::barrier barrier{parties};
  std::atomic<int> here{0};
  std::atomic<int> out_of_step{0};
  skein::run(
      [&]() -> skein::coro<> {
        std::vector<skein::task<>> tasks;
        for (unsigned i = 0; i < parties; ++i) {
          tasks.push_back(skein::create_task([&]() -> skein::coro<> {
            for (int phase = 0; phase < phases; ++phase) {
              here.fetch_add(1);
              static_cast<void>(co_await barrier.wait());
              out_of_step.fetch_add(here.load() < static_cast<int>(parties) * (phase + 1) ? 1 : 0);
              dog.progress();
            }
          }));
        }
        for (auto const& task : tasks) {
          co_await task;
        }
      },
      {.workers = workers});
  REQUIRE(here.load() == phases * static_cast<int>(parties));
  REQUIRE(out_of_step.load() == 0);
}

TEST_CASE("growth stress: deadlines inside of deadlines, some of them missed, on all workers",
          "[stress][growth]") {
  unsigned const workers = GENERATE(1U, 2U, 4U, 16U, 64U);
  constexpr int count = 300;
  watchdog dog{"growth stress: deadlines"};
  std::atomic<int> missed{0};
  std::atomic<int> met{0};
  skein::run(
      [&]() -> skein::coro<> {
        skein::task_group group;
        co_await skein::with(group, [&](skein::task_group& all) -> skein::coro<> {
          for (int i = 0; i < count; ++i) {
            static_cast<void>(all.create_task([&, i]() -> skein::coro<> {
              try {
                co_await skein::wait_for(skein::wait_for(skein::sleep(i % 3 == 0 ? 0ms : 1h), 1h), 2ms);
                met.fetch_add(1);
              } catch (skein::timeout_error const&) {
                missed.fetch_add(1);
              }
              dog.progress();
            }));
          }
          co_return;
        });
      },
      {.workers = workers});
  // A machine that is busy may miss also those that could be met.
  REQUIRE(missed.load() + met.load() == count);
  REQUIRE(missed.load() >= count / 3 * 2);
}

TEST_CASE("growth stress: a task that visits every loop gets there, ten at once", "[stress][growth]") {
  unsigned const workers = GENERATE(1U, 2U, 4U, 16U, 64U);
  watchdog dog{"growth stress: visits"};
  std::atomic<int> right{0};
  skein::run(
      [&]() -> skein::coro<> {
        auto& runtime = skein::runtime::current();
        std::vector<skein::task<>> tasks;
        for (std::size_t from = 0; from < 10; ++from) {
          tasks.push_back(skein::create_task([&, from]() -> skein::coro<> {
            for (std::size_t i = 0; i < 2 * workers; ++i) {
              auto& loop = runtime.loop((from * 7 + i) % workers);
              co_await skein::switch_to(loop);
              right.fetch_add(skein::running_loop() == &loop ? 1 : 0);
              dog.progress();
            }
          }));
        }
        for (auto const& task : tasks) {
          co_await task;
        }
      },
      {.workers = workers});
  REQUIRE(right.load() == 20 * static_cast<int>(workers));
}

TEST_CASE("growth stress: runtimes of every size start and end, idle, at work, and with tasks pending",
          "[stress][growth]") {
  unsigned const workers = GENERATE(1U, 2U, 4U, 16U, 64U, 256U);
  int const rounds = workers > 64 ? 3 : 12;
  watchdog dog{"growth stress: start and end"};
  for (int round = 0; round < rounds; ++round) {
    counts c;
    long leaves = 0;
    skein::run(
        [&]() -> skein::coro<> {
          if (round % 3 == 1) {
            leaves = co_await spawn_tree(3);
          } else if (round % 3 == 2) {
            for (unsigned w = 0; w < workers; ++w) {
              auto const wait = [&c]() -> skein::coro<> {
                c.entered.fetch_add(1);
                try {
                  co_await skein::sleep(1h);
                } catch (skein::cancelled_error const&) {
                  c.cancelled.fetch_add(1);
                  throw;
                }
              };
              static_cast<void>(skein::runtime::current().loop(w).create_task(wait));
              static_cast<void>(skein::create_task(wait));
            }
          }
        },
        {.workers = workers});
    REQUIRE(leaves == (round % 3 == 1 ? 64 : 0));
    REQUIRE(c.cancelled.load() == c.entered.load());
    dog.progress();
  }
}
