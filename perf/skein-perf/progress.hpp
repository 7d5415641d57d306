// SPDX-License-Identifier: Apache-2.0
// progress.hpp: what is shown on standard error while the measurements run.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace perf {

/// One line that is written again and again on a terminal; a line for each measurement elsewhere.
class progress {
 public:
  progress();
  progress(progress const&) = delete;
  progress& operator=(progress const&) = delete;
  ~progress();

  void set_total(std::size_t steps) noexcept { total_ = steps; }
  void begin(std::string_view what);
  void end(std::string_view outcome);
  /// Counts steps that are left out.
  void skip() noexcept { ++done_; }
  /// A line that stays.
  void say(std::string_view text);

 private:
  void clear_line() const;

  bool terminal_;
  std::size_t total_ = 0;
  std::size_t done_ = 0;
  std::string current_;
};

}  // namespace perf
