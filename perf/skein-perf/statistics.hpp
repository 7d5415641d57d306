// SPDX-License-Identifier: Apache-2.0
// statistics.hpp: what is reported of several runs.
#pragma once

#include <vector>

namespace perf {

/// Returns     The middle value, or the mean of the two in the middle. `values` has at least one.
[[nodiscard]] double median(std::vector<double> values);

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
