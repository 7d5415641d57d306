// SPDX-License-Identifier: Apache-2.0
// statistics.cpp: median, least and most, and how sure a median is.
#include "statistics.hpp"

#include <algorithm>
#include <cstddef>
#include <random>

namespace perf {

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  std::size_t const middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

interval bootstrap_median(std::vector<double> const& values, double confidence) {
  constexpr std::size_t resamples = 10'000;
  std::mt19937_64 random{20261125};
  std::vector<double> medians(resamples);
  std::vector<double> drawn(values.size());
  for (double& m : medians) {
    for (double& value : drawn) {
      value = values[random() % values.size()];
    }
    m = median(drawn);
  }
  std::sort(medians.begin(), medians.end());
  auto const tail = static_cast<std::size_t>((1 - confidence) / 2 * static_cast<double>(resamples));
  return {medians[tail], medians[resamples - 1 - tail]};
}

double spread::min() const { return *std::min_element(runs_.begin(), runs_.end()); }
double spread::max() const { return *std::max_element(runs_.begin(), runs_.end()); }

}  // namespace perf
