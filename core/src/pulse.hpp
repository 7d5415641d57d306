// SPDX-License-Identifier: Apache-2.0
// pulse.hpp: by what one sees from outside that a worker goes on.
#pragma once

#include <cstdint>

namespace skein::detail {

/// A snapshot of two counters of a worker, which it writes in any case. While both stay the same and it does
/// not rest, it is inside of one step.
struct pulse {
  std::uint64_t turns = 0;
  std::uint64_t rests = 1;  // odd while the worker looks for work, sleeps, or does not run

  [[nodiscard]] bool resting() const noexcept { return rests % 2 != 0; }
  friend bool operator==(pulse const&, pulse const&) = default;
};

}  // namespace skein::detail
