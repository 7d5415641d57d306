// SPDX-License-Identifier: Apache-2.0
// process.hpp: one child process, its lines of output, its end.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace perf {

/// A running program whose standard output is read line by line and whose standard error is kept.
///
/// Lifetime    The destructor kills and reaps the program if it still runs.
class process {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  /// Starts a program. Nothing is looked up in PATH.
  ///
  /// Throws      `std::system_error` when it cannot be started.
  explicit process(std::vector<std::string> const& command);
  process(process const&) = delete;
  process& operator=(process const&) = delete;
  ~process();

  /// Returns     The next line without its end, or nothing when the output has ended.
  /// Throws      `std::runtime_error` when the deadline passes.
  [[nodiscard]] std::optional<std::string> read_line(time_point deadline);

  /// Waits for the end.
  ///
  /// Throws      `std::runtime_error` with what the program wrote to standard error, unless it ended with 0.
  void finish();

 private:
  [[nodiscard]] bool fill(time_point deadline);
  [[nodiscard]] std::string last_words() const;

  std::string name_;
  pid_t pid_ = -1;  // -1: reaped
  int output_ = -1;
  int errors_ = -1;  // a file in memory, so that nobody has to empty it
  std::string buffer_;
};

}  // namespace perf
