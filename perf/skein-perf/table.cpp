// SPDX-License-Identifier: Apache-2.0
// table.cpp: the results as a table.
#include "output.hpp"
#include "scenario.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <set>

namespace perf {
namespace {

constexpr std::size_t columns = 12;
using line = std::array<std::string, columns>;

line const header{"scenario", "runtime", "workers", "median",    "min",     "max",
                  "unit",     "ratio",   "CPU ms",  "CPU ratio", "RSS MiB", "metrics"};

/// Three digits that count.
std::string number(double value) {
  double const size = std::abs(value);
  return fmt::format("{:.{}f}", value, size >= 100 ? 0 : size >= 10 ? 1 : 2);
}

/// Returns     skein's row of the same scenario and, if there is one, the same number of workers.
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

std::string ratio(spread const& of, spread const* to) {
  return to == nullptr || to->median() <= 0 ? "-" : fmt::format("{:.2f}", of.median() / to->median());
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

line to_line(report const& r, row const& of) {
  row const* const skein = skein_row(r, of);
  return {std::string{of.what->name},
          fmt::format("{}{}", of.who->name, of.share > 1 ? "*" : ""),
          std::to_string(of.workers),
          number(of.wall_ms.median()),
          number(of.wall_ms.min()),
          number(of.wall_ms.max()),
          "ms",
          ratio(of.wall_ms, skein == nullptr ? nullptr : &skein->wall_ms),
          number(of.cpu_ms.median()),
          ratio(of.cpu_ms, skein == nullptr ? nullptr : &skein->cpu_ms),
          number(static_cast<double>(of.rss_kib) / 1024),
          metrics(of)};
}

bool is_left_aligned(std::size_t column) { return column < 2 || column == 6 || column == 11; }

void append(std::string& to, line const& cells, std::array<std::size_t, columns> const& widths) {
  std::string text;
  for (std::size_t i = 0; i < columns; ++i) {
    text += is_left_aligned(i) ? fmt::format("{:<{}}  ", cells[i], widths[i])
                               : fmt::format("{:>{}}  ", cells[i], widths[i]);
  }
  text.erase(text.find_last_not_of(' ') + 1);
  to += text + '\n';
}

std::string footnotes(report const& r) {
  std::string text = "\nratio, CPU ratio: to skein with as many workers (more than 1: skein is better).\n";
  std::set<std::string> shares;
  for (auto const& measured : r.rows) {
    if (measured.share > 1) {
      shares.insert(
          fmt::format("* {} did 1/{} of the work; median, min, max and CPU ms are multiplied by {}.\n",
                      measured.who->name, measured.share, measured.share));
    }
  }
  for (auto const& share : shares) {
    text += share;
  }
  return text;
}

}  // namespace

std::string format_table(report const& r) {
  std::vector<line> lines{header};
  for (auto const& measured : r.rows) {
    lines.push_back(to_line(r, measured));
  }
  std::array<std::size_t, columns> widths{};
  for (auto const& cells : lines) {
    for (std::size_t i = 0; i < columns; ++i) {
      widths[i] = std::max(widths[i], cells[i].size());
    }
  }
  std::string text;
  scenario const* previous = nullptr;
  append(text, lines.front(), widths);
  for (std::size_t i = 0; i < r.rows.size(); ++i) {
    if (r.rows[i].what != previous) {
      text += '\n';
      previous = r.rows[i].what;
    }
    append(text, lines[i + 1], widths);
  }
  return text + footnotes(r);
}

}  // namespace perf
