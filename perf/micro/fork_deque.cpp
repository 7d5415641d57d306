// SPDX-License-Identifier: Apache-2.0
// fork_deque.cpp: what a fork and a steal cost in the deque.
#include <skein/core/lowlevel/fork_deque.hpp>

#include <benchmark/benchmark.h>

#include <cstdint>

namespace {

using skein::lowlevel::fork_deque;

/// One fork, the outermost, whose child nobody steals: it is offered and taken back.
void fork_deque_outermost_fork(benchmark::State& state) {
  fork_deque deque;
  int child = 0;
  for (auto _ : state) {
    auto const b = deque.mark();
    deque.put(b, &child);
    benchmark::DoNotOptimize(deque.publish(b + 1));
    benchmark::DoNotOptimize(deque.pop(b));
  }
}
BENCHMARK(fork_deque_outermost_fork);

/// One fork inside another, whose child nobody steals.
void fork_deque_fork(benchmark::State& state) {
  fork_deque deque;
  int child = 0;
  deque.put(0, &child);
  deque.put(1, &child);
  benchmark::DoNotOptimize(deque.publish(2));
  for (auto _ : state) {
    auto const b = deque.mark();
    deque.put(b, &child);
    benchmark::DoNotOptimize(deque.publish(b + 1));
    benchmark::DoNotOptimize(deque.pop(b));
  }
}
BENCHMARK(fork_deque_fork);

/// The same, ten children at once, as in skynet.
void fork_deque_fork_ten(benchmark::State& state) {
  constexpr fork_deque::index children = 9;  // the tenth runs inline
  fork_deque deque;
  int child = 0;
  for (auto _ : state) {
    auto const b = deque.mark();
    for (fork_deque::index i = 0; i < children; ++i) {
      deque.put(b + i, &child);
    }
    benchmark::DoNotOptimize(deque.publish(b + children));
    for (fork_deque::index i = children; i > 0; --i) {
      benchmark::DoNotOptimize(deque.pop(b + i - 1));
    }
  }
  state.SetItemsProcessed(state.iterations() * children);
}
BENCHMARK(fork_deque_fork_ten);

/// One steal, when nobody competes.
void fork_deque_steal(benchmark::State& state) {
  fork_deque deque;
  int child = 0;
  for (auto _ : state) {
    auto const b = deque.mark();
    deque.put(b, &child);
    benchmark::DoNotOptimize(deque.publish(b + 1));
    benchmark::DoNotOptimize(deque.steal());
  }
}
BENCHMARK(fork_deque_steal);

/// Forks of the owner (thread 0) while the other threads steal whatever they see. The counter says which part
/// of the forks was stolen.
class contended_deque : public benchmark::Fixture {
 public:
  fork_deque deque;
};

BENCHMARK_DEFINE_F(contended_deque, fork)(benchmark::State& state) {
  int child = 0;
  std::int64_t stolen = 0;
  if (state.thread_index() == 0) {
    for (auto _ : state) {
      auto const b = deque.mark();
      deque.put(b, &child);
      benchmark::DoNotOptimize(deque.publish(b + 1));
      stolen += deque.pop(b) ? 0 : 1;
    }
    state.counters["stolen"] = static_cast<double>(stolen) / static_cast<double>(state.iterations());
  } else {
    for (auto _ : state) {
      benchmark::DoNotOptimize(deque.steal());
    }
  }
}
BENCHMARK_REGISTER_F(contended_deque, fork)->Threads(2)->UseRealTime();

}  // namespace
