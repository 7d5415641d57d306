// SPDX-License-Identifier: Apache-2.0
// asio.cpp: spawn on Asio: co_spawn with a completion handler that keeps the result.
#include "../runtimes/asio.hpp"

#include <numeric>

namespace perf {
namespace {

coro<std::uint64_t> trivial(std::uint64_t i) { co_return i; }

coro<void> work(request const& r, result& out) {
  auto const where = co_await asio::this_coro::executor;
  std::vector<std::uint64_t> results(r.size);
  join_counter all{where, r.size};
  for (std::uint64_t i = 0; i < r.size; ++i) {
    spawn_into(where, trivial(i), results[i], all);
  }
  co_await all.wait();
  out.answer = std::accumulate(results.begin(), results.end(), std::uint64_t{0});
}

workload const scenario{"spawn", [](request const& r) { return on_asio(r, work); }};

}  // namespace
}  // namespace perf
