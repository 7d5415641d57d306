// SPDX-License-Identifier: Apache-2.0
// skein.cpp: queue and queue44 on skein: items through one bounded queue, 1 or 4 producers and consumers.
#include "../runtimes/skein.hpp"

#include <vector>

namespace perf {
namespace {

constexpr std::size_t capacity = 1000;

using items = skein::queue<std::uint64_t>;

auto produce(items& channel, std::uint64_t first, std::uint64_t last) -> skein::coro<void> {
  for (std::uint64_t i = first; i < last; ++i) {
    co_await channel.put(i);
  }
}

auto consume(items& channel, std::uint64_t count) -> skein::coro<std::uint64_t> {
  std::uint64_t sum = 0;
  for (std::uint64_t i = 0; i < count; ++i) {
    sum += co_await channel.get();
  }
  co_return sum;
}

/// `pairs` divides the size.
auto work(request const& r, result& out, std::uint64_t pairs) -> skein::coro<void> {
  items channel{capacity};
  std::vector<skein::task<void>> producers;
  std::vector<skein::task<std::uint64_t>> consumers;
  std::uint64_t const each = r.size / pairs;
  for (std::uint64_t i = 0; i < pairs; ++i) {
    producers.push_back(skein::create_task(produce(channel, i * each, (i + 1) * each)));
    consumers.push_back(skein::create_task(consume(channel, each)));
  }
  for (auto& producing : producers) {
    co_await producing;
  }
  for (auto& consuming : consumers) {
    out.answer += co_await consuming;
  }
}

workload const one_to_one{
    "queue", [](request const& r) { return on_skein(r, [](auto&... args) { return work(args..., 1); }); }};
workload const four_to_four{
    "queue44", [](request const& r) { return on_skein(r, [](auto&... args) { return work(args..., 4); }); }};

}  // namespace
}  // namespace perf
