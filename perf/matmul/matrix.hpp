// SPDX-License-Identifier: Apache-2.0
// matrix.hpp: the matrices of matmul, its plain kernel and its check, the same for every runtime.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace perf {

/// Blocks of this many rows and columns are multiplied without forking.
inline constexpr std::size_t block_size = 32;

/// A square part of a matrix whose rows are `stride` numbers apart.
struct square {
  std::int32_t* data;
  std::size_t size;
  std::size_t stride;

  [[nodiscard]] square quarter(std::size_t row, std::size_t column) const noexcept {
    std::size_t const half = size / 2;
    return {data + (row * stride + column) * half, half, stride};
  }
};

/// c += a * b, in place, without forking.
inline void multiply_block(square a, square b, square c) noexcept {
  for (std::size_t i = 0; i < a.size; ++i) {
    for (std::size_t k = 0; k < a.size; ++k) {
      std::int32_t const left = a.data[i * a.stride + k];
      std::int32_t const* const right = b.data + k * b.stride;
      std::int32_t* const sum = c.data + i * c.stride;
      for (std::size_t j = 0; j < a.size; ++j) {
        sum[j] += left * right[j];
      }
    }
  }
}

/// The two factors, filled with small numbers, and room for their product.
class product {
 public:
  /// `size` is the block size times a power of two.
  explicit product(std::size_t size);

  [[nodiscard]] square a() noexcept { return {a_.data(), size_, size_}; }
  [[nodiscard]] square b() noexcept { return {b_.data(), size_, size_}; }
  [[nodiscard]] square c() noexcept { return {c_.data(), size_, size_}; }

  /// Returns     The sum of all c[i][j] * (i % 97 + 1) * (j % 89 + 1): any wrong element changes it. The
  /// harness
  ///             computes the same number from the factors in n² steps (skein-perf/answers.cpp).
  [[nodiscard]] std::uint64_t checksum() const noexcept;

 private:
  std::size_t size_;
  std::vector<std::int32_t> a_;
  std::vector<std::int32_t> b_;
  std::vector<std::int32_t> c_;
};

/// The element in row i and column j of the left and of the right factor.
[[nodiscard]] constexpr std::int32_t left_element(std::size_t i, std::size_t j) noexcept {
  return static_cast<std::int32_t>((i * 7 + j * 3) % 11);
}
[[nodiscard]] constexpr std::int32_t right_element(std::size_t i, std::size_t j) noexcept {
  return static_cast<std::int32_t>((i * 5 + j * 13) % 17);
}
[[nodiscard]] constexpr std::uint64_t row_weight(std::size_t i) noexcept { return i % 97 + 1; }
[[nodiscard]] constexpr std::uint64_t column_weight(std::size_t j) noexcept { return j % 89 + 1; }

}  // namespace perf
