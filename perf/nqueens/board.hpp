// SPDX-License-Identifier: Apache-2.0
// board.hpp: the chess board of nqueens, the same for every runtime.
#pragma once

#include <array>
#include <cstdint>

namespace perf {

/// The queens of the first rows, one in each.
class board {
 public:
  static constexpr int most_queens = 16;

  /// Returns     False when a queen already placed attacks this column of the next row.
  [[nodiscard]] bool is_free(int column) const noexcept {
    for (int row = 0; row < rows_; ++row) {
      int const other = columns_[static_cast<std::size_t>(row)];
      int const distance = rows_ - row;
      if (other == column || other == column - distance || other == column + distance) {
        return false;
      }
    }
    return true;
  }

  /// Returns     A copy with a queen in this column of the next row.
  [[nodiscard]] board with(int column) const noexcept {
    board next = *this;
    next.columns_[static_cast<std::size_t>(rows_)] = static_cast<std::int8_t>(column);
    ++next.rows_;
    return next;
  }

  [[nodiscard]] int rows() const noexcept { return rows_; }

 private:
  std::array<std::int8_t, most_queens> columns_{};
  std::int8_t rows_ = 0;
};

}  // namespace perf
