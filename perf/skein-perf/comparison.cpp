// SPDX-License-Identifier: Apache-2.0
// comparison.cpp: reading two files of results, judging each row, printing.
#include "comparison.hpp"

#include "options.hpp"

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <fstream>

namespace perf {
namespace {

using nlohmann::json;

struct recorded_row {
  std::string scenario;
  std::string runtime;
  unsigned workers = 0;
  std::vector<double> wall_ms;
  std::vector<double> cpu_ms;
};

struct recorded_run {
  json machine;
  std::vector<recorded_row> rows;

  [[nodiscard]] recorded_row const* find(recorded_row const& like) const {
    auto const found = std::ranges::find_if(rows, [&](recorded_row const& r) {
      return r.scenario == like.scenario && r.runtime == like.runtime && r.workers == like.workers;
    });
    return found == rows.end() ? nullptr : &*found;
  }
};

recorded_run read(std::string const& path) {
  try {
    std::ifstream file{path};
    auto const document = json::parse(file);
    recorded_run run{.machine = document.at("machine"), .rows = {}};
    for (auto const& result : document.at("results")) {
      run.rows.push_back({.scenario = result.at("scenario"),
                          .runtime = result.at("runtime"),
                          .workers = result.at("workers"),
                          .wall_ms = result.at("wall_ms").at("runs"),
                          .cpu_ms = result.at("cpu_ms").at("runs")});
    }
    return run;
  } catch (json::exception const& error) {
    throw usage_error{fmt::format("{} is not a file that `run --json` wrote: {}", path, error.what())};
  }
}

double parse_percent(std::string const& text) {
  double value = 0;
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || !(value >= 0 && value <= 100)) {
    throw usage_error{fmt::format("--least {}: give a number of percent from 0 to 100", text)};
  }
  return value / 100;
}

/// Divides each round by what the peers needed in the same round of the same scenario, those of `other` too.
void divide_by_peers(recorded_run& run, recorded_run const& other) {
  for (auto& row : run.rows) {
    for (std::size_t i = 0; row.runtime == "skein" && i < row.wall_ms.size(); ++i) {
      std::vector<double> wall;
      std::vector<double> cpu;
      for (auto const& peer : run.rows) {
        if (peer.runtime != "skein" && peer.scenario == row.scenario && other.find(peer) != nullptr &&
            i < peer.wall_ms.size()) {
          wall.push_back(peer.wall_ms[i]);
          cpu.push_back(std::max(peer.cpu_ms[i], 1e-3));
        }
      }
      if (!wall.empty()) {
        row.wall_ms[i] /= geometric_mean(wall);
        row.cpu_ms[i] /= geometric_mean(cpu);
      }
    }
  }
}

std::string cells(change const& c) {
  if (c.judged == verdict::too_few_rounds) {
    return fmt::format("{:>6.3f}  {:16}  {:18}", c.ratio, "", to_string(c.judged));
  }
  return fmt::format("{:>6.3f}  {:>6.3f} to {:>6.3f}  {:18}", c.ratio, c.range.low, c.range.high,
                     to_string(c.judged));
}

void print_line(std::string text) {
  text.erase(text.find_last_not_of(' ') + 1);
  fmt::print("{}\n", text);
}

void print_differences_of_machines(recorded_run const& before, recorded_run const& after) {
  for (char const* const fact : {"cpu", "cores", "kernel", "compiler", "build"}) {
    if (before.machine.value(fact, json{}) != after.machine.value(fact, json{})) {
      fmt::print("note: {}: {} before, {} after\n", fact, before.machine.value(fact, json{}).dump(),
                 after.machine.value(fact, json{}).dump());
    }
  }
}

struct count {
  unsigned judged = 0;       // rows of skein
  unsigned regressions = 0;  // in wall time, CPU time, or both
};

count print_rows(recorded_run const& before, recorded_run const& after, double least) {
  print_line(fmt::format("{:10} {:8} {:>7}  {:44}  {}", "scenario", "runtime", "workers",
                         "wall: after/before, 95 % interval", "CPU: after/before, 95 % interval"));
  count rows;
  for (auto const& row : after.rows) {
    auto const* const old = before.find(row);
    auto const title = fmt::format("{:10} {:8} {:>7}", row.scenario, row.runtime, row.workers);
    if (old == nullptr) {
      fmt::print("{}  only after\n", title);
      continue;
    }
    auto const wall = judge(old->wall_ms, row.wall_ms, least);
    auto const cpu = judge(old->cpu_ms, row.cpu_ms, least);
    print_line(fmt::format("{}  {}  {}", title, cells(wall), cells(cpu)));
    if (row.runtime == "skein") {
      rows.judged += wall.judged != verdict::too_few_rounds ? 1 : 0;
      rows.regressions += wall.judged == verdict::slower || cpu.judged == verdict::slower ? 1 : 0;
    }
  }
  for (auto const& row : before.rows) {
    if (after.find(row) == nullptr) {
      fmt::print("{:10} {:8} {:>7}  only before\n", row.scenario, row.runtime, row.workers);
    }
  }
  return rows;
}

std::vector<double> changes_of_peers(recorded_run const& before, recorded_run const& after) {
  std::vector<double> ratios;
  for (auto const& row : after.rows) {
    if (auto const* const old = before.find(row); old != nullptr && row.runtime != "skein") {
      ratios.push_back(judge(old->wall_ms, row.wall_ms, 0).ratio);
    }
  }
  return ratios;
}

/// The code of the peers is the same, so what they changed is the machine's doing.
void print_control(std::vector<double> const& of_peers) {
  if (!of_peers.empty()) {
    fmt::print("\nThe peers needed {:.3f} times as long (median of {} rows): that is the machine.\n",
               median(of_peers), of_peers.size());
  }
}

}  // namespace

std::string_view to_string(verdict v) noexcept {
  switch (v) {
    case verdict::slower:
      return "slower";
    case verdict::faster:
      return "faster";
    case verdict::no_difference:
      return "no difference seen";
    case verdict::too_few_rounds:
      break;
  }
  return "too few rounds";
}

change judge(std::vector<double> const& before, std::vector<double> const& after, double least) {
  std::vector<double> ratios;
  for (std::size_t i = 0; i < std::min(before.size(), after.size()); ++i) {
    if (before[i] > 0) {
      ratios.push_back(after[i] / before[i]);
    }
  }
  change c;
  if (ratios.empty()) {
    return c;
  }
  c.ratio = median(ratios);
  if (ratios.size() < rounds_min) {
    return c;
  }
  c.range = bootstrap_median(ratios);
  c.judged = c.range.low > 1 + least          ? verdict::slower
             : c.range.high < 1 / (1 + least) ? verdict::faster
                                              : verdict::no_difference;
  return c;
}

int compare(compare_arguments const& typed) {
  double const least = parse_percent(typed.least_percent);
  recorded_run before = read(typed.before);
  recorded_run after = read(typed.after);
  if (before.machine.value("quick", false) != after.machine.value("quick", false)) {
    throw usage_error{"one file is of a --quick run and the other is not: their sizes differ"};
  }
  auto const of_peers = changes_of_peers(before, after);
  if (typed.against_peers) {
    recorded_run const untouched = before;
    divide_by_peers(before, after);
    divide_by_peers(after, untouched);
  }
  print_differences_of_machines(before, after);
  auto const [judged, regressions] = print_rows(before, after, least);
  print_control(of_peers);
  if (judged == 0) {
    throw usage_error{fmt::format(
        "nothing of skein could be judged: both files need the same scenarios and {} rounds", rounds_min)};
  }
  fmt::print("{} of {} rows of skein got slower by more than {} %\n", regressions, judged,
             typed.least_percent);
  return regressions == 0 ? 0 : 1;
}

}  // namespace perf
