// SPDX-License-Identifier: Apache-2.0
// asio.cpp: the scenario `idle` on Asio.
#include "asio.hpp"

#include <fmt/core.h>
#include <asio/steady_timer.hpp>
#include <asio/version.hpp>

#include <chrono>

namespace perf {
namespace {

using namespace std::chrono_literals;

coro<void> idle(request const&, result&) {
  asio::steady_timer timer{co_await asio::this_coro::executor, 30ms};
  co_await timer.async_wait(use_coro);
}

workload const scenario{"idle", [](request const& r) { return on_asio(r, idle); }};

}  // namespace

std::string runtime_version() {
  return fmt::format("{}.{}.{}", ASIO_VERSION / 100000, ASIO_VERSION / 100 % 1000, ASIO_VERSION % 100);
}

}  // namespace perf
