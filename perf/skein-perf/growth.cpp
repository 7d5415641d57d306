// SPDX-License-Identifier: Apache-2.0
// growth.cpp: the same counts from two sources: runs of skein on this machine, and the model of perf/growth.
#include "growth.hpp"

#include "../growth/model.hpp"
#include "machine.hpp"
#include "options.hpp"
#include "peer.hpp"
#include "process.hpp"
#include "scenario.hpp"

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <fstream>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string_view>

namespace perf {
namespace {

using json = nlohmann::ordered_json;

struct size_of {
  std::string_view program;
  std::uint64_t here;
  std::uint64_t model;
};

// Smaller in the model, which is slower; what is printed is for 1000 operations.
constexpr std::array<size_of, 6> sizes{{
    {.program = "spawn", .here = 200'000, .model = 20'000},
    {.program = "yield", .here = 2'000'000, .model = 100'000},
    {.program = "pingpong", .here = 500'000, .model = 20'000},
    {.program = "mutex", .here = 500'000, .model = 50'000},
    {.program = "fib", .here = 32, .model = 28},
    {.program = "sparse", .here = 1'000, .model = 500},
}};

constexpr std::array<char const*, 6> counted{"steals", "notified", "parks", "searches", "probes", "injected"};
constexpr std::chrono::seconds patience{60};
constexpr unsigned workers_max = 1024;

std::vector<unsigned> parse_list(std::string_view option, std::string const& typed) {
  std::vector<unsigned> list;
  std::istringstream words{typed + ","};
  for (std::string word; std::getline(words, word, ',');) {
    unsigned value = 0;
    auto const [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
    if (error != std::errc{} || end != word.data() + word.size() || value < 1 || value > workers_max) {
      throw usage_error{fmt::format("{} {}: give whole numbers from 1 to {} with commas between", option,
                                    typed, workers_max)};
    }
    list.push_back(value);
  }
  return list;
}

std::vector<size_of> choose(std::vector<std::string> const& names) {
  std::vector<size_of> chosen;
  for (auto const& name : names) {
    auto const found = std::ranges::find(sizes, name, &size_of::program);
    if (found == sizes.end()) {
      throw usage_error{
          fmt::format("growth {}: give none, or some of: spawn yield pingpong mutex fib sparse", name)};
    }
    chosen.push_back(*found);
  }
  return chosen.empty() ? std::vector<size_of>(sizes.begin(), sizes.end()) : chosen;
}

/// Runs skein once.
///
/// Returns     Its answer, with the operations that it made.
json run_here(size_of const& what, unsigned workers) {
  auto command = peers().front().command();
  command.insert(command.end(), {std::string{what.program}, "--workers", std::to_string(workers), "--size",
                                 std::to_string(what.here)});
  auto const deadline = std::chrono::steady_clock::now() + patience;
  process child{command};
  std::string line;
  while (auto const next = child.read_line(deadline)) {
    line = *next;
  }
  child.finish();
  json answered = json::parse(line, nullptr, false);
  scenario const* const known = find_scenario(what.program);  // null: sparse, which only `growth` runs
  std::uint64_t const right = known == nullptr ? what.here : known->answer(what.here);
  if (!answered.is_object() || answered.value("answer", std::uint64_t{0}) != right ||
      !answered.contains("counters")) {
    throw std::runtime_error{
        fmt::format("{} with {} workers: wrong answer: {}", what.program, workers, line)};
  }
  answered["operations"] = known == nullptr ? what.here : known->operations(what.here);
  return answered;
}

double for_1000(double count, double operations) { return 1000 * count / operations; }

/// The run whose wall time is in the middle.
json measure(size_of const& what, unsigned workers, unsigned repeat) {
  std::vector<json> runs;
  for (unsigned i = 0; i < repeat; ++i) {
    runs.push_back(run_here(what, workers));
  }
  std::ranges::sort(runs, {}, [](json const& run) { return run.at("wall_ms").get<double>(); });
  json const& run = runs[runs.size() / 2];
  double const operations = run.at("operations").get<double>();
  json row{{"program", what.program},
           {"workers", workers},
           {"ns_per_operation", run.at("wall_ms").get<double>() * 1e6 / operations},
           {"cpu_ns_per_operation", run.at("cpu_ms").get<double>() * 1e6 / operations}};
  for (auto const* name : counted) {
    row[name] = for_1000(run.at("counters").at(name).get<double>(), operations);
  }
  return row;
}

json play(size_of const& what, unsigned workers, unsigned cores) {
  auto const c = model::play(what.program, what.model, {.workers = workers, .cores = cores});
  auto const operations = static_cast<double>(c.operations);
  json row{{"program", what.program},
           {"workers", workers},
           {"cores", cores},
           {"ns_per_operation", c.wall_ns / operations},
           {"cpu_ns_per_operation", c.busy_ns / operations}};
  std::array<std::uint64_t, counted.size()> const values{c.steals,   c.notified, c.parks,
                                                         c.searches, c.probes,   c.injected};
  for (std::size_t i = 0; i < counted.size(); ++i) {
    row[counted[i]] = for_1000(static_cast<double>(values[i]), operations);
  }
  row["lines_moved"] = for_1000(static_cast<double>(c.moves), operations);
  row["operations"] = c.operations;
  return row;
}

std::string three_digits(double value) {
  return value >= 100 ? fmt::format("{:.0f}", value) : fmt::format("{:.{}f}", value, value >= 10 ? 1 : 2);
}

void print_head(std::string_view title, bool modelled) {
  fmt::print("{}\n\n{:9} {:>7} ", title, "program", "workers");
  if (modelled) {
    fmt::print("{:>5} ", "cores");
  }
  fmt::print("{:>9} {:>9}", "ns/op", "CPU ns/op");
  for (auto const* name : counted) {
    fmt::print(" {:>9}", name);
  }
  fmt::print("{}\n", modelled ? "     lines" : "");
}

void print(json const& row) {
  fmt::print("{:9} {:>7} ", row.at("program").get<std::string>(), row.at("workers").get<unsigned>());
  if (row.contains("cores")) {
    fmt::print("{:>5} ", row.at("cores").get<unsigned>());
  }
  fmt::print("{:>9} {:>9}", three_digits(row.at("ns_per_operation").get<double>()),
             three_digits(row.at("cpu_ns_per_operation").get<double>()));
  for (auto const* name : counted) {
    fmt::print(" {:>9}", three_digits(row.at(name).get<double>()));
  }
  if (row.contains("lines_moved")) {
    fmt::print(" {:>9}", three_digits(row.at("lines_moved").get<double>()));
  }
  fmt::print("\n");
  static_cast<void>(std::fflush(stdout));
}

}  // namespace

int growth(growth_arguments const& typed) {
  auto const chosen = choose(typed.programs);
  auto const here = parse_list("--workers", typed.workers.empty() ? "1,2,4,16,64" : typed.workers);
  auto const there =
      parse_list("--model-workers", typed.model_workers.empty() ? "1,2,4,16,64,256" : typed.model_workers);
  auto const cores =
      typed.model_cores.empty() ? std::vector<unsigned>{} : parse_list("--model-cores", typed.model_cores);
  unsigned const repeat = typed.repeat.empty() ? 3 : parse_list("--repeat", typed.repeat).front();
  std::ofstream file;
  if (!typed.json.empty()) {
    file.open(typed.json);
    if (!file) {
      throw usage_error{fmt::format("--json {}: this file cannot be written; give another path", typed.json)};
    }
  }
  machine const where = describe_machine();
  json document{{"machine", {{"cpu", where.cpu}, {"cores", where.cores}, {"date", where.date}}},
                {"measured", json::array()},
                {"modelled", json::array()}};
  if (!typed.model_only) {
    print_head(fmt::format("Measured: {}, {} cores, {}. Counts for 1000 operations.", where.cpu, where.cores,
                           where.date),
               false);
    for (auto const& what : chosen) {
      for (unsigned const workers : here) {
        document["measured"].push_back(measure(what, workers, repeat));
        print(document["measured"].back());
      }
    }
    fmt::print("\n");
  }
  print_head("Modelled, on machines that need not exist. Counts for 1000 operations.", true);
  for (auto const& what : chosen) {
    for (unsigned const n : cores.empty() ? std::vector<unsigned>{where.cores, 0} : cores) {
      for (unsigned const workers : there) {
        document["modelled"].push_back(play(what, workers, n == 0 ? workers : n));  // 0: one for each worker
        print(document["modelled"].back());
      }
    }
  }
  if (file.is_open()) {
    file << document.dump(1) << '\n';
    if (!file.flush()) {
      throw std::runtime_error{fmt::format("writing {} failed", typed.json)};
    }
  }
  return 0;
}

}  // namespace perf
