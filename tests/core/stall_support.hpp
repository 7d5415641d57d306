// SPDX-License-Identifier: Apache-2.0
// stall_support.hpp: steps that last, for the tests of what happens then.
#pragma once

#include <chrono>
#include <functional>
#include <thread>

namespace skein_test {

/// Computes until the condition holds, for ten seconds at most.
///
/// Returns     Whether it does.
[[gnu::noinline]] inline bool compute_until(std::function<bool()> const& condition) {
  auto const limit = std::chrono::steady_clock::now() + std::chrono::seconds{10};
  while (!condition()) {
    if (std::chrono::steady_clock::now() > limit) {
      return false;
    }
    std::this_thread::yield();
  }
  return true;
}

}  // namespace skein_test
