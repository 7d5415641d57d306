// SPDX-License-Identifier: Apache-2.0
// skein.cpp: matmul on skein: eight products of quarters, the four that write different quarters at once.
#include "../runtimes/skein.hpp"
#include "matrix.hpp"

namespace perf {
namespace {

auto multiply(square a, square b, square c) -> skein::coro<void> {
  if (a.size <= block_size) {
    multiply_block(a, b, c);
    co_return;
  }
  for (std::size_t k = 0; k < 2; ++k) {
    co_await skein::when_all(multiply(a.quarter(0, k), b.quarter(k, 0), c.quarter(0, 0)),
                             multiply(a.quarter(0, k), b.quarter(k, 1), c.quarter(0, 1)),
                             multiply(a.quarter(1, k), b.quarter(k, 0), c.quarter(1, 0)),
                             multiply(a.quarter(1, k), b.quarter(k, 1), c.quarter(1, 1)));
  }
}

workload const scenario{"matmul", [](request const& r) {
                          product matrices{r.size};
                          result out = on_skein(r, [&](request const&, result&) {
                            return multiply(matrices.a(), matrices.b(), matrices.c());
                          });
                          out.answer = matrices.checksum();
                          return out;
                        }};

}  // namespace
}  // namespace perf
