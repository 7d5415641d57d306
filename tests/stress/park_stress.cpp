// SPDX-License-Identifier: Apache-2.0
// park_stress.cpp: no wake-up is lost between a foreign thread and a runtime that keeps falling asleep, and a
// runtime ends whatever is still pending or on its way.
#include <support/catch.hpp>
#include <support/watchdog.hpp>

#include <skein/core/create_task.hpp>
#include <skein/core/event_loop.hpp>
#include <skein/core/lowlevel/driver.hpp>
#include <skein/core/run.hpp>
#include <skein/core/runtime.hpp>
#include <skein/core/sleep.hpp>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

using namespace std::chrono_literals;

namespace {

using skein_test::watchdog;

/// Hands one thing from a task to a plain thread, which blocks for it.
template <class T>
class mailbox {
 public:
  void put(T thing) {
    std::lock_guard const guard{mutex_};
    thing_ = std::move(thing);
    full_ = true;
    changed_.notify_one();  // under the lock: who takes may destroy the mailbox
  }
  [[nodiscard]] T take() {
    std::unique_lock guard{mutex_};
    changed_.wait(guard, [this] { return full_; });
    full_ = false;
    return std::move(thing_);
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  T thing_{};
  bool full_ = false;
};

/// Poses as a source of I/O: something to be woken out of.
class sleeping_driver final : public skein::lowlevel::driver {
 public:
  void poll(skein::lowlevel::instant timeout) override {
    if (timeout == 0) {
      return;
    }
    std::unique_lock guard{mutex_};
    auto const is_woken = [this] { return woken_; };
    if (timeout == skein::lowlevel::never) {
      changed_.wait(guard, is_woken);
    } else {
      changed_.wait_for(guard, std::chrono::nanoseconds{timeout}, is_woken);
    }
    woken_ = false;
  }
  void wake() noexcept override {
    {
      std::lock_guard const guard{mutex_};
      woken_ = true;
    }
    changed_.notify_one();
  }
  [[nodiscard]] char const* name() const noexcept override { return "sleeping"; }
  [[nodiscard]] bool has_waiters() const noexcept override { return false; }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool woken_ = false;
};

skein::coro<int> echo(int n) { co_return n; }

/// Waits, and counts that it began and that it was cancelled.
template <class A>
skein::coro<> counted_wait(A operation, std::atomic<int>& entered, std::atomic<int>& cancelled) {
  ++entered;
  try {
    co_await std::move(operation);
  } catch (skein::cancelled_error const&) {
    ++cancelled;
    throw;
  }
}

/// A task waits for a future that a plain thread completes, which waits for the task.
void ping_pong(unsigned workers, int rounds) {
  watchdog dog{"park_stress: a foreign thread that completes futures"};
  mailbox<skein::future<int>> box;
  std::thread foreign{[&] {
    for (int i = 0; i < rounds; ++i) {
      box.take().set_result(i);
    }
  }};
  int right = 0;
  skein::run(
      [&]() -> skein::coro<> {
        for (int i = 0; i < rounds; ++i) {
          auto const f = skein::create_future<int>();
          box.put(f);
          right += co_await f == i ? 1 : 0;
          dog.progress();
        }
      },
      {.workers = workers});
  foreign.join();
  REQUIRE(right == rounds);
}

}  // namespace

TEST_CASE("park stress: futures completed by a foreign thread wake an idle runtime", "[stress][park]") {
  ping_pong(4, 40'000);
}

TEST_CASE("park stress: futures completed by a foreign thread wake an idle lone loop", "[stress][park]") {
  ping_pong(1, 20'000);
}

TEST_CASE("park stress: coroutines posted by foreign threads to an idle runtime all run", "[stress][park]") {
  constexpr int posters = 2;
  constexpr int rounds = 15'000;
  watchdog dog{"park_stress: foreign threads that post coroutines"};
  std::atomic<int> right{0};
  skein::run(
      [&]() -> skein::coro<> {
        auto const finished = skein::create_future();
        auto& runtime = skein::runtime::current();
        std::atomic<int> left{posters};
        std::vector<std::thread> threads;
        for (std::size_t t = 0; t < posters; ++t) {
          threads.emplace_back([&, t] {
            for (int i = 0; i < rounds; ++i) {
              auto& loop = runtime.loop((t + static_cast<std::size_t>(i)) % 4);
              right += skein::run_coroutine_threadsafe(echo(i), loop).get() == i ? 1 : 0;
              dog.progress();
            }
            if (left.fetch_sub(1) == 1) {
              finished.set_result();
            }
          });
        }
        co_await finished;
        for (std::thread& t : threads) {
          t.join();
        }
      },
      {.workers = 4});
  REQUIRE(right.load() == posters * rounds);
}

TEST_CASE("park stress: calls posted by a foreign thread to sleeping loops are all made", "[stress][park]") {
  constexpr int rounds = 20'000;
  watchdog dog{"park_stress: a foreign thread that posts calls"};
  int made = 0;
  skein::run(
      [&]() -> skein::coro<> {
        auto const finished = skein::create_future();
        auto& runtime = skein::runtime::current();
        std::thread foreign{[&] {
          mailbox<int> answer;
          for (int i = 0; i < rounds; ++i) {
            runtime.loop(static_cast<std::size_t>(i) % 4).call_soon_threadsafe([&answer, i] {
              answer.put(i);
            });
            made += answer.take() == i ? 1 : 0;
            dog.progress();
          }
          finished.set_result();
        }};
        co_await finished;
        foreign.join();
      },
      {.workers = 4});
  REQUIRE(made == rounds);
}

TEST_CASE("park stress: tasks that wake each other while their workers fall asleep", "[stress][park]") {
  constexpr int rounds = 100'000;
  watchdog dog{"park_stress: pairs of tasks"};
  skein::run(
      [&]() -> skein::coro<> {
        struct ball {
          std::mutex mutex;
          skein::future<> next;
        };
        auto const play = [&](ball& mine, ball& theirs) -> skein::coro<> {
          for (int i = 0; i < rounds; ++i) {
            skein::future<> wait;
            {
              std::lock_guard const guard{mine.mutex};
              wait = mine.next;
            }
            co_await wait;
            {
              std::lock_guard const guard{mine.mutex};
              mine.next = skein::create_future();
            }
            skein::future<> go;
            {
              std::lock_guard const guard{theirs.mutex};
              go = theirs.next;
            }
            go.set_result();
            dog.progress();
          }
        };
        std::vector<std::pair<ball, ball>> pairs(3);
        std::vector<skein::task<>> players;
        for (auto& [a, b] : pairs) {
          a.next = skein::create_future();
          b.next = skein::create_future();
          a.next.set_result();
          players.push_back(skein::create_task(play, std::ref(a), std::ref(b)));
          players.push_back(skein::create_task(play, std::ref(b), std::ref(a)));
        }
        for (auto const& p : players) {
          co_await p;
        }
      },
      {.workers = 4});
}

TEST_CASE("park stress: a driver is installed while foreign threads post", "[stress][park]") {
  constexpr int rounds = 1'000;
  watchdog dog{"park_stress: installing a driver"};
  for (int round = 0; round < rounds; ++round) {
    skein::run(
        [&]() -> skein::coro<> {
          auto const finished = skein::create_future();
          auto& loop = skein::get_running_loop();
          std::atomic<bool> go{false};
          std::thread foreign{[&] {
            go.store(true);
            for (int i = 0; i < 20; ++i) {
              loop.call_soon_threadsafe([] {});
            }
            finished.set_result();
          }};
          while (!go.load()) {
            std::this_thread::yield();
          }
          skein::lowlevel::install_driver(std::make_unique<sleeping_driver>());
          co_await finished;
          foreign.join();
        },
        {.workers = 1});
    dog.progress();
  }
}

TEST_CASE("park stress: run ends with thousands of tasks and timers pending, and all see the cancellation",
          "[stress][park]") {
  constexpr int each = 2'000;
  watchdog dog{"park_stress: ending a run"};
  for (int round = 0; round < 5; ++round) {
    std::atomic<int> entered{0};
    std::atomic<int> cancelled{0};
    std::atomic<int> calls{0};
    skein::run(
        [&]() -> skein::coro<> {
          auto& loop = skein::get_running_loop();
          for (int i = 0; i < each; ++i) {
            static_cast<void>(skein::create_task(counted_wait(skein::sleep(1h), entered, cancelled)));
            static_cast<void>(skein::create_task(counted_wait(skein::create_future(), entered, cancelled)));
            static_cast<void>(loop.create_task(counted_wait(skein::sleep(1h), entered, cancelled)));
            static_cast<void>(loop.call_later(1h, [&] { ++calls; }));
          }
          for (int i = 0; i < round; ++i) {
            co_await skein::sleep(1ms);
          }
        },
        {.workers = 4});
    REQUIRE(entered.load() == cancelled.load());
    REQUIRE(calls.load() == 0);
    dog.progress();
  }
}

TEST_CASE("park stress: runtimes are started and ended 200 times", "[stress][park]") {
  watchdog dog{"park_stress: starting and ending runtimes"};
  std::atomic<int> done{0};
  for (int round = 0; round < 200; ++round) {
    skein::run(
        [&]() -> skein::coro<> {
          std::vector<skein::task<>> tasks;
          for (int i = 0; i < round % 20; ++i) {
            tasks.push_back(skein::create_task([&]() -> skein::coro<> {
              co_await skein::sleep(0s);
              ++done;
            }));
          }
          for (auto const& t : tasks) {
            co_await t;
          }
        },
        {.workers = 1 + static_cast<unsigned>(round) % 8});
    dog.progress();
  }
  REQUIRE(done.load() == 200 / 20 * (19 * 20 / 2));
}

TEST_CASE("park stress: a runtime may end while the foreign thread that woke it is still waking it",
          "[stress][park]") {
  watchdog dog{"park_stress: ending under a waker"};
  for (int round = 0; round < 1'000; ++round) {
    mailbox<skein::future<>> box;
    std::thread foreign{[&] { box.take().set_result(); }};
    skein::run(
        [&]() -> skein::coro<> {
          auto const f = skein::create_future();
          box.put(f);
          co_await f;
        },
        {.workers = 1 + static_cast<unsigned>(round) % 4});
    foreign.join();
    dog.progress();
  }
}
