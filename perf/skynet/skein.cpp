// SPDX-License-Identifier: Apache-2.0
// skein.cpp: skynet on skein: a tree in which every node has ten children, down to 10^size numbered leaves.
#include "../runtimes/skein.hpp"

#include <cstddef>
#include <utility>

namespace perf {
namespace {

constexpr std::size_t fan_out = 10;

auto node(std::uint64_t first, std::uint64_t leaves) -> skein::coro<std::uint64_t> {
  if (leaves == 1) {
    co_return first;
  }
  std::uint64_t const each = leaves / fan_out;
  auto sums = co_await [&]<std::size_t... I>(std::index_sequence<I...>) {
    return skein::when_all(node(first + I * each, each)...);
  }(std::make_index_sequence<fan_out>{});
  co_return std::apply([](auto... sum) { return (sum + ...); }, sums);
}

auto work(request const& r, result& out) -> skein::coro<void> {
  std::uint64_t leaves = 1;
  for (std::uint64_t level = 0; level < r.size; ++level) {
    leaves *= fan_out;
  }
  out.answer = co_await node(0, leaves);
}

workload const scenario{"skynet", [](request const& r) { return on_skein(r, work); }};

}  // namespace
}  // namespace perf
