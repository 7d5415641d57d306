// SPDX-License-Identifier: Apache-2.0
// statistics.hpp: what is reported of several runs.
#pragma once

#include <vector>

namespace perf {

/// Returns     The middle value, or the mean of the two in the middle. `values` has at least one.
[[nodiscard]] double median(std::vector<double> values);

/// A range in which the true value lies, as sure as was asked for.
struct interval {
  double low;
  double high;
};

/// Resamples the values to see how far their median may be off (Efron, "Bootstrap methods", 1979).
///
/// Returns     The range of the medians of the resamples without its tails. Equal values give equal ranges:
///             chance is seeded. Of fewer than six values it is their least and their most.
[[nodiscard]] interval bootstrap_median(std::vector<double> const& values, double confidence = 0.95);

/// The values of several runs in the order of the runs.
class spread {
 public:
  void add(double value) { runs_.push_back(value); }

  [[nodiscard]] std::vector<double> const& runs() const noexcept { return runs_; }
  [[nodiscard]] double median() const { return perf::median(runs_); }
  [[nodiscard]] double min() const;
  [[nodiscard]] double max() const;

 private:
  std::vector<double> runs_;
};

}  // namespace perf
