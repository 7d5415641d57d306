// SPDX-License-Identifier: Apache-2.0
// wake.cpp: from the moment something happens to the moment a task runs because of it.
#include <skein/skein.hpp>

#include <benchmark/benchmark.h>

#include <atomic>
#include <chrono>
#include <future>
#include <thread>
#include <utility>

namespace {

using namespace std::chrono_literals;

/// A task waits for an event that the task beside it sets: both run on one worker.
auto wake_each_other(benchmark::State& state) -> skein::coro<void> {
  skein::event ping;
  skein::event pong;
  bool playing = true;
  auto opponent = skein::create_task([&]() -> skein::coro<void> {
    for (;;) {
      co_await ping.wait();
      ping.clear();
      if (!playing) {
        co_return;
      }
      pong.set();
    }
  });
  for (auto _ : state) {
    ping.set();
    co_await pong.wait();
    pong.clear();
  }
  playing = false;
  ping.set();
  co_await opponent;
}

void wake_on_the_same_worker(benchmark::State& state) {
  skein::run([&] { return wake_each_other(state); }, {.workers = 1});
}
BENCHMARK(wake_on_the_same_worker);

/// A loop in a thread of its own, with nothing to do until it is woken.
class idle_loop {
 public:
  idle_loop() {
    std::promise<skein::event_loop*> started;
    auto loop = started.get_future();
    thread_ = std::thread{[this, started = std::move(started)]() mutable {
      skein::run(
          [&]() -> skein::coro<void> {
            started.set_value(&skein::get_running_loop());
            co_await stop_.wait();
          },
          {.workers = 1});
    }};
    loop_ = loop.get();
  }
  idle_loop(idle_loop const&) = delete;
  idle_loop& operator=(idle_loop const&) = delete;
  ~idle_loop() {
    stop_.set();
    thread_.join();
  }

  [[nodiscard]] skein::event_loop& loop() const noexcept { return *loop_; }

 private:
  skein::event stop_;
  skein::event_loop* loop_ = nullptr;
  std::thread thread_;
};

/// A plain thread posts a callback to a loop and spins until it has run. With the argument 0 the next post
/// follows at once, so the loop is still awake; with 1 it has gone to sleep, so this measures the unparking.
void wake_from_a_thread(benchmark::State& state) {
  bool const let_it_sleep = state.range(0) == 1;
  idle_loop sleeper;
  std::atomic<bool> ran{false};
  for (auto _ : state) {
    if (let_it_sleep) {
      std::this_thread::sleep_for(200us);
    }
    auto const start = std::chrono::steady_clock::now();
    sleeper.loop().call_soon_threadsafe([&ran] { ran.store(true, std::memory_order_release); });
    while (!ran.load(std::memory_order_acquire)) {
      std::this_thread::yield();
    }
    state.SetIterationTime(std::chrono::duration<double>{std::chrono::steady_clock::now() - start}.count());
    ran.store(false, std::memory_order_relaxed);
  }
}
BENCHMARK(wake_from_a_thread)->Arg(0)->Arg(1)->UseManualTime();

/// A task gives way to nobody: one turn of the worker.
void wake_yield_alone(benchmark::State& state) {
  skein::run(
      [&]() -> skein::coro<void> {
        for (auto _ : state) {
          co_await skein::sleep(0s);
        }
      },
      {.workers = 1});
}
BENCHMARK(wake_yield_alone);

/// A task that is made and awaited at once.
void wake_spawn_and_join(benchmark::State& state) {
  skein::run(
      [&]() -> skein::coro<void> {
        for (auto _ : state) {
          co_await skein::create_task([]() -> skein::coro<void> { co_return; });
        }
      },
      {.workers = 1});
}
BENCHMARK(wake_spawn_and_join);

}  // namespace
