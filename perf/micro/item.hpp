// SPDX-License-Identifier: Apache-2.0
// item.hpp: a work item that does nothing, for measuring queues.
#pragma once

#include <skein/core/lowlevel/work_item.hpp>

#include <cstddef>
#include <memory>

namespace perf {

class item : public skein::lowlevel::work_item {
 public:
  item() noexcept : work_item{ops_of_item} {}

 private:
  static void nothing(work_item&) noexcept {}
  static constexpr skein::lowlevel::work_ops ops_of_item{&nothing, &nothing, nullptr, nullptr, "perf"};
};

/// Returns     n items side by side; they cannot be moved, so this is no vector.
[[nodiscard]] inline std::unique_ptr<item[]> make_items(std::size_t n) { return std::make_unique<item[]>(n); }

}  // namespace perf
