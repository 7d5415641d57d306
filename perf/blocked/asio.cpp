// SPDX-License-Identifier: Apache-2.0
// asio.cpp: blocked on Asio: sleepers, while a coroutine computes for a second without an await.
#include "../runtimes/asio.hpp"

#include <asio/steady_timer.hpp>

#include <chrono>

namespace perf {
namespace {

using namespace std::chrono_literals;

coro<float> sleeper(std::chrono::microseconds length) {
  asio::steady_timer timer{co_await asio::this_coro::executor, length};
  co_await timer.async_wait(use_coro);
  co_return late_ms(timer.expiry(), std::chrono::steady_clock::now());
}

coro<float> hog() {
  asio::steady_timer timer{co_await asio::this_coro::executor, 1ms};
  co_await timer.async_wait(use_coro);
  compute_for(1s);
  co_return 0;
}

coro<void> work(request const& r, result& out) {
  auto const where = co_await asio::this_coro::executor;
  out.late_ms.resize(r.size);
  join_counter all{where, r.size + 1};
  float unused = 0;
  spawn_into(where, hog(), unused, all);
  sleep_lengths lengths;
  for (auto& late : out.late_ms) {
    spawn_into(where, sleeper(lengths.next()), late, all);
  }
  co_await all.wait();
  out.answer = out.late_ms.size();
}

workload const scenario{"blocked", [](request const& r) { return on_asio(r, work); }};

}  // namespace
}  // namespace perf
