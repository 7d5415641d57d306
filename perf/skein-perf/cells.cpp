// SPDX-License-Identifier: Apache-2.0
// cells.cpp: numbers with three digits, ratios, metrics with their units.
#include "cells.hpp"

#include "scenario.hpp"

#include <fmt/core.h>

#include <cmath>
#include <set>

namespace perf {

std::string number(double value) {
  double const size = std::abs(value);
  return fmt::format("{:.{}f}", value, size >= 100 ? 0 : size >= 10 ? 1 : 2);
}

row const* skein_row(report const& r, row const& of) {
  peer const* const skein = &peers().front();
  row const* found = nullptr;
  for (auto const& candidate : r.rows) {
    if (candidate.what == of.what && candidate.who == skein) {
      if (candidate.workers == of.workers) {
        return &candidate;
      }
      found = found == nullptr ? &candidate : found;
    }
  }
  return found;
}

std::optional<double> ratio(spread const& of, spread const* to) {
  if (to == nullptr || to->median() <= 0) {
    return std::nullopt;
  }
  return of.median() / to->median();
}

std::string metrics(row const& r) {
  std::string text;
  auto const add = [&](char const* name, char const* before, std::string_view unit) {
    if (auto const found = r.metrics.find(name); found != r.metrics.end()) {
      text += fmt::format("{}{}{}{}{}", text.empty() ? "" : ", ", before, number(found->second),
                          unit.empty() ? "" : " ", unit);
    }
  };
  add("ns_per_operation", "", fmt::format("ns/{}", r.what->operation));
  add("speedup", "speed-up ", "");
  add("bytes_per_task", "", "B/task");
  add("cpu_s_per_million", "", "CPU s/M");
  add("latency_us_p99", "p99 ", "us");
  add("late_ms_p50", "late p50 ", "ms");
  add("late_ms_p99", "p99 ", "ms");
  add("late_ms_max", "max ", "ms");
  return text;
}

std::vector<std::string> share_notes(report const& r) {
  std::set<std::string> notes;
  for (auto const& measured : r.rows) {
    if (measured.share > 1) {
      notes.insert(fmt::format("* {} did 1/{} of the work; median, min, max and CPU ms are multiplied by {}.",
                               measured.who->name, measured.share, measured.share));
    }
  }
  return {notes.begin(), notes.end()};
}

}  // namespace perf
