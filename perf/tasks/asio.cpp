// SPDX-License-Identifier: Apache-2.0
// asio.cpp: tasks10k and tasks1m on Asio.
#include "../runtimes/asio.hpp"

#include <asio/steady_timer.hpp>

#include <chrono>

namespace perf {
namespace {

using namespace std::chrono_literals;

coro<float> sleeper() {
  asio::steady_timer timer{co_await asio::this_coro::executor, 10ms};
  co_await timer.async_wait(use_coro);
  co_return late_ms(timer.expiry(), std::chrono::steady_clock::now());
}

coro<void> work(request const& r, result& out) {
  auto const where = co_await asio::this_coro::executor;
  out.late_ms.resize(r.size);
  join_counter all{where, r.size};
  for (auto& late : out.late_ms) {
    spawn_into(where, sleeper(), late, all);
  }
  co_await all.wait();
  out.answer = out.late_ms.size();
}

workload const small{"tasks10k", [](request const& r) { return on_asio(r, work); }};
workload const large{"tasks1m", [](request const& r) { return on_asio(r, work); }};

}  // namespace
}  // namespace perf
