// SPDX-License-Identifier: Apache-2.0
// event_loop_post_test.cpp: calls from other threads, and calls at a time.
#include <support/test_case.hpp>

#include <skein/core/event_loop.hpp>
#include <skein/core/run.hpp>
#include <skein/core/runtime.hpp>
#include <skein/core/sleep.hpp>

#include <algorithm>
#include <atomic>
#include <memory>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

using namespace std::chrono_literals;

TEST_CASE("event_loop: deadlines in the past are ordered too (TIMER-002, TIMER-003)", "[core][loop]") {
  auto const loop = skein::new_event_loop({.virtual_time = true});
  std::vector<int> calls;
  auto const now = loop->time();
  loop->call_at(now - 1s, [&] { calls.push_back(1); });
  loop->call_at(now - 2s, [&] { calls.push_back(2); });
  for (int i = 3; i < 8; ++i) {
    loop->call_at(now + 1s, [&calls, i] { calls.push_back(i); });
  }
  loop->call_at(now + 2s, [&] { loop->stop(); });
  loop->run_forever();
  REQUIRE(calls == std::vector<int>{2, 1, 3, 4, 5, 6, 7});
}

TEST_CASE("event_loop: a call queued during a pass runs in the next one (TIMER-005, TIMER-006)",
          "[core][loop]") {
  auto const loop = skein::new_event_loop({.virtual_time = true});
  std::vector<std::string> calls;
  skein::timer_handle second;
  auto const now = loop->time();
  loop->call_at(now, [&] {
    calls.emplace_back("timer");
    second.cancel();
  });
  second = loop->call_at(now, [&] { calls.emplace_back("never"); });
  loop->call_soon([&] { calls.emplace_back("soon"); });
  loop->call_later(1s, [&] { loop->stop(); });
  loop->run_forever();
  REQUIRE(calls == std::vector<std::string>{"soon", "timer"});
  REQUIRE(second.cancelled());
}

TEST_CASE("event_loop: posts of one thread arrive in order, from many none is lost (THR-001 to THR-003)",
          "[core][loop]") {
  auto const loop = skein::new_event_loop();
  constexpr int threads = 4;
  constexpr int posts = 5000;
  std::vector<std::vector<int>> seen(threads);
  int left = threads * posts;
  std::vector<std::thread> posters;
  for (int t = 0; t < threads; ++t) {
    posters.emplace_back([&, t] {
      for (int i = 0; i < posts; ++i) {
        loop->call_soon_threadsafe([&, t, i] {
          seen[static_cast<std::size_t>(t)].push_back(i);
          if (--left == 0) {
            loop->stop();
          }
        });
      }
    });
  }
  loop->run_forever();
  for (auto& poster : posters) {
    poster.join();
  }
  for (auto const& one : seen) {
    REQUIRE(one.size() == posts);
    REQUIRE(std::is_sorted(one.begin(), one.end()));
  }
}

TEST_CASE("event_loop: a thread wakes it while it sleeps", "[core][loop]") {
  auto const loop = skein::new_event_loop();
  std::atomic<bool> ready{false};
  loop->call_soon([&] { ready = true; });
  std::thread waker{[&] {
    while (!ready) {
      std::this_thread::yield();
    }
    loop->call_soon_threadsafe([&] { loop->stop(); });
  }};
  loop->run_forever();
  waker.join();
  SUCCEED();
}

TEST_CASE("event_loop: in virtual time a day passes at once", "[core][loop]") {
  auto const loop = skein::new_event_loop({.virtual_time = true});
  auto const before = loop->time();
  loop->run_until_complete([]() -> skein::coro<> { co_await skein::sleep(24h); });
  REQUIRE(loop->time() - before >= 24h);
  REQUIRE(loop->time() - before < 24h + 1s);
}

SKEIN_TEST_CASE("event_loop: call_soon on every loop of a runtime runs on its thread", "[core][loop]") {
  auto& runtime = skein::runtime::current();
  std::set<skein::event_loop*> seen;
  for (std::size_t i = 0; i < runtime.workers(); ++i) {
    auto const where = skein::create_future<skein::event_loop*>();
    runtime.loop(i).call_soon([where] { where.set_result(skein::running_loop()); });
    auto* const loop = co_await where;
    REQUIRE(loop == &runtime.loop(i));
    seen.insert(loop);
  }
  REQUIRE(seen.size() == runtime.workers());
  REQUIRE_THROWS_AS(skein::get_running_loop().close(), std::runtime_error);
}

SKEIN_TEST_CASE("event_loop: call_later calls once with its arguments, never early (TIMER-001)",
                "[core][loop]") {
  auto& loop = skein::get_running_loop();
  auto const begin = skein::clock::now();
  auto const done = skein::create_future<std::string>();
  std::atomic<int> calls{0};
  skein::clock::time_point when;
  loop.call_later(
      5ms,
      [&](std::string const& text, int n) {
        ++calls;
        when = skein::clock::now();
        done.set_result(text + std::to_string(n));
      },
      "a", 1);
  auto const text = co_await done;
  co_await skein::sleep(10ms);
  REQUIRE(text == "a1");
  REQUIRE(calls == 1);
  REQUIRE(when - begin >= 5ms);
}

TEST_CASE("event_loop: time goes on inside a callback, and delays count from their start (TIMER-010)",
          "[core][loop]") {
  auto const loop = skein::new_event_loop();
  loop->call_soon([&] {
    auto const begin = loop->time();
    while (loop->time() - begin < 5ms) {
    }
    auto const set = loop->time();
    loop->call_later(1ms, [&, set] {
      REQUIRE(loop->time() - set >= 1ms);
      loop->stop();
    });
  });
  loop->run_forever();
}

TEST_CASE("event_loop: a million posts of other threads are made once each (THR-003)", "[core][loop]") {
  auto const loop = skein::new_event_loop();
  constexpr std::uint64_t posts = 1'000'000;
  std::uint64_t sum = 0;
  std::uint64_t count = 0;
  std::thread poster{[&] {
    for (std::uint64_t i = 0; i < posts; ++i) {
      loop->call_soon_threadsafe([&, i] {
        sum += i;
        if (++count == posts) {
          loop->stop();
        }
      });
    }
  }};
  poster.join();  // all of them wait at once
  loop->run_forever();
  REQUIRE(count == posts);
  REQUIRE(sum == posts * (posts - 1) / 2);
}

TEST_CASE("event_loop: posts of the loop's own thread keep their order (THR-001)", "[core][loop]") {
  auto const loop = skein::new_event_loop();
  std::vector<std::string> calls;
  loop->call_soon_threadsafe([&](std::string const& text) { calls.push_back(text); }, "hello");
  loop->call_soon_threadsafe([&] {
    calls.emplace_back("world");
    loop->stop();
  });
  loop->run_forever();
  REQUIRE(calls == std::vector<std::string>{"hello", "world"});
}

SKEIN_TEST_CASE("event_loop: scheduling works from any thread (THR-004)", "[core][loop]") {
  auto& loop = skein::get_running_loop();
  std::atomic<int> on_loop{0};
  auto const look = [&] { on_loop += skein::running_loop() == &loop ? 1 : 0; };
  std::thread{[&] {
    loop.call_soon(look);
    loop.call_later(1us, look);
    loop.call_at(loop.time(), look);
  }}.join();
  while (on_loop != 3) {
    co_await skein::sleep(100us);
  }
}

SKEIN_TEST_CASE("event_loop: a timer of any loop that is cancelled from anywhere never fires (TIMER-007)",
                "[core][loop]") {
  auto& runtime = skein::runtime::current();
  auto const workers = static_cast<int>(runtime.workers());
  auto const payload = std::make_shared<int>(1);
  std::atomic<int> fired{0};
  std::atomic<int> later_ones{0};
  std::vector<skein::timer_handle> timers;
  for (std::size_t i = 0; i < runtime.workers(); ++i) {
    timers.push_back(runtime.loop(i).call_later(3ms, [&, payload] { fired.fetch_add(1); }));
    runtime.loop(i).call_later(4ms, [&] { later_ones.fetch_add(1); });
  }
  int cancelled = 0;
  for (auto& timer : timers) {
    timer.cancel();
    timer.cancel();
    cancelled += timer.cancelled() ? 1 : 0;
  }
  while (later_ones.load() < workers) {
    co_await skein::sleep(1ms);
  }
  REQUIRE(fired.load() == workers - cancelled);
  REQUIRE(payload.use_count() == 1);
}

TEST_CASE(
    "event_loop: time goes on while a task blocks its loop, and its sleep counts from there (TIMER-010)",
    "[core][loop]") {
  auto const main = []() -> skein::coro<> {
    auto& runtime = skein::runtime::current();
    std::vector<skein::task<>> tasks;
    for (std::size_t i = 0; i < runtime.workers(); ++i) {
      auto& loop = runtime.loop(i);
      tasks.push_back(loop.create_task([&loop]() -> skein::coro<> {
        auto const begin = loop.time();
        while (loop.time() - begin < 5ms) {
        }
        auto const before = loop.time();
        co_await skein::sleep(2ms);
        REQUIRE(loop.time() - before >= 2ms);
      }));
    }
    for (auto const& task : tasks) {
      co_await task;
    }
  };
  for (unsigned const workers : {1U, 4U}) {
    skein::run(main, {.workers = workers});
  }
}
