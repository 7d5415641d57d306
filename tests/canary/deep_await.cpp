// SPDX-License-Identifier: Apache-2.0
// deep_await.cpp: awaits that would overflow the stack of a runtime built on symmetric transfer (incidents
// G1).
//
// Built and run at -O0 and -O2, under AddressSanitizer and ThreadSanitizer, by both compilers, because what a
// compiler makes of a tail call differs in each.
#include <skein/core/run.hpp>
#include <skein/core/when_all.hpp>

#include <cstdint>
#include <cstdio>
#include <cstdlib>

namespace {

skein::coro<std::uint64_t> one() { co_return 1; }

// Ready awaits in a row: the stack must not grow with their number.
skein::coro<std::uint64_t> in_a_row(std::uint64_t count) {
  std::uint64_t sum = 0;
  for (std::uint64_t i = 0; i < count; ++i) {
    sum += co_await one();
  }
  co_return sum;
}

// Each level awaits the next: deeper than any stack.
skein::coro<std::uint64_t> nested(std::uint64_t depth) {
  if (depth == 0) {
    co_return 0;
  }
  co_return 1 + co_await nested(depth - 1);
}

// The same with a fork at each level.
skein::coro<std::uint64_t> forking(std::uint64_t depth) {
  if (depth == 0) {
    co_return 0;
  }
  auto [below, here] = co_await skein::when_all(forking(depth - 1), one());
  co_return below + here;
}

// An error thrown at the bottom passes every level.
skein::coro<std::uint64_t> throwing(std::uint64_t depth) {
  if (depth == 0) {
    throw depth;
  }
  co_return 1 + co_await throwing(depth - 1);
}

skein::coro<bool> error_arrives(std::uint64_t depth) {
  try {
    co_await throwing(depth);
  } catch (std::uint64_t) {
    co_return true;
  }
  co_return false;
}

void expect(bool holds, char const* what, unsigned workers) {
  std::printf("%u worker(s): %s: %s\n", workers, what, holds ? "ok" : "WRONG");
  if (!holds) {
    std::exit(1);
  }
}

}  // namespace

int main() {
  constexpr std::uint64_t many = 10'000'000;
  constexpr std::uint64_t deep = 1'000'000;
  for (unsigned const workers : {1U, 2U}) {
    skein::runner runner{{.workers = workers}};
    expect(runner.run(in_a_row(many)) == many, "10,000,000 ready awaits in a row", workers);
    expect(runner.run(nested(deep)) == deep, "1,000,000 awaits deep", workers);
    expect(runner.run(forking(deep)) == deep, "1,000,000 forks deep", workers);
    expect(runner.run(error_arrives(deep / 10)), "an error from 100,000 awaits deep", workers);
  }
}
