// SPDX-License-Identifier: Apache-2.0
// skein.cpp: nqueens on skein: a number of children that is only known at run time.
#include "../runtimes/skein.hpp"
#include "board.hpp"

#include <numeric>
#include <vector>

namespace perf {
namespace {

auto solutions(board placed, int n) -> skein::coro<std::uint64_t> {
  if (placed.rows() == n) {
    co_return 1;
  }
  std::vector<skein::coro<std::uint64_t>> children;
  children.reserve(static_cast<std::size_t>(n));
  for (int column = 0; column < n; ++column) {
    if (placed.is_free(column)) {
      children.push_back(solutions(placed.with(column), n));
    }
  }
  auto const counts = co_await skein::when_all(std::move(children));
  co_return std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
}

auto work(request const& r, result& out) -> skein::coro<void> {
  out.answer = co_await solutions(board{}, static_cast<int>(r.size));
}

workload const scenario{"nqueens", [](request const& r) { return on_skein(r, work); }};

}  // namespace
}  // namespace perf
