// SPDX-License-Identifier: Apache-2.0
// statistics.cpp: median, least and most.
#include "statistics.hpp"

#include <algorithm>

namespace perf {

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  std::size_t const middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

double spread::min() const { return *std::min_element(runs_.begin(), runs_.end()); }
double spread::max() const { return *std::max_element(runs_.begin(), runs_.end()); }

}  // namespace perf
