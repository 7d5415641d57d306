// SPDX-License-Identifier: Apache-2.0
// cancel_stress.cpp: tasks that wait in every way are cancelled at random moments; each ends once, and what
// cancel() said is true.
#include <support/catch.hpp>

#include <skein/core/create_task.hpp>
#include <skein/core/event_loop.hpp>
#include <skein/core/gather.hpp>
#include <skein/core/run.hpp>
#include <skein/core/runtime.hpp>
#include <skein/core/sleep.hpp>
#include <skein/core/when_all.hpp>

#include <atomic>
#include <chrono>
#include <memory>
#include <random>
#include <thread>
#include <utility>
#include <vector>

using namespace std::chrono_literals;

namespace {

/// What happened in the body of one task.
struct ledger {
  std::atomic<int> entered{0};
  std::atomic<int> left{0};       // bodies that ended, in whatever way
  std::atomic<int> cancelled{0};  // `cancelled_error` seen by the body
  std::atomic<int> children{0};   // bodies of children that began
  std::atomic<int> children_left{0};
  std::atomic<bool> granted{false};  // a cancel() returned true
};

struct scope_count {
  scope_count(std::atomic<int>& in, std::atomic<int>& out) : out_{out} { in.fetch_add(1); }
  scope_count(scope_count const&) = delete;
  scope_count& operator=(scope_count const&) = delete;
  ~scope_count() { out_.fetch_add(1); }

 private:
  std::atomic<int>& out_;
};

void spin(unsigned turns) {
  for (unsigned i = 0; i < turns; ++i) {
    skein::lowlevel::cpu_relax();
  }
}

skein::coro<int> child(ledger& l, unsigned dice) {
  scope_count const counted{l.children, l.children_left};
  switch (dice % 4) {
    case 0:
      co_await skein::sleep(0s);
      break;
    case 1:
      co_await skein::sleep(std::chrono::microseconds{dice % 97});
      break;
    case 2:
      co_await skein::sleep(1h);
      break;
    default:
      break;
  }
  co_return 1;
}

/// A body that waits in one of several ways and gives 1, if it is let.
skein::coro<int> victim(ledger& l, unsigned dice, skein::future<int> event) {
  scope_count const counted{l.entered, l.left};
  try {
    unsigned const detail = dice / 8;
    switch (dice % 8) {
      case 0:
        co_await skein::sleep(std::chrono::microseconds{detail % 200});
        co_return 1;
      case 1:
        co_await skein::sleep(1h);
        co_return 1;
      case 2:
        for (int i = 0; i < 5; ++i) {
          co_await skein::sleep(0s);
        }
        co_return 1;
      case 3:
        co_return co_await event;
      case 4: {
        auto const [a, b] = co_await skein::when_all(child(l, detail), child(l, detail / 4));
        co_return a* b;
      }
      case 5: {
        std::vector<skein::coro<int>> many;
        for (unsigned i = 0; i < 5; ++i) {
          many.push_back(child(l, detail >> i));
        }
        for (int const n : co_await skein::when_all(std::move(many))) {
          if (n != 1) {
            co_return -1;
          }
        }
        co_return 1;
      }
      case 6: {
        auto const [a, b] = co_await skein::gather(child(l, detail), child(l, detail / 4));
        co_return a* b;
      }
      default:
        co_return co_await skein::create_task(child(l, detail));
    }
  } catch (skein::cancelled_error const&) {
    l.cancelled.fetch_add(1);
    throw;
  }
}

struct target {
  ledger counts;
  skein::future<int> event;
  skein::task<int> task;
};

struct totals {
  int finished = 0;
  int cancelled = 0;
  int wrong = 0;
};

/// Cancels tasks in an order of its own, at moments of its own.
skein::coro<> canceller(std::vector<std::unique_ptr<target>>& targets, unsigned seed, bool until_done) {
  std::mt19937 random{seed};
  for (std::size_t left = 2 * targets.size(); left > 0; --left) {
    target& t = *targets[random() % targets.size()];
    if (random() % 8 == 0) {
      t.event.try_set_result(1);
    }
    if (t.task.cancel()) {
      t.counts.granted.store(true);
    } else if (!t.task.done()) {
      t.counts.entered.store(-1'000);  // it said that the task had ended
    }
    spin(random() % 64);
    if (random() % 16 == 0) {
      co_await skein::sleep(0s);
    }
  }
  if (until_done) {
    for (auto const& t : targets) {
      if (t->task.cancel()) {
        t->counts.granted.store(true);
      }
    }
  }
}

/// Compares how the task ended with what its body and the cancellers saw.
void judge(target const& t, totals& sum) {
  ledger const& l = t.counts;
  bool right = t.task.done() && l.entered.load() == l.left.load() && l.entered.load() <= 1 &&
               l.children.load() == l.children_left.load() && l.cancelled.load() <= 1;
  if (t.task.cancelled()) {
    ++sum.cancelled;
    right = right && l.granted.load() && l.cancelled.load() == l.entered.load();
  } else {
    ++sum.finished;
    right = right && t.task.result() == 1 && l.cancelled.load() == 0 && l.entered.load() == 1;
  }
  sum.wrong += right ? 0 : 1;
}

/// One storm: as many targets of each kind as there are dice, and some tasks that cancel them.
void storm(unsigned workers, int rounds, int width, totals& sum) {
  for (int round = 0; round < rounds; ++round) {
    std::vector<std::unique_ptr<target>> targets;
    skein::run(
        [&]() -> skein::coro<> {
          std::mt19937 random{static_cast<unsigned>(round)};
          for (int i = 0; i < width; ++i) {
            targets.push_back(std::make_unique<target>());
            target& t = *targets.back();
            t.event = skein::create_future<int>();
            t.task = skein::create_task(victim(t.counts, static_cast<unsigned>(random()), t.event));
          }
          if (round % 2 == 0) {
            co_await skein::sleep(std::chrono::microseconds{random() % 300});
          }
          std::vector<skein::task<>> cancellers;
          for (unsigned c = 0; c < 3; ++c) {
            cancellers.push_back(
                skein::create_task(canceller(targets, static_cast<unsigned>(round) * 3 + c, c == 2)));
          }
          for (auto const& c : cancellers) {
            co_await c;
          }
          for (auto const& t : targets) {
            try {
              static_cast<void>(co_await t->task);
            } catch (skein::cancelled_error const&) {
            }
          }
        },
        {.workers = workers});
    for (auto const& t : targets) {
      judge(*t, sum);
    }
  }
}

}  // namespace

TEST_CASE("cancel stress: in a storm on 4 workers each task ends once, finished or cancelled",
          "[stress][cancel]") {
  totals sum;
  storm(4, 150, 300, sum);
  REQUIRE(sum.wrong == 0);
  CHECK(sum.finished > 0);
  CHECK(sum.cancelled > 0);
}

TEST_CASE("cancel stress: the same with 16 workers and on one", "[stress][cancel]") {
  unsigned const workers = GENERATE(16U, 1U);
  totals sum;
  storm(workers, 60, 300, sum);
  REQUIRE(sum.wrong == 0);
  CHECK(sum.finished + sum.cancelled == 60 * 300);
}

TEST_CASE("cancel stress: cancel() of a task about to end is false exactly if its result stands (CANC-015)",
          "[stress][cancel]") {
  constexpr int rounds = 100'000;
  constexpr int batch = 100;
  int wrong = 0;
  int refused = 0;
  int seen = 0;
  skein::run(
      [&]() -> skein::coro<> {
        struct pair {
          std::atomic<int> entered{0};
          std::atomic<int> cancelled{0};
          std::atomic<bool> granted{false};
          std::atomic<bool> asked{false};
          skein::future<int> event;
          skein::task<int> task;
        };
        std::mt19937 random{15};
        for (int round = 0; round < rounds / batch; ++round) {
          std::vector<pair> pairs(batch);
          std::vector<skein::task<>> others;
          for (pair& p : pairs) {
            p.event = skein::create_future<int>();
            p.task = skein::create_task([&p]() -> skein::coro<int> {
              p.entered.fetch_add(1);
              try {
                co_return co_await p.event;
              } catch (skein::cancelled_error const&) {
                p.cancelled.fetch_add(1);
                throw;
              }
            });
          }
          co_await skein::sleep(0s);
          // One task completes all, the other cancels all, from the same end at about the same time.
          unsigned const ahead = static_cast<unsigned>(random() % 2'000);
          others.push_back(skein::create_task([&]() -> skein::coro<> {
            spin(ahead);
            for (pair& p : pairs) {
              p.event.try_set_result(7);
              spin(20);
            }
            co_return;
          }));
          others.push_back(skein::create_task([&]() -> skein::coro<> {
            spin(2'000 - ahead);
            for (pair& p : pairs) {
              p.granted.store(p.task.cancel());
              p.asked.store(true);
              spin(20);
            }
            co_return;
          }));
          for (auto const& t : others) {
            co_await t;
          }
          for (pair& p : pairs) {
            bool cancelled = false;
            int result = 0;
            try {
              result = co_await p.task;
            } catch (skein::cancelled_error const&) {
              cancelled = true;
            }
            // One that was cancelled before its first step never started.
            bool right = p.asked.load() && p.task.cancelled() == cancelled;
            if (cancelled) {
              right = right && p.granted.load() && p.cancelled.load() == p.entered.load();
            } else {
              right = right && result == 7 && p.cancelled.load() == 0 && p.entered.load() == 1;
            }
            wrong += right ? 0 : 1;
            refused += p.granted.load() ? 0 : 1;
            seen += cancelled ? 1 : 0;
          }
        }
      },
      {.workers = 4});
  REQUIRE(wrong == 0);
  CHECK(refused + seen > 0);
}

TEST_CASE("cancel stress: a foreign thread cancels the sleepers of a lone loop as their time comes",
          "[stress][cancel]") {
  constexpr int rounds = 200;
  constexpr int width = 100;
  int wrong = 0;
  for (int round = 0; round < rounds; ++round) {
    skein::run(
        [&]() -> skein::coro<> {
          std::vector<skein::task<int>> sleepers;
          std::vector<std::atomic<bool>> granted(width);
          for (int i = 0; i < width; ++i) {
            sleepers.push_back(skein::create_task([](int n) -> skein::coro<int> {
              co_await skein::sleep(std::chrono::microseconds{n * 3});
              co_return 1;
            }(i)));
          }
          co_await skein::sleep(0s);
          std::thread foreign{[&] {
            for (std::size_t i = 0; i < width; ++i) {
              granted[i].store(sleepers[i].cancel());
              spin(200);
            }
          }};
          int ended = 0;
          for (auto const& s : sleepers) {
            try {
              ended += co_await s;
            } catch (skein::cancelled_error const&) {
              ++ended;
            }
          }
          foreign.join();
          for (std::size_t i = 0; i < width; ++i) {
            wrong += sleepers[i].cancelled() && !granted[i].load() ? 1 : 0;
          }
          wrong += ended == width ? 0 : 1;
        },
        {.workers = 1});
  }
  REQUIRE(wrong == 0);
}

TEST_CASE("cancel stress: tasks that cancel each other and themselves all end", "[stress][cancel]") {
  constexpr int rounds = 200;
  constexpr std::size_t width = 50;
  std::atomic<int> ended{0};
  for (int round = 0; round < rounds; ++round) {
    skein::run(
        [&]() -> skein::coro<> {
          std::vector<skein::task<>> tasks(width);
          std::atomic<bool> complete{false};
          for (std::size_t i = 0; i < width; ++i) {
            tasks[i] = skein::create_task([&, i]() -> skein::coro<> {
              scope_count const counted{ended, ended};
              while (!complete.load()) {
                co_await skein::sleep(0s);
              }
              std::mt19937 random{static_cast<unsigned>(round) * 64 + static_cast<unsigned>(i)};
              for (int n = 0; n < 20; ++n) {
                tasks[random() % width].cancel();
                co_await skein::sleep(std::chrono::microseconds{random() % 20});
              }
            });
          }
          complete.store(true);
          for (auto const& t : tasks) {
            try {
              co_await t;
            } catch (skein::cancelled_error const&) {
            }
          }
        },
        {.workers = 4});
  }
  REQUIRE(ended.load() % 2 == 0);
}
