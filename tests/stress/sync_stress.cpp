// SPDX-License-Identifier: Apache-2.0
// sync_stress.cpp: every primitive in a storm of cancels, from tasks and from a plain thread; nothing that is
// handed over gets lost or doubled, and nobody is stranded.
#include <support/catch.hpp>
#include <support/items.hpp>

#include <skein/core/create_task.hpp>
#include <skein/core/run.hpp>
#include <skein/core/sleep.hpp>
#include <skein/sync/barrier.hpp>
#include <skein/sync/channel.hpp>
#include <skein/sync/condition.hpp>
#include <skein/sync/event.hpp>
#include <skein/sync/lock.hpp>
#include <skein/sync/queue.hpp>
#include <skein/sync/rw_lock.hpp>
#include <skein/sync/semaphore.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <deque>
#include <functional>
#include <optional>
#include <random>
#include <thread>
#include <utility>
#include <vector>

using namespace std::chrono_literals;

namespace {

constexpr auto relaxed = std::memory_order_relaxed;

/// A storm: tasks that are cancelled again and again, and survive it.
class storm {
 public:
  explicit storm(unsigned seed) : seed_{seed} {}

  /// A victim: makes attempts as long as there is more to do, and no fewer than the storm lasts.
  template <class More, class Attempt>
  void add(More more, Attempt attempt) {
    tasks_.push_back(skein::create_task([this, more, attempt]() mutable -> skein::coro<> {
      begun_.fetch_add(1, relaxed);
      while (more() || !over_.load(std::memory_order_acquire)) {
        try {
          co_await attempt();
        } catch (skein::cancelled_error const&) {
          cancelled_.fetch_add(1, relaxed);
        }
      }
    }));
  }
  /// One that makes so many attempts.
  template <class Attempt>
  void add_attempts(int count, Attempt attempt) {
    add([left = count]() mutable { return left-- > 0; }, attempt);
  }

  /// Cancels victims at random, so many times from each of two tasks and a thread, and waits for their end.
  skein::coro<> rage(int cancels) {
    while (begun_.load(relaxed) < tasks_.size()) {
      co_await skein::sleep(0s);  // one that is cancelled before its first step never starts
    }
    std::jthread foreign{[&] { cancel_some(seed_, cancels); }};
    auto const cancel = [this, cancels](unsigned seed) -> skein::coro<> {
      constexpr int batch = 8;
      for (int i = 0; i < cancels; i += batch) {
        cancel_some(seed + static_cast<unsigned>(i), batch);
        co_await skein::sleep(0s);
      }
    };
    auto const a = skein::create_task(cancel, seed_ + 1'000'000);
    auto const b = skein::create_task(cancel, seed_ + 2'000'000);
    co_await a;
    co_await b;
    foreign.join();
    over_.store(true, std::memory_order_release);
    for (auto const& task : tasks_) {
      co_await task;
    }
  }

  [[nodiscard]] long cancelled() const { return cancelled_.load(relaxed); }

 private:
  void cancel_some(unsigned seed, int count) {
    std::mt19937 random{seed};
    for (int i = 0; i < count; ++i) {
      tasks_[random() % tasks_.size()].cancel();
      for (auto turns = random() % 128; turns > 0; --turns) {
        skein::lowlevel::cpu_relax();
      }
    }
  }

  unsigned seed_;
  std::vector<skein::task<>> tasks_;
  std::atomic<std::size_t> begun_{0};
  std::atomic<bool> over_{false};
  std::atomic<long> cancelled_{0};
};

constexpr int victims = 8;
constexpr int cancels = 6'000;  // of each of three cancellers

/// What is inside of a primitive that lets few in.
struct inside_ledger {
  explicit inside_ledger(int allowed) : most{allowed} {}
  void enter() { too_many.fetch_add(inside.fetch_add(1, relaxed) >= most ? 1 : 0, relaxed); }
  void leave() {
    inside.fetch_sub(1, relaxed);
    left.fetch_add(1, relaxed);
  }
  int most;
  std::atomic<int> inside{0};
  std::atomic<int> left{0};
  std::atomic<int> too_many{0};
};

struct visit {
  explicit visit(inside_ledger& l) : ledger{l} { ledger.enter(); }
  visit(visit const&) = delete;
  visit& operator=(visit const&) = delete;
  ~visit() { ledger.leave(); }
  inside_ledger& ledger;
};

}  // namespace

TEST_CASE(
    "sync stress: 100,000 times a lock, cancelled and not: never two holders, never lost (LOCK-003, "
    "LOCK-004)",
    "[stress][sync]") {
  constexpr int rounds = 100'000;
  skein::lock lock;
  inside_ledger ledger{1};
  long plain = 0;  // ThreadSanitizer sees when two are inside
  long counted = 0;
  skein::run(
      [&]() -> skein::coro<> {
        storm s{1};
        for (int v = 0; v < victims; ++v) {
          s.add_attempts(rounds / victims, [&, n = v]() mutable -> skein::coro<> {
            int const dice = ++n % 8;
            auto const permit = co_await lock.scoped();
            visit const here{ledger};
            ++plain;
            if (dice == 0) {
              co_await skein::sleep(0s);  // the permit is given back also when this is cancelled
            }
          });
        }
        co_await s.rage(cancels);
        CHECK(s.cancelled() > 0);
        counted = ledger.left.load(relaxed);
      },
      {.workers = 4});
  REQUIRE(ledger.too_many.load(relaxed) == 0);
  REQUIRE(ledger.inside.load(relaxed) == 0);
  REQUIRE(plain == counted);
  REQUIRE(counted > 0);
  REQUIRE_FALSE(lock.locked());
  REQUIRE(lock.waiting() == 0);
  REQUIRE(lock.try_acquire());
  lock.release();
}

TEST_CASE("sync stress: a semaphore keeps its permits in a storm, in two runtimes at once",
          "[stress][sync]") {
  constexpr int permits = 3;
  skein::bounded_semaphore semaphore{permits};
  inside_ledger ledger{permits};
  auto const run = [&](unsigned seed) {
    skein::run(
        [&]() -> skein::coro<> {
          storm s{seed};
          for (int v = 0; v < victims; ++v) {
            s.add_attempts(4'000, [&, n = v]() mutable -> skein::coro<> {
              int const dice = ++n % 4;
              if (dice == 1 && semaphore.try_acquire()) {
                visit const here{ledger};
                semaphore.release();
              }
              auto const permit = co_await semaphore.scoped();
              visit const here{ledger};
              if (dice == 0) {
                co_await skein::sleep(0s);
              }
            });
          }
          co_await s.rage(cancels);
          CHECK(s.cancelled() > 0);
        },
        {.workers = 2});
  };
  std::thread other{[&] { run(2); }};
  run(3);
  other.join();
  REQUIRE(ledger.inside.load(relaxed) == 0);
  REQUIRE(semaphore.value() == permits);
  REQUIRE(semaphore.waiting() == 0);
  REQUIRE_THROWS_AS(semaphore.release(), std::invalid_argument);
}

TEST_CASE("sync stress: a buffer of two conditions loses no item while everybody is cancelled (COND-008)",
          "[stress][sync]") {
  constexpr int producers = 4;
  constexpr int items = 10'000;
  constexpr int total = producers * items;
  skein::lock lock;
  skein::condition not_empty{lock};
  skein::condition not_full{lock};
  std::deque<int> buffer;               // guarded by lock
  std::vector<int> taken(total);        // guarded by lock
  std::vector<int> next_of(producers);  // one task each
  std::atomic<int> consumed{0};
  skein::run(
      [&]() -> skein::coro<> {
        storm s{4};
        for (int p = 0; p < producers; ++p) {
          int& next = next_of[static_cast<std::size_t>(p)];
          s.add([&next] { return next < items; },
                [&, p]() -> skein::coro<> {
                  if (next == items) {
                    co_await skein::sleep(0s);
                    co_return;
                  }
                  auto const permit = co_await lock.scoped();
                  co_await not_full.wait_for([&] { return buffer.size() < 2; });
                  buffer.push_back(p * items + next++);
                  not_empty.notify();
                });
          s.add([&] { return consumed.load(relaxed) < total; },
                [&]() -> skein::coro<> {
                  auto const permit = co_await lock.scoped();
                  co_await not_empty.wait_for(
                      [&] { return !buffer.empty() || consumed.load(relaxed) == total; });
                  if (buffer.empty()) {
                    co_return;
                  }
                  ++taken[static_cast<std::size_t>(buffer.front())];
                  buffer.pop_front();
                  if (consumed.fetch_add(1, relaxed) + 1 == total) {
                    not_empty.notify_all();
                  }
                  not_full.notify();
                });
        }
        co_await s.rage(cancels);
        CHECK(s.cancelled() > 0);
      },
      {.workers = 4});
  REQUIRE(buffer.empty());
  REQUIRE(std::count(taken.begin(), taken.end(), 1) == total);
  REQUIRE_FALSE(lock.locked());
  REQUIRE(not_empty.waiting() + not_full.waiting() + lock.waiting() == 0);
}

TEST_CASE("sync stress: events that are set and cleared strand nobody", "[stress][sync]") {
  skein::event event;
  std::atomic<int> woken{0};
  skein::run(
      [&]() -> skein::coro<> {
        storm s{5};
        for (int v = 0; v < victims; ++v) {
          s.add_attempts(2'000, [&]() -> skein::coro<> {
            co_await event.wait();
            woken.fetch_add(1, relaxed);
            event.clear();
          });
        }
        std::atomic<bool> stop{false};
        auto const setter = skein::create_task([&]() -> skein::coro<> {
          while (!stop.load(relaxed)) {
            event.set();
            co_await skein::sleep(0s);
          }
        });
        co_await s.rage(cancels);
        stop.store(true, relaxed);
        co_await setter;
        CHECK(s.cancelled() > 0);
      },
      {.workers = 4});
  REQUIRE(woken.load(relaxed) > 0);
  REQUIRE(event.waiting() == 0);
}

TEMPLATE_TEST_CASE(
    "sync stress: every item of a queue is taken once while putters, getters and joiners are cancelled",
    "[stress][sync]", int, skein_test::in_node) {
  constexpr int producers = 4;
  constexpr int items = 10'000;
  constexpr int total = producers * items;
  skein::queue<TestType> queue{3};
  std::vector<std::atomic<int>> taken(total);
  std::vector<int> next_of(producers);
  std::atomic<int> consumed{0};
  skein::run(
      [&]() -> skein::coro<> {
        storm s{6};
        for (int p = 0; p < producers; ++p) {
          int& next = next_of[static_cast<std::size_t>(p)];
          s.add([&next] { return next < items; },
                [&, p]() -> skein::coro<> {
                  if (next == items) {
                    co_await skein::sleep(0s);
                    co_return;
                  }
                  co_await queue.put(p * items + next);
                  ++next;  // a put that was cancelled was not put: it is made again
                });
          s.add([&] { return consumed.load(relaxed) < total; },
                [&]() -> skein::coro<> {
                  if (consumed.load(relaxed) == total) {
                    co_await skein::sleep(0s);
                    co_return;
                  }
                  int item = 0;
                  try {
                    item = co_await queue.get();
                  } catch (skein::queue_shut_down const&) {
                    co_return;
                  }
                  taken[static_cast<std::size_t>(item)].fetch_add(1, relaxed);
                  queue.task_done();
                  if (consumed.fetch_add(1, relaxed) + 1 == total) {
                    queue.shutdown();
                  }
                });
        }
        s.add_attempts(10, [&]() -> skein::coro<> {
          co_await queue.join();
          co_await skein::sleep(0s);
        });
        co_await s.rage(cancels);
        CHECK(s.cancelled() > 0);
        co_await queue.join();
      },
      {.workers = 4});
  int once = 0;
  for (auto const& n : taken) {
    once += n.load(relaxed) == 1 ? 1 : 0;
  }
  REQUIRE(once == total);
  REQUIRE(queue.empty());
  REQUIRE(queue.waiting() == 0);
  REQUIRE_THROWS_AS(queue.task_done(), std::invalid_argument);
}

TEST_CASE("sync stress: rounds of a barrier are complete while its parties are cancelled (BAR-005)",
          "[stress][sync]") {
  constexpr std::size_t parties = 3;
  constexpr int rounds = 10'000;
  skein::barrier barrier{parties};
  std::vector<std::atomic<int>> passed(parties);
  std::atomic<bool> over{false};
  skein::run(
      [&]() -> skein::coro<> {
        storm s{7};
        for (int v = 0; v < victims; ++v) {
          s.add([&] { return !over.load(relaxed); },
                [&]() -> skein::coro<> {
                  if (over.load(relaxed)) {
                    co_await skein::sleep(0s);
                    co_return;
                  }
                  try {
                    std::size_t const index = co_await barrier.wait();
                    if (passed[index].fetch_add(1, relaxed) + 1 == rounds) {
                      over.store(true, relaxed);
                      barrier.abort();
                    }
                  } catch (skein::broken_barrier_error const&) {
                  }
                });
        }
        co_await s.rage(cancels);
        CHECK(s.cancelled() > 0);
      },
      {.workers = 4});
  REQUIRE(barrier.broken());
  REQUIRE(barrier.waiting() == 0);
  auto const by_count = [](auto const& a, auto const& b) { return a.load(relaxed) < b.load(relaxed); };
  REQUIRE(*std::max_element(passed.begin(), passed.end(), by_count) >= rounds);
  barrier.reset();
  REQUIRE(barrier.repr() == "<barrier [filling, waiters:0/3]>");
}

TEST_CASE(
    "sync stress: a rw_lock in a storm: a writer is alone, readers see nothing half-written, none is lost",
    "[stress][sync]") {
  skein::rw_lock lock;
  inside_ledger writers{1};
  inside_ledger readers{victims};
  long first = 0;  // ThreadSanitizer sees when a writer is not alone
  long second = 0;
  std::atomic<int> torn{0};
  std::atomic<int> together{0};
  skein::run(
      [&]() -> skein::coro<> {
        storm s{8};
        for (int v = 0; v < victims; ++v) {
          s.add_attempts(5'000, [&, n = v]() mutable -> skein::coro<> {
            int const dice = ++n % 16;
            if (dice < 4) {
              auto const permit = co_await lock.scoped_write();
              visit const here{writers};
              together.fetch_add(readers.inside.load(relaxed) == 0 ? 0 : 1, relaxed);
              ++first;
              ++second;
              if (dice == 0) {
                co_await skein::sleep(0s);
              }
            } else if (dice == 4 && lock.try_acquire_read()) {
              torn.fetch_add(first == second ? 0 : 1, relaxed);
              lock.release_read();
            } else {
              auto const permit = co_await lock.scoped_read();
              visit const here{readers};
              torn.fetch_add(first == second ? 0 : 1, relaxed);
              if (dice == 5) {
                co_await skein::sleep(0s);
              }
            }
          });
        }
        co_await s.rage(cancels);
        CHECK(s.cancelled() > 0);
      },
      {.workers = 4});
  REQUIRE(writers.too_many.load(relaxed) == 0);
  REQUIRE(together.load(relaxed) == 0);
  REQUIRE(torn.load(relaxed) == 0);
  REQUIRE(first == writers.left.load(relaxed));
  REQUIRE(readers.left.load(relaxed) > 0);
  REQUIRE_FALSE(lock.locked());
  REQUIRE(lock.waiting() == 0);
  REQUIRE(lock.try_acquire_write());
  lock.release_write();
}

TEST_CASE("sync stress: every item of a channel is received once while senders and receivers are cancelled",
          "[stress][sync]") {
  constexpr int senders = 4;
  constexpr int items = 5'000;
  constexpr int total = senders * items;
  for (std::size_t const capacity : {0U, 1U, 3U}) {
    skein::channel<int> channel{capacity};
    std::vector<std::atomic<int>> taken(total);
    std::vector<int> next_of(senders);
    std::atomic<int> received{0};
    skein::run(
        [&]() -> skein::coro<> {
          storm s{9};
          for (int p = 0; p < senders; ++p) {
            int& next = next_of[static_cast<std::size_t>(p)];
            s.add([&next] { return next < items; },
                  [&, p]() -> skein::coro<> {
                    if (next == items) {
                      co_await skein::sleep(0s);
                      co_return;
                    }
                    if (next % 8 == 0 && channel.try_send(p * items + next)) {
                      ++next;
                      co_return;
                    }
                    co_await channel.send(p * items + next);
                    ++next;  // a send that was cancelled sent nothing: it is made again
                  });
            s.add([&] { return received.load(relaxed) < total; },
                  [&]() -> skein::coro<> {
                    if (received.load(relaxed) == total) {
                      co_await skein::sleep(0s);
                      co_return;
                    }
                    std::optional<int> item = channel.try_receive();
                    if (!item) {
                      item = co_await channel.receive();
                    }
                    if (!item) {
                      co_return;
                    }
                    taken[static_cast<std::size_t>(*item)].fetch_add(1, relaxed);
                    if (received.fetch_add(1, relaxed) + 1 == total) {
                      channel.close();
                    }
                  });
          }
          co_await s.rage(cancels);
          CHECK(s.cancelled() > 0);
        },
        {.workers = 4});
    auto const is_one = [](std::atomic<int> const& n) { return n.load(relaxed) == 1; };
    REQUIRE(std::all_of(taken.begin(), taken.end(), is_one));
    REQUIRE(channel.size() == 0);
    REQUIRE(channel.waiting() == 0);
  }
}
