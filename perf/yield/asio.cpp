// SPDX-License-Identifier: Apache-2.0
// asio.cpp: yield on Asio: post, which queues the coroutine behind all that are ready.
#include "../runtimes/asio.hpp"

#include <asio/post.hpp>

#include <numeric>

namespace perf {
namespace {

constexpr std::uint64_t task_count = 1000;

coro<std::uint64_t> yielder(std::uint64_t times) {
  std::uint64_t done = 0;
  for (; done < times; ++done) {
    co_await asio::post(use_coro);
  }
  co_return done;
}

coro<void> work(request const& r, result& out) {
  auto const where = co_await asio::this_coro::executor;
  std::vector<std::uint64_t> results(task_count);
  join_counter all{where, task_count};
  for (auto& done : results) {
    spawn_into(where, yielder(r.size / task_count), done, all);
  }
  co_await all.wait();
  out.answer = std::accumulate(results.begin(), results.end(), std::uint64_t{0});
}

workload const scenario{"yield", [](request const& r) { return on_asio(r, work); }};

}  // namespace
}  // namespace perf
