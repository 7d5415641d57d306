// SPDX-License-Identifier: Apache-2.0
// main.cpp: skein-perf, which measures skein and its peers side by side.
//
// Exit code: 0 everything was measured, 1 something failed or answered wrongly, 2 the command line is wrong.
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

std::ofstream open_json(std::string const& path) {
  std::ofstream file{path};
  if (!file) {
    throw usage_error{fmt::format("--json {}: this file cannot be written; give another path", path)};
  }
  return file;
}

int run(run_arguments const& typed) {
  run_options const options = check(typed);
  std::ofstream json = options.json ? open_json(*options.json) : std::ofstream{};
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
  if (options.json) {
    write_json(json, result, where, options);
    if (!json.flush()) {
      fmt::print(stderr, "error: writing {} failed\n", *options.json);
      return exit_failure;
    }
  }
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
  run_command->add_option("--timeout", typed.timeout, "Seconds that one measurement may take");
  try {
    app.parse(argc, argv);
  } catch (CLI::ParseError const& error) {
    return app.exit(error) == 0 ? 0 : exit_usage;
  }
  return list_command->parsed() ? list() : run(typed);
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
