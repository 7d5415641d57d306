// SPDX-License-Identifier: Apache-2.0
// main.cpp: skein-perf, which measures skein and its peers side by side.
//
// Exit code: 0 everything was measured, 1 something failed or answered wrongly, 2 the command line is wrong.
#include "comparison.hpp"
#include "gate.hpp"
#include "growth.hpp"
#include "machine.hpp"
#include "options.hpp"
#include "output.hpp"
#include "peer.hpp"
#include "progress.hpp"
#include "scenario.hpp"
#include "session.hpp"

#include <fmt/core.h>
#include <CLI/CLI.hpp>

#include <cstdio>
#include <exception>
#include <fstream>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

namespace perf {
namespace {

constexpr int exit_failure = 1;
constexpr int exit_usage = 2;

int list() {
  fmt::print("{:<11} {:>10} {:>10}  {}\n", "scenario", "size", "--quick", "what it does");
  for (auto const& s : scenarios()) {
    fmt::print("{:<11} {:>10} {:>10}  {}\n", s.name, s.full_size, s.quick_size, s.about);
  }
  fmt::print("\n{:<11} {}\n", "peer", "what it is");
  for (auto const& p : peers().subspan(1)) {
    fmt::print("{:<11} {} (Debian: {}){}\n", p.name, p.about, p.package,
               p.on_demand ? ", when asked for" : "");
  }
  return 0;
}

/// Opened before anything is measured, so that a wrong path does not cost a run.
class output_file {
 public:
  output_file(char const* option, std::optional<std::string> const& path) : path_{path} {
    if (path_) {
      file_.open(*path_);
      if (!file_) {
        throw usage_error{
            fmt::format("{} {}: this file cannot be written; give another path", option, *path_)};
      }
    }
  }

  template <class Write>
  void fill(Write write) {
    if (path_) {
      write(file_);
      if (!file_.flush()) {
        throw std::runtime_error{fmt::format("writing {} failed", *path_)};
      }
    }
  }

 private:
  std::optional<std::string> path_;
  std::ofstream file_;
};

/// Returns     The command that repeats this run.
std::string command_line(int argc, char** argv) {
  std::string text = "./dev perf";
  for (int i = 1; i < argc; ++i) {
    std::string_view const word = argv[i];
    if (word == "--html" || word == "--json") {
      ++i;
    } else if (!word.starts_with("--html=") && !word.starts_with("--json=")) {
      text += fmt::format(" {}", word);
    }
  }
  return text;
}

int run(run_arguments const& typed, std::string const& command) {
  run_options const options = check(typed);
  output_file json{"--json", options.json};
  output_file html{"--html", options.html};
  machine const where = describe_machine();
  report result;
  {
    progress shown;
    result = run_session(options, shown);
  }
  if (!result.rows.empty()) {
    fmt::print("{}, {} cores, {}, {}, {}\n\n{}", where.cpu, where.cores, where.kernel, where.compiler,
               where.date, format_table(result));
  }
  for (auto const& text : result.missing) {
    fmt::print("{}\n", text);
  }
  static_cast<void>(std::fflush(stdout));
  json.fill([&](std::ostream& to) { write_json(to, result, where, options); });
  html.fill([&](std::ostream& to) { write_html(to, result, where, options, command); });
  if (!result.failures.empty()) {
    fmt::print(stderr, "\n{} failed:\n", result.failures.size());
    for (auto const& text : result.failures) {
      fmt::print(stderr, "  {}\n", text);
    }
    return exit_failure;
  }
  return 0;
}

int parse_and_run(int argc, char** argv) {
  CLI::App app{"Measures skein and its peers side by side.", "skein-perf"};
  app.require_subcommand(1);
  auto* const list_command = app.add_subcommand("list", "Print the scenarios and the peers");
  auto* const run_command = app.add_subcommand("run", "Measure, print a table");
  run_arguments typed;
  run_command->add_option("SCENARIO", typed.scenarios, "What to measure; nothing: everything");
  run_command->add_option("--workers", typed.workers, "Threads of each runtime; else 1 and all cores");
  run_command->add_option("--peers", typed.peers,
                          "all, usual (tbb, asyncio), none, or names with commas between");
  run_command->add_option("--repeat", typed.repeat, "Rounds; else 5, or 3 with --quick");
  run_command->add_flag("--quick", typed.quick, "Small sizes: everything within three minutes");
  run_command->add_option("--json", typed.json, "Write the results to this file too");
  run_command->add_option("--before", typed.before,
                          "A skein-perf-skein of another build, which takes turns too");
  run_command->add_option("--html", typed.html, "Write a page with the results to this file");
  run_command->add_option("--timeout", typed.timeout, "Seconds that one measurement may take");
  compare_arguments compared;
  auto* const compare_command =
      app.add_subcommand("compare", "Tell slower from noise in two files of --json");
  compare_command->add_option("BEFORE", compared.before)->required();
  compare_command->add_option("AFTER", compared.after, "Nothing: BEFORE is of a run with --before");
  compare_command->add_option("--least", compared.least_percent, "Percent below which a change is none (2)");
  gate_arguments gated;
  auto* const gate_command = app.add_subcommand("gate", "Hold instructions per operation against a file");
  gate_command->add_option("SCENARIO", gated.scenarios, "Which hot paths; nothing: all");
  gate_command->add_option("--file", gated.file, "The file (perf/gate.json)");
  gate_command->add_option("--valgrind", gated.valgrind, "The program that counts (/usr/bin/valgrind)");
  gate_command->add_flag("--update", gated.update, "Write what is counted to the file");
  growth_arguments grown;
  auto* const growth_command =
      app.add_subcommand("growth", "Count what the scheduler does with more and more workers, and model it");
  growth_command->add_option("PROGRAM", grown.programs, "What to run; nothing: all");
  growth_command->add_option("--workers", grown.workers, "Numbers with commas between (1,2,4,16,64)");
  growth_command->add_option("--model-workers", grown.model_workers, "The same (1,2,4,16,64,256)");
  growth_command->add_option("--model-cores", grown.model_cores, "Else this machine's, and one a worker");
  growth_command->add_option("--repeat", grown.repeat, "Runs, of which the middle one is shown (3)");
  growth_command->add_option("--json", grown.json, "Write the results to this file too");
  growth_command->add_flag("--model-only", grown.model_only, "Measure nothing");
  try {
    app.parse(argc, argv);
  } catch (CLI::ParseError const& error) {
    return app.exit(error) == 0 ? 0 : exit_usage;
  }
  if (compare_command->parsed()) {
    return compare(compared);
  }
  if (gate_command->parsed()) {
    return gate(gated);
  }
  if (growth_command->parsed()) {
    return growth(grown);
  }
  return list_command->parsed() ? list() : run(typed, command_line(argc, argv));
}

}  // namespace
}  // namespace perf

int main(int argc, char** argv) {
  try {
    return perf::parse_and_run(argc, argv);
  } catch (perf::usage_error const& error) {
    fmt::print(stderr, "skein-perf: {}\n", error.what());
    return perf::exit_usage;
  } catch (std::exception const& error) {
    fmt::print(stderr, "skein-perf: {}\n", error.what());
    return perf::exit_failure;
  }
}
