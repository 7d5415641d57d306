// SPDX-License-Identifier: Apache-2.0
// tbb.cpp: nqueens on oneTBB.
#include "../runtimes/tbb.hpp"
#include "board.hpp"

#include <array>
#include <numeric>

namespace perf {
namespace {

std::uint64_t solutions(board const& placed, int n) {
  if (placed.rows() == n) {
    return 1;
  }
  std::array<std::uint64_t, board::most_queens> counts{};
  tbb::task_group children;
  for (int column = 0; column < n; ++column) {
    if (placed.is_free(column)) {
      std::uint64_t& count = counts[static_cast<std::size_t>(column)];
      children.run([&count, next = placed.with(column), n] { count = solutions(next, n); });
    }
  }
  children.wait();
  return std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
}

std::uint64_t work(std::uint64_t n) { return solutions(board{}, static_cast<int>(n)); }

workload const scenario{"nqueens", [](request const& r) { return on_tbb(r, work); }};

}  // namespace
}  // namespace perf
