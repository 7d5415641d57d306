// SPDX-License-Identifier: Apache-2.0
// matrix.cpp: filling and checking the matrices of matmul.
#include "matrix.hpp"

#include <stdexcept>
#include <string>

namespace perf {

product::product(std::size_t size) : size_{size} {
  std::size_t const blocks = size / block_size;
  if (size % block_size != 0 || blocks == 0 || (blocks & (blocks - 1)) != 0) {
    throw std::invalid_argument{"matmul: size " + std::to_string(size) + " is not " +
                                std::to_string(block_size) + " times a power of two"};
  }
  a_.resize(size * size);
  b_.resize(size * size);
  c_.resize(size * size);
  for (std::size_t i = 0; i < size; ++i) {
    for (std::size_t j = 0; j < size; ++j) {
      a_[i * size + j] = left_element(i, j);
      b_[i * size + j] = right_element(i, j);
    }
  }
}

std::uint64_t product::checksum() const noexcept {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < size_; ++i) {
    for (std::size_t j = 0; j < size_; ++j) {
      sum += static_cast<std::uint64_t>(c_[i * size_ + j]) * row_weight(i) * column_weight(j);
    }
  }
  return sum;
}

}  // namespace perf
