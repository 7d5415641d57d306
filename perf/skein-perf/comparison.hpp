// SPDX-License-Identifier: Apache-2.0
// comparison.hpp: two files of results, row by row: what got slower, what got faster, what is noise.
#pragma once

#include "statistics.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace perf {

/// The command line of `compare` as it was typed.
struct compare_arguments {
  std::string before;
  std::string after;                // empty: `before` is of a run with --before
  std::string least_percent = "2";  // a smaller change is none
};

/// Fewer rounds than this say nothing: chance alone puts four of four ratios on one side once in eight times.
inline constexpr std::size_t rounds_min = 5;

enum class verdict { slower, faster, no_difference, too_few_rounds };

[[nodiscard]] std::string_view to_string(verdict v) noexcept;

/// One number of one row, before and after.
struct change {
  double ratio = 1;  // median of the rounds' ratios, after / before
  interval range{1, 1};
  verdict judged = verdict::too_few_rounds;
};

/// Compares the rounds in pairs, the first with the first.
///
/// Returns     Slower or faster when the whole interval is more than `least` (0.02: 2 %) away from 1.
[[nodiscard]] change judge(std::vector<double> const& before, std::vector<double> const& after, double least);

/// Prints the comparison.
///
/// Returns     0, or 1 when a row of skein is slower or needs more CPU time.
/// Throws      `usage_error` when a file is not a result of `run`, or the two have nothing in common.
[[nodiscard]] int compare(compare_arguments const& typed);

}  // namespace perf
