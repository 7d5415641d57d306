// SPDX-License-Identifier: Apache-2.0
// clock.hpp: the clock of the loops, and delays of any chrono type.
#pragma once

#include <chrono>
#include <cmath>
#include <cstdint>
#include <limits>
#include <ratio>
#include <type_traits>

namespace skein {

/// The steady clock that all timers use; on a simulated loop it is virtual and jumps.
///
/// Threads     Any. On a thread that runs no loop it is the machine's steady clock.
/// Source      loop.time() of asyncio.
struct clock {
  using duration = std::chrono::nanoseconds;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<clock>;
  static constexpr bool is_steady = true;

  [[nodiscard]] static time_point now() noexcept;
};

namespace detail {
__extension__ using uint128 = unsigned __int128;

[[noreturn]] void throw_delay_is_nan();

/// Nanoseconds from now to a delay, as an absolute instant, saturating at "never".
[[nodiscard]] std::int64_t deadline_after(std::int64_t now, std::int64_t delay) noexcept;
}  // namespace detail

/// How long to wait: any `std::chrono::duration`, floating ones too, rounded up to whole nanoseconds, so that
/// nothing fires early. Too long is "never", zero and negative mean now.
///
/// Throws      `std::invalid_argument` when it is not a number.
class delay {
 public:
  template <class Rep, class Period>
  delay(std::chrono::duration<Rep, Period> d) : nanoseconds_{convert(d)} {}  // NOLINT: meant to convert

  [[nodiscard]] std::int64_t nanoseconds() const noexcept { return nanoseconds_; }
  [[nodiscard]] bool is_forever() const noexcept { return nanoseconds_ == forever; }

 private:
  static constexpr std::int64_t forever = std::numeric_limits<std::int64_t>::max();

  template <class Rep, class Period>
  static std::int64_t convert(std::chrono::duration<Rep, Period> d) {
    if constexpr (std::is_floating_point_v<Rep>) {
      long double const ns =
          static_cast<long double>(d.count()) * Period::num * (1'000'000'000.0L / Period::den);
      if (std::isnan(ns)) {
        detail::throw_delay_is_nan();
      }
      if (ns >= static_cast<long double>(forever)) {
        return forever;
      }
      return ns <= 0 ? 0 : static_cast<std::int64_t>(std::ceil(ns));
    } else {
      if (d.count() <= 0) {
        return 0;
      }
      using factor = std::ratio_divide<Period, std::nano>;
      auto const wide = static_cast<detail::uint128>(d.count()) * static_cast<std::uint64_t>(factor::num);
      auto const ns =
          (wide + static_cast<std::uint64_t>(factor::den) - 1) / static_cast<std::uint64_t>(factor::den);
      return ns >= static_cast<std::uint64_t>(forever) ? forever : static_cast<std::int64_t>(ns);
    }
  }

  std::int64_t nanoseconds_;
};

}  // namespace skein
