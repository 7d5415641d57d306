// SPDX-License-Identifier: Apache-2.0
// lines.hpp: which core's cache holds which line, in the model.
#pragma once

#include <bitset>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace perf::model {

inline constexpr std::size_t cores_max = 1024;

/// Cache lines as a directory keeps them (MESI without the difference between clean and dirty): a line is
/// shared by those that have read it since the last write.
class cache_lines {
 public:
  explicit cache_lines(std::size_t lines) : holders_(lines) {}

  /// Returns     True when the core had to fetch the line from another one.
  bool read(std::size_t line, std::size_t core) {
    auto& holders = holders_[line];
    bool const moved = !holders[core] && holders.any();
    holders.set(core);
    moves_ += moved ? 1 : 0;
    return moved;
  }
  /// Returns     True when other cores had the line, or had it last: their copies are gone now.
  bool write(std::size_t line, std::size_t core) {
    auto& holders = holders_[line];
    bool const alone = holders.none() || (holders.count() == 1 && holders[core]);
    holders.reset();
    holders.set(core);
    moves_ += alone ? 0 : 1;
    return !alone;
  }

  /// Returns     How many reads and writes had to ask another core.
  [[nodiscard]] std::uint64_t moves() const { return moves_; }

 private:
  std::vector<std::bitset<cores_max>> holders_;
  std::uint64_t moves_ = 0;
};

}  // namespace perf::model
