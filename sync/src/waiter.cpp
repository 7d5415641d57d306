// SPDX-License-Identifier: Apache-2.0
// waiter.cpp: lines whose primitive is destroyed.
#include <skein/sync/detail/waiter.hpp>

#include <skein/core/report.hpp>

#include <fmt/core.h>

namespace skein::detail {

std::size_t waiter_line::disband() noexcept {
  std::size_t const count = size_;
  while (first_ != nullptr) {
    first_->orphaned_ = true;
    remove(*first_);
  }
  return count;
}

void report_disbanded([[maybe_unused]] char const* primitive, [[maybe_unused]] std::size_t waiters) noexcept {
#ifndef NDEBUG
  if (waiters != 0) {
    try {
      log_line(
          fmt::format("a skein::{} was destroyed while {} task(s) wait for it: they can only be cancelled "
                      "now; keep it until they have ended",
                      primitive, waiters));
    } catch (...) {  // no memory for the text
    }
  }
#endif
}

}  // namespace skein::detail
