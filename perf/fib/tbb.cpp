// SPDX-License-Identifier: Apache-2.0
// tbb.cpp: fib on oneTBB.
#include "../runtimes/tbb.hpp"

namespace perf {
namespace {

std::uint64_t fib(std::uint64_t n) {
  if (n < 2) {
    return n;
  }
  std::uint64_t a = 0;
  tbb::task_group children;
  children.run([&] { a = fib(n - 1); });
  std::uint64_t const b = fib(n - 2);
  children.wait();
  return a + b;
}

workload const scenario{"fib", [](request const& r) { return on_tbb(r, fib); }};

}  // namespace
}  // namespace perf
