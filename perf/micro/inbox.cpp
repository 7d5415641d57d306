// SPDX-License-Identifier: Apache-2.0
// inbox.cpp: work sent to a worker, one by one and in batches.
#include "item.hpp"

#include <skein/core/lowlevel/inbox.hpp>

#include <benchmark/benchmark.h>

namespace {

/// The argument is how many items arrive between two looks of the owner.
void inbox_push_take(benchmark::State& state) {
  auto const batch = static_cast<std::size_t>(state.range(0));
  auto const items = perf::make_items(batch);
  skein::lowlevel::inbox inbox;
  for (auto _ : state) {
    for (std::size_t i = 0; i < batch; ++i) {
      benchmark::DoNotOptimize(inbox.push(items[i]));
    }
    skein::lowlevel::work_list taken;
    inbox.take_all(taken);
    benchmark::DoNotOptimize(taken.pop_front());
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(inbox_push_take)->Arg(1)->Arg(16)->Arg(256);

/// An owner's look at an inbox in which there is nothing.
void inbox_look(benchmark::State& state) {
  skein::lowlevel::inbox inbox;
  for (auto _ : state) {
    benchmark::DoNotOptimize(inbox.looks_empty());
  }
}
BENCHMARK(inbox_look);

}  // namespace
