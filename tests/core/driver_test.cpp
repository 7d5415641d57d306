// SPDX-License-Identifier: Apache-2.0
// driver_test.cpp: a loop that is given a source of events polls it, parks in it, and is woken out of it.
#include <support/test_case.hpp>

#include <skein/core/create_task.hpp>
#include <skein/core/event_loop.hpp>
#include <skein/core/lowlevel/driver.hpp>
#include <skein/core/sleep.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <type_traits>
#include <vector>

using namespace std::chrono_literals;
using skein::lowlevel::driver;
using skein::lowlevel::install_driver;
using skein::lowlevel::instant;
using skein::lowlevel::never;
using skein::lowlevel::running_driver;

static_assert(std::has_virtual_destructor_v<driver>);
static_assert(std::is_abstract_v<driver>);

namespace {

/// What a test knows of its driver; outlives it.
struct driver_log {
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<instant> timeouts;         // of every poll; guarded by mutex
  std::vector<skein::future<>> waiters;  // guarded by mutex
  int ready = 0;                         // events that nobody took; guarded by mutex
  bool woken = false;                    // guarded by mutex
  bool blocked = false;                  // a poll waits now; guarded by mutex
  bool destroyed = false;

  void happen() {
    {
      std::lock_guard const guard{mutex};
      ++ready;
    }
    changed.notify_all();
  }
  void await_blocked() {
    std::unique_lock guard{mutex};
    changed.wait(guard, [this] { return blocked; });
  }
};

/// Events are counted by `happen`; each ends the wait of one future.
class test_driver final : public driver {
 public:
  explicit test_driver(driver_log& log) : log_{log} {}
  ~test_driver() override { log_.destroyed = true; }

  void poll(instant timeout) override {
    std::vector<skein::future<>> done;
    {
      std::unique_lock guard{log_.mutex};
      log_.timeouts.push_back(timeout);
      auto const something = [this] { return log_.woken || log_.ready > 0; };
      if (timeout > 0) {
        log_.blocked = true;
        log_.changed.notify_all();
        if (timeout == never) {
          log_.changed.wait(guard, something);
        } else {
          log_.changed.wait_for(guard, std::chrono::nanoseconds{timeout}, something);
        }
        log_.blocked = false;
        log_.woken = false;
      }
      while (log_.ready > 0 && !log_.waiters.empty()) {
        --log_.ready;
        done.push_back(log_.waiters.front());
        log_.waiters.erase(log_.waiters.begin());
      }
    }
    for (auto const& f : done) {
      f.try_set_result();
    }
  }
  void wake() noexcept override {
    {
      std::lock_guard const guard{log_.mutex};
      log_.woken = true;
    }
    log_.changed.notify_all();
  }
  [[nodiscard]] char const* name() const noexcept override { return "test"; }
  [[nodiscard]] bool has_waiters() const noexcept override {
    std::lock_guard const guard{log_.mutex};
    return !log_.waiters.empty();
  }

 private:
  driver_log& log_;
};

skein::coro<> wait_for_event(driver_log& log) {
  auto const f = skein::create_future();
  {
    std::lock_guard const guard{log.mutex};
    log.waiters.push_back(f);
  }
  co_await f;
}

}  // namespace

TEST_CASE("driver: outside of a loop there is none", "[core][driver]") {
  driver_log log;
  REQUIRE_THROWS_AS(running_driver(), skein::no_running_loop_error);
  REQUIRE_THROWS_AS(install_driver(std::make_unique<test_driver>(log)), skein::no_running_loop_error);
}

SKEIN_TEST_CASE("driver: a loop has none until it is given one, and gets one only", "[core][driver]") {
  static driver_log log;
  static driver_log refused;
  REQUIRE(running_driver() == nullptr);
  install_driver(std::make_unique<test_driver>(log));
  REQUIRE(running_driver() != nullptr);
  REQUIRE(std::string{running_driver()->name()} == "test");
  REQUIRE_THROWS_AS(install_driver(std::make_unique<test_driver>(refused)), std::logic_error);
  REQUIRE(refused.destroyed);
  co_return;
}

TEST_CASE("driver: it goes with its loop", "[core][driver]") {
  driver_log log;
  auto loop = skein::new_event_loop();
  loop->run_until_complete([&]() -> skein::coro<> {
    install_driver(std::make_unique<test_driver>(log));
    co_return;
  });
  loop->run_until_complete([]() -> skein::coro<> {
    REQUIRE(running_driver() != nullptr);
    co_return;
  });
  REQUIRE_FALSE(log.destroyed);
  loop->close();
  loop.reset();
  REQUIRE(log.destroyed);
}

TEST_CASE("driver: a loop with other work polls without waiting", "[core][driver]") {
  driver_log log;
  skein::run(
      [&]() -> skein::coro<> {
        install_driver(std::make_unique<test_driver>(log));
        log.happen();
        auto const waiter = skein::create_task(wait_for_event(log));
        while (!waiter.done()) {
          co_await skein::sleep(0s);
        }
      },
      {.workers = 1});
  REQUIRE_FALSE(log.timeouts.empty());
  REQUIRE(std::all_of(log.timeouts.begin(), log.timeouts.end(), [](instant t) { return t == 0; }));
}

TEST_CASE("driver: an idle loop waits in it for events, for ever when there is no timer", "[core][driver]") {
  bool const virtual_time = GENERATE(false, true);
  driver_log log;
  std::thread world{[&] {
    log.await_blocked();
    log.happen();
  }};
  skein::run(
      [&]() -> skein::coro<> {
        install_driver(std::make_unique<test_driver>(log));
        co_await wait_for_event(log);
      },
      {.workers = 1, .virtual_time = virtual_time});
  world.join();
  REQUIRE(std::count(log.timeouts.begin(), log.timeouts.end(), never) >= 1);
}

TEST_CASE("driver: an idle loop waits in it no longer than until its next timer", "[core][driver]") {
  driver_log log;
  skein::run(
      [&]() -> skein::coro<> {
        install_driver(std::make_unique<test_driver>(log));
        co_await skein::sleep(5ms);
      },
      {.workers = 1});
  auto const longest = *std::max_element(log.timeouts.begin(), log.timeouts.end());
  REQUIRE(longest > 0);
  REQUIRE(longest <= 5'000'000);
}

TEST_CASE("driver: a call from another thread wakes a loop that waits in it", "[core][driver]") {
  driver_log log;
  skein::run(
      [&]() -> skein::coro<> {
        install_driver(std::make_unique<test_driver>(log));
        auto& loop = skein::get_running_loop();
        auto const called = skein::create_future();
        std::thread other{[&] {
          log.await_blocked();
          loop.call_soon_threadsafe([called] { called.set_result(); });
        }};
        co_await called;
        other.join();
      },
      {.workers = 1});
  REQUIRE(std::count(log.timeouts.begin(), log.timeouts.end(), never) >= 1);
}

TEST_CASE("driver: a worker of several waits in it too and is woken for work", "[core][driver]") {
  driver_log log;
  skein::run(
      [&]() -> skein::coro<> {
        auto& loop = skein::get_running_loop();
        auto const pinned = [&](auto f) { return loop.create_task(std::move(f)); };
        co_await pinned([&]() -> skein::coro<> {
          install_driver(std::make_unique<test_driver>(log));
          co_return;
        });
        std::thread world{[&] {
          log.await_blocked();
          log.happen();
        }};
        co_await pinned([&]() -> skein::coro<> { co_await wait_for_event(log); });
        world.join();
        auto const called = skein::create_future();
        std::thread other{[&] {
          log.await_blocked();
          skein::run_coroutine_threadsafe(
              [](skein::future<> f) -> skein::coro<> {
                f.set_result();
                co_return;
              }(called),
              loop)
              .get();
        }};
        co_await called;
        other.join();
      },
      {.workers = 4});
  REQUIRE(log.destroyed);
}

TEST_CASE("driver: virtual time does not run ahead of an event that is there", "[core][driver]") {
  driver_log log;
  std::vector<std::string> order;
  skein::run(
      [&]() -> skein::coro<> {
        install_driver(std::make_unique<test_driver>(log));
        auto const sleeper = skein::create_task([&]() -> skein::coro<> {
          co_await skein::sleep(1h);
          order.emplace_back("an hour later");
        });
        log.happen();
        co_await wait_for_event(log);
        order.emplace_back("event");
        co_await sleeper;
      },
      {.virtual_time = true});
  REQUIRE(order == std::vector<std::string>{"event", "an hour later"});
}

TEST_CASE("driver: virtual time goes on while somebody waits for an event that does not come",
          "[core][driver]") {
  driver_log log;
  skein::run(
      [&]() -> skein::coro<> {
        install_driver(std::make_unique<test_driver>(log));
        auto const waiter = skein::create_task(wait_for_event(log));
        co_await skein::sleep(1h);
        REQUIRE_FALSE(waiter.done());
        log.happen();
        co_await waiter;
      },
      {.virtual_time = true});
}
