// SPDX-License-Identifier: Apache-2.0
// tbb.cpp: matmul on oneTBB.
#include "../runtimes/tbb.hpp"
#include "matrix.hpp"

namespace perf {
namespace {

void multiply(square a, square b, square c) {
  if (a.size <= block_size) {
    multiply_block(a, b, c);
    return;
  }
  for (std::size_t k = 0; k < 2; ++k) {
    tbb::task_group children;
    children.run([=] { multiply(a.quarter(0, k), b.quarter(k, 0), c.quarter(0, 0)); });
    children.run([=] { multiply(a.quarter(0, k), b.quarter(k, 1), c.quarter(0, 1)); });
    children.run([=] { multiply(a.quarter(1, k), b.quarter(k, 0), c.quarter(1, 0)); });
    multiply(a.quarter(1, k), b.quarter(k, 1), c.quarter(1, 1));
    children.wait();
  }
}

workload const scenario{"matmul", [](request const& r) {
                          product matrices{r.size};
                          result out = on_tbb(r, [&](std::uint64_t) -> std::uint64_t {
                            multiply(matrices.a(), matrices.b(), matrices.c());
                            return 0;
                          });
                          out.answer = matrices.checksum();
                          return out;
                        }};

}  // namespace
}  // namespace perf
