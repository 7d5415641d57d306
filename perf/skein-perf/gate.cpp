// SPDX-License-Identifier: Apache-2.0
// gate.cpp: a slow-down caught without a clock.
//
// Each hot path runs twice under callgrind with one worker, at two sizes. What the larger one needs more,
// divided by the operations that it does more, is what one operation needs; start and end drop out.
#include "gate.hpp"

#include "options.hpp"
#include "peer.hpp"
#include "process.hpp"
#include "scenario.hpp"

#include <fmt/core.h>
#include <unistd.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace perf {
namespace {

using json = nlohmann::ordered_json;

struct hot_path {
  std::string_view scenario;
  std::uint64_t small;
  std::uint64_t large;
};

// Sizes of yield and mutex are multiples of their 1000 tasks. All are small: valgrind is fifty times slower.
constexpr std::array<hot_path, 6> hot_paths{{
    {.scenario = "fib", .small = 15, .large = 22},
    {.scenario = "spawn", .small = 5'000, .large = 25'000},
    {.scenario = "yield", .small = 20'000, .large = 120'000},
    {.scenario = "pingpong", .small = 2'000, .large = 32'000},
    {.scenario = "mutex", .small = 20'000, .large = 120'000},
    {.scenario = "queue", .small = 10'000, .large = 110'000},
}};

constexpr char const* counts_key = "instructions_per_operation";
constexpr double usual_tolerance_percent = 2;
constexpr std::chrono::minutes patience{5};

class counter {
 public:
  explicit counter(std::string valgrind)
      : valgrind_{std::move(valgrind)},
        counts_{std::filesystem::temp_directory_path() / fmt::format("skein-perf-gate-{}", ::getpid())} {
    if (!std::filesystem::exists(valgrind_)) {
      throw usage_error{fmt::format("{} is missing: apt-get install valgrind", valgrind_)};
    }
  }
  counter(counter const&) = delete;
  counter& operator=(counter const&) = delete;
  ~counter() {
    std::error_code ignored;  // it lies in a folder for temporary files
    std::filesystem::remove(counts_, ignored);
  }

  [[nodiscard]] double per_operation(hot_path const& path) const {
    scenario const& what = *find_scenario(path.scenario);
    auto const instructions = count(what, path.large) - count(what, path.small);
    auto const operations = what.operations(path.large) - what.operations(path.small);
    return instructions / static_cast<double>(operations);
  }

 private:
  [[nodiscard]] double count(scenario const& what, std::uint64_t size) const {
    auto const deadline = std::chrono::steady_clock::now() + patience;
    std::filesystem::remove(counts_);
    auto command = peers().front().command();
    command.insert(command.begin(),
                   {valgrind_, "--tool=callgrind", "--callgrind-out-file=" + counts_.string()});
    command.insert(command.end(), {std::string{what.name}, "--workers", "1", "--size", std::to_string(size)});
    process child{command};
    std::string answered;
    while (auto const line = child.read_line(deadline)) {
      answered = *line;
    }
    child.finish();
    auto const parsed = json::parse(answered, nullptr, false);
    if (!parsed.is_object() || parsed.value("answer", std::uint64_t{0}) != what.answer(size)) {
      throw std::runtime_error{fmt::format("{} of size {}: wrong answer: {}", what.name, size, answered)};
    }
    return total();
  }

  [[nodiscard]] double total() const {
    std::ifstream file{counts_};
    for (std::string word; file >> word;) {
      if (double instructions = 0; word == "totals:" && file >> instructions) {
        return instructions;
      }
    }
    throw std::runtime_error{fmt::format("{} wrote no totals to {}", valgrind_, counts_.string())};
  }

  std::string valgrind_;
  std::filesystem::path counts_;
};

std::vector<hot_path> choose(std::vector<std::string> const& names) {
  std::vector<hot_path> chosen;
  for (auto const& name : names) {
    auto const found = std::ranges::find(hot_paths, name, &hot_path::scenario);
    if (found == hot_paths.end()) {
      throw usage_error{
          fmt::format("gate {}: give none, or some of: fib spawn yield pingpong mutex queue", name)};
    }
    chosen.push_back(*found);
  }
  return chosen.empty() ? std::vector<hot_path>(hot_paths.begin(), hot_paths.end()) : chosen;
}

json read(std::filesystem::path const& path) {
  std::ifstream file{path};
  auto document = json::parse(file, nullptr, false);
  if (!document.is_object() || !document.contains(counts_key)) {
    throw usage_error{
        fmt::format("{} cannot be read as a gate file; `gate --update` writes one", path.string())};
  }
  return document;
}

void write(std::filesystem::path const& path, json const& document) {
  std::ofstream file{path};
  file << document.dump(2) << '\n';
  if (!file.flush()) {
    throw std::runtime_error{fmt::format("{} cannot be written", path.string())};
  }
}

/// Returns     Why the recorded counts say nothing about this program, or nothing if they do.
std::optional<std::string> not_comparable(json const& recorded) {
  auto const compiler = recorded.value("compiler", "");
  auto const build = recorded.value("build", "");
  if (compiler == SKEIN_PERF_COMPILER && build == SKEIN_PERF_BUILD) {
    return std::nullopt;
  }
  return fmt::format("recorded with {}, {}; this is {}, {}: not judged", compiler, build, SKEIN_PERF_COMPILER,
                     SKEIN_PERF_BUILD);
}

/// Prints one line of the table.
///
/// Returns     False when it is more than the tolerance above the file.
bool print(hot_path const& path, double counted, std::optional<double> recorded, double tolerance,
           bool judged) {
  fmt::print("{:10} {:>10.1f}", path.scenario, counted);
  if (!recorded) {
    fmt::print("  {:>10}  {:>8}  not in the file\n", "-", "-");
    return true;
  }
  double const change = counted / *recorded - 1;
  bool const more = judged && change > tolerance;
  auto const* const text = !judged               ? "not judged"
                           : more                ? "MORE"
                           : change < -tolerance ? "fewer: gate --update keeps it"
                                                 : "ok";
  fmt::print("  {:>10.1f}  {:>+7.2f}%  {}\n", *recorded, change * 100, text);
  return !more;
}

}  // namespace

int gate(gate_arguments const& typed) {
  std::filesystem::path const path = typed.file.empty()
                                         ? std::filesystem::path{SKEIN_PERF_SOURCE_DIR} / "gate.json"
                                         : std::filesystem::path{typed.file};
  auto const chosen = choose(typed.scenarios);
  counter const counts{typed.valgrind};
  bool const fresh = typed.update && !std::filesystem::exists(path);
  json const recorded = fresh ? json::object() : read(path);
  double const tolerance = recorded.value("tolerance_percent", usual_tolerance_percent);
  auto const excuse = fresh ? std::optional<std::string>{} : not_comparable(recorded);
  auto const known = recorded.value(counts_key, json::object());
  json updated = known;
  fmt::print("{:10} {:>10}  {:>10}  {:>8}\n", "scenario", "instr./op.", "in the file", "change");
  unsigned failures = 0;
  for (auto const& p : chosen) {
    double const counted = counts.per_operation(p);
    std::string const name{p.scenario};
    auto const before = known.contains(name) ? std::optional{known.at(name).get<double>()} : std::nullopt;
    failures += print(p, counted, before, tolerance / 100, !excuse) ? 0 : 1;
    updated[name] = std::round(counted * 10) / 10;
  }
  if (excuse) {
    fmt::print("{}\n", *excuse);
  }
  if (typed.update) {
    write(path, {{"compiler", SKEIN_PERF_COMPILER},
                 {"build", SKEIN_PERF_BUILD},
                 {"tolerance_percent", tolerance},
                 {counts_key, updated}});
    fmt::print("written to {}\n", path.string());
    return 0;
  }
  return failures == 0 ? 0 : 1;
}

}  // namespace perf
