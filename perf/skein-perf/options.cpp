// SPDX-License-Identifier: Apache-2.0
// options.cpp: checking the command line.
#include "options.hpp"

#include "machine.hpp"
#include "peer.hpp"
#include "scenario.hpp"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <ranges>
#include <sstream>

namespace perf {
namespace {

constexpr unsigned workers_max = 1024;
constexpr unsigned repeat_max = 1000;
constexpr unsigned timeout_s_max = 86'400;

unsigned parse_count(std::string_view option, std::string const& text, unsigned most) {
  unsigned value = 0;
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value < 1 || value > most) {
    throw usage_error{fmt::format("{} {}: give a whole number from 1 to {}", option, text, most)};
  }
  return value;
}

template <class T>
void add_once(std::vector<T const*>& list, T const* item) {
  if (std::ranges::find(list, item) == list.end()) {
    list.push_back(item);
  }
}

template <class T>
std::string names(std::span<T const> table) {
  return fmt::format("{}", fmt::join(table | std::views::transform(&T::name), ", "));
}

std::vector<scenario const*> check_scenarios(std::vector<std::string> const& typed) {
  std::vector<scenario const*> chosen;
  for (auto const& name : typed) {
    scenario const* const found = find_scenario(name);
    if (found == nullptr) {
      throw usage_error{
          fmt::format("unknown scenario \"{}\"; the scenarios are: {}", name, names(scenarios()))};
    }
    add_once(chosen, found);
  }
  if (typed.empty()) {
    for (auto const& s : scenarios()) {
      chosen.push_back(&s);
    }
  }
  return chosen;
}

std::vector<peer const*> check_peers(std::string const& typed) {
  auto const others = peers().subspan(1);
  std::vector<peer const*> chosen{&peers().front()};
  if (typed == "all" || typed == "usual") {
    for (auto const& p : others) {
      if (typed == "all" || !p.on_demand) {
        chosen.push_back(&p);
      }
    }
  } else if (typed != "none") {
    std::istringstream list{typed + ","};
    for (std::string name; std::getline(list, name, ',');) {
      peer const* const found = find_peer(name);
      if (found == nullptr) {
        throw usage_error{
            fmt::format("unknown peer \"{}\" in --peers {}; give all, usual, none, or some of these with "
                        "commas between: {}",
                        name, typed, names(others))};
      }
      add_once(chosen, found);
    }
  }
  return chosen;
}

}  // namespace

run_options check(run_arguments const& typed) {
  run_options options;
  options.quick = typed.quick;
  options.scenarios = check_scenarios(typed.scenarios);
  options.peers = check_peers(typed.peers);
  if (!typed.before.empty()) {
    if (!std::filesystem::is_regular_file(typed.before)) {
      throw usage_error{
          fmt::format("--before {}: give the path of a program skein-perf-skein", typed.before)};
    }
    options.peers.push_back(&take_turns_with(typed.before));
  }
  if (!typed.workers.empty()) {
    options.workers.push_back(parse_count("--workers", typed.workers, workers_max));
  } else {
    options.workers.push_back(1);
    if (unsigned const cores = usable_cores(); cores > 1) {
      options.workers.push_back(cores);
    }
  }
  unsigned const usual_repeat = typed.quick ? 3 : 5;
  options.repeat = typed.repeat.empty() ? usual_repeat : parse_count("--repeat", typed.repeat, repeat_max);
  options.timeout = std::chrono::seconds{parse_count("--timeout", typed.timeout, timeout_s_max)};
  if (!typed.json.empty()) {
    options.json = typed.json;
  }
  if (!typed.html.empty()) {
    options.html = typed.html;
  }
  return options;
}

}  // namespace perf
