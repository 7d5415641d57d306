// SPDX-License-Identifier: Apache-2.0
// run_queue.cpp: pushing, popping and stealing ready tasks.
#include "item.hpp"

#include <skein/core/lowlevel/run_queue.hpp>

#include <benchmark/benchmark.h>

namespace {

using skein::lowlevel::run_queue;

/// One task pushed and popped, with as many before it as the argument says.
void run_queue_push_pop(benchmark::State& state) {
  auto const waiting = static_cast<std::size_t>(state.range(0));
  auto const items = perf::make_items(waiting + 1);
  run_queue queue;
  for (std::size_t i = 0; i < waiting; ++i) {
    static_cast<void>(queue.push(items[i]));
  }
  auto* next = static_cast<skein::lowlevel::work_item*>(&items[waiting]);
  for (auto _ : state) {
    benchmark::DoNotOptimize(queue.push(*next));
    next = queue.pop();
  }
}
BENCHMARK(run_queue_push_pop)->Arg(0)->Arg(100);

/// Half of a full queue stolen; the time is that of all pushes, the steal, and all pops.
void run_queue_steal_half(benchmark::State& state) {
  auto const items = perf::make_items(run_queue::capacity);
  run_queue victim;
  run_queue thief;
  for (auto _ : state) {
    for (std::size_t i = 0; i < run_queue::capacity; ++i) {
      static_cast<void>(victim.push(items[i]));
    }
    benchmark::DoNotOptimize(victim.steal_half(thief));
    while (victim.pop() != nullptr) {
    }
    while (thief.pop() != nullptr) {
    }
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(run_queue::capacity));
}
BENCHMARK(run_queue_steal_half);

}  // namespace
