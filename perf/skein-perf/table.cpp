// SPDX-License-Identifier: Apache-2.0
// table.cpp: the results as a table.
#include "cells.hpp"
#include "output.hpp"
#include "scenario.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>

namespace perf {
namespace {

constexpr std::size_t columns = 12;
using line = std::array<std::string, columns>;

line const header{"scenario", "runtime", "workers", "median",    "min",     "max",
                  "unit",     "ratio",   "CPU ms",  "CPU ratio", "RSS MiB", "metrics"};

std::string ratio_text(spread const& of, spread const* to) {
  auto const value = ratio(of, to);
  return value ? fmt::format("{:.2f}", *value) : "-";
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
          ratio_text(of.wall_ms, skein == nullptr ? nullptr : &skein->wall_ms),
          number(of.cpu_ms.median()),
          ratio_text(of.cpu_ms, skein == nullptr ? nullptr : &skein->cpu_ms),
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
  for (auto const& note : share_notes(r)) {
    text += note + '\n';
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
