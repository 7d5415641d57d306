// SPDX-License-Identifier: Apache-2.0
// skein.cpp: fib on skein: the cost of a fork, a join and a call.
#include "../runtimes/skein.hpp"

namespace perf {
namespace {

auto fib(std::uint64_t n) -> skein::coro<std::uint64_t> {
  if (n < 2) {
    co_return n;
  }
  auto [a, b] = co_await skein::when_all(fib(n - 1), fib(n - 2));
  co_return a + b;
}

auto work(request const& r, result& out) -> skein::coro<void> { out.answer = co_await fib(r.size); }

workload const scenario{"fib", [](request const& r) { return on_skein(r, work); }};

}  // namespace
}  // namespace perf
