// SPDX-License-Identifier: Apache-2.0
// tbb.cpp: skynet on oneTBB.
#include "../runtimes/tbb.hpp"

#include <array>
#include <cstddef>
#include <numeric>

namespace perf {
namespace {

constexpr std::size_t fan_out = 10;

std::uint64_t node(std::uint64_t first, std::uint64_t leaves) {
  if (leaves == 1) {
    return first;
  }
  std::uint64_t const each = leaves / fan_out;
  std::array<std::uint64_t, fan_out> sums{};
  tbb::task_group children;
  for (std::size_t i = 0; i + 1 < fan_out; ++i) {
    children.run([&sums, first, each, i] { sums[i] = node(first + i * each, each); });
  }
  sums.back() = node(first + (fan_out - 1) * each, each);
  children.wait();
  return std::accumulate(sums.begin(), sums.end(), std::uint64_t{0});
}

std::uint64_t work(std::uint64_t levels) {
  std::uint64_t leaves = 1;
  for (std::uint64_t level = 0; level < levels; ++level) {
    leaves *= fan_out;
  }
  return node(0, leaves);
}

workload const scenario{"skynet", [](request const& r) { return on_tbb(r, work); }};

}  // namespace
}  // namespace perf
