// SPDX-License-Identifier: Apache-2.0
// comparison.cpp: reading two files of results, judging each row, printing.
#include "comparison.hpp"

#include "options.hpp"
#include "peer.hpp"

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <fstream>
#include <utility>

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

/// What the peers changed from one file to the other. Their code is the same, so it is the machine.
struct drift {
  double wall = 0;
  double cpu = 0;
};

/// Returns     The most that a peer changed in the row's scenario with as many workers.
drift drift_around(recorded_row const& mine, recorded_run const& before, recorded_run const& after) {
  auto const distance = [](std::vector<double> const& old, std::vector<double> const& now) {
    return std::exp(std::abs(std::log(std::max(judge(old, now, 0).ratio, 1e-3)))) - 1;
  };
  drift most;
  for (auto const& row : after.rows) {
    auto const* const old = before.find(row);
    if (row.runtime != "skein" && row.scenario == mine.scenario && row.workers == mine.workers &&
        old != nullptr) {
      most.wall = std::max(most.wall, distance(old->wall_ms, row.wall_ms));
      most.cpu = std::max(most.cpu, distance(old->cpu_ms, row.cpu_ms));
    }
  }
  return most;
}

/// Makes two runs of one in which two builds of skein took turns.
recorded_run take_out_before(recorded_run& both) {
  recorded_run before{.machine = both.machine, .rows = {}};
  for (auto row : both.rows) {
    if (row.runtime == before_name) {
      row.runtime = "skein";
      before.rows.push_back(std::move(row));
    }
  }
  std::erase_if(both.rows, [](recorded_row const& row) { return row.runtime != "skein"; });
  return before;
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
    drift const noise = row.runtime == "skein" ? drift_around(row, before, after) : drift{};
    auto const wall = judge(old->wall_ms, row.wall_ms, std::max(least, noise.wall));
    auto const cpu = judge(old->cpu_ms, row.cpu_ms, std::max(least, noise.cpu));
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
  bool const in_turns = typed.after.empty();
  recorded_run after = read(in_turns ? typed.before : typed.after);
  recorded_run const before = in_turns ? take_out_before(after) : read(typed.before);
  if (before.machine.value("quick", false) != after.machine.value("quick", false)) {
    throw usage_error{"one file is of a --quick run and the other is not: their sizes differ"};
  }
  print_differences_of_machines(before, after);
  auto const [judged, regressions] = print_rows(before, after, least);
  if (judged == 0) {
    throw usage_error{
        fmt::format("nothing of skein could be judged: {} and {} rounds are needed",
                    in_turns ? "a run with --before, or a second file," : "the same scenarios in both files",
                    rounds_min)};
  }
  if (!in_turns) {
    fmt::print("\nWhat skein changed no more than a peer did in the same row is the machine's doing.\n");
  }
  fmt::print("{} of {} rows of skein got slower by more than {} %\n", regressions, judged,
             typed.least_percent);
  return regressions == 0 ? 0 : 1;
}

}  // namespace perf
