// SPDX-License-Identifier: Apache-2.0
// options.hpp: the command line, read and checked.
#pragma once

#include <chrono>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace perf {

struct peer;
struct scenario;

/// A command line that cannot be obeyed: what, with which value, and what to do.
struct usage_error : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// The command line of `run` as it was typed.
struct run_arguments {
  std::vector<std::string> scenarios;
  std::string workers;
  std::string peers = "usual";
  std::string repeat;
  std::string timeout = "120";
  std::string json;
  std::string html;
  std::string before;
  bool quick = false;
};

/// What `run` has to do.
struct run_options {
  std::vector<scenario const*> scenarios;
  std::vector<peer const*> peers;  // skein first
  std::vector<unsigned> workers;   // of each runtime that can use them
  unsigned repeat = 0;
  std::chrono::seconds timeout{};   // of one measurement
  std::optional<std::string> json;  // a path
  std::optional<std::string> html;  // a path
  bool quick = false;
};

/// Throws      `usage_error`.
[[nodiscard]] run_options check(run_arguments const& typed);

}  // namespace perf
