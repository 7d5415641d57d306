// SPDX-License-Identifier: Apache-2.0
// timers.cpp: arming, cancelling and firing timers among many.
#include <skein/core/lowlevel/timer_heap.hpp>

#include <benchmark/benchmark.h>

#include <cstddef>
#include <cstdint>
#include <memory>

namespace {

using skein::lowlevel::instant;
using skein::lowlevel::timer_heap;
using skein::lowlevel::timer_node;

class timer : public timer_node {
 public:
  timer() noexcept : timer_node{[](timer_node&) noexcept {}} {}
};

class random_deadlines {
 public:
  [[nodiscard]] instant next() noexcept {
    state_ = state_ * 6364136223846793005U + 1442695040888963407U;
    return static_cast<instant>(state_ >> 34U);
  }

 private:
  std::uint64_t state_ = 42;
};

/// As many armed timers as the argument says, with random deadlines.
class armed_timers {
 public:
  explicit armed_timers(std::size_t count) : timers_{std::make_unique<timer[]>(count)} {
    for (std::size_t i = 0; i < count; ++i) {
      heap.arm(timers_[i], deadlines.next());
    }
  }
  ~armed_timers() { heap.fire_due(skein::lowlevel::never - 1); }
  armed_timers(armed_timers const&) = delete;
  armed_timers& operator=(armed_timers const&) = delete;

  timer_heap heap;
  random_deadlines deadlines;

 private:
  std::unique_ptr<timer[]> timers_;
};

/// A timeout that does not strike.
void timers_arm_disarm(benchmark::State& state) {
  armed_timers others{static_cast<std::size_t>(state.range(0))};
  timer one;
  for (auto _ : state) {
    others.heap.arm(one, others.deadlines.next());
    benchmark::DoNotOptimize(others.heap.disarm(one));
  }
}
BENCHMARK(timers_arm_disarm)->Arg(0)->Arg(1000)->Arg(100'000);

/// Equal sleeps: each deadline is later than all before.
void timers_arm_fire_in_order(benchmark::State& state) {
  auto const count = static_cast<std::size_t>(state.range(0));
  auto const timers = std::make_unique<timer[]>(count);
  timer_heap heap;
  instant now = 0;
  for (auto _ : state) {
    for (std::size_t i = 0; i < count; ++i) {
      heap.arm(timers[i], ++now);
    }
    benchmark::DoNotOptimize(heap.fire_due(now));
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(timers_arm_fire_in_order)->Arg(1000)->Arg(100'000);

/// Sleeps of all lengths.
void timers_arm_fire_random(benchmark::State& state) {
  auto const count = static_cast<std::size_t>(state.range(0));
  auto const timers = std::make_unique<timer[]>(count);
  timer_heap heap;
  random_deadlines deadlines;
  for (auto _ : state) {
    for (std::size_t i = 0; i < count; ++i) {
      heap.arm(timers[i], deadlines.next());
    }
    benchmark::DoNotOptimize(heap.fire_due(skein::lowlevel::never - 1));
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(timers_arm_fire_random)->Arg(1000)->Arg(100'000);

}  // namespace
