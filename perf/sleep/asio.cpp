// SPDX-License-Identifier: Apache-2.0
// asio.cpp: sleep100k on Asio: a steady_timer in each coroutine.
#include "../runtimes/asio.hpp"

#include <asio/steady_timer.hpp>

#include <chrono>

namespace perf {
namespace {

coro<float> sleeper(std::chrono::microseconds length) {
  asio::steady_timer timer{co_await asio::this_coro::executor, length};
  co_await timer.async_wait(use_coro);
  co_return late_ms(timer.expiry(), std::chrono::steady_clock::now());
}

coro<void> work(request const& r, result& out) {
  auto const where = co_await asio::this_coro::executor;
  out.late_ms.resize(r.size);
  join_counter all{where, r.size};
  sleep_lengths lengths;
  for (auto& late : out.late_ms) {
    spawn_into(where, sleeper(lengths.next()), late, all);
  }
  co_await all.wait();
  out.answer = out.late_ms.size();
}

workload const scenario{"sleep100k", [](request const& r) { return on_asio(r, work); }};

}  // namespace
}  // namespace perf
