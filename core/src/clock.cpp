// SPDX-License-Identifier: Apache-2.0
// clock.cpp: the time of the running loop.
#include "worker.hpp"

#include <skein/core/clock.hpp>

#include <stdexcept>

namespace skein {

clock::time_point clock::now() noexcept {
  detail::worker const* const here = detail::this_thread().owner;
  return time_point{
      duration{here != nullptr ? here->now() : std::chrono::steady_clock::now().time_since_epoch().count()}};
}

namespace detail {

void throw_delay_is_nan() {
  throw std::invalid_argument{"Invalid delay: NaN (not a number): give a duration, such as 2s or 0.5s"};
}

std::int64_t deadline_after(std::int64_t now, std::int64_t delay) noexcept {
  std::int64_t sum = 0;
  return __builtin_add_overflow(now, delay, &sum) ? lowlevel::never : sum;
}

}  // namespace detail
}  // namespace skein
