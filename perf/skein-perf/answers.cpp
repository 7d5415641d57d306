// SPDX-License-Identifier: Apache-2.0
// answers.cpp: the right answer to each scenario, and how many operations it takes.
#include "answers.hpp"

#include "../matmul/matrix.hpp"
#include "scenario.hpp"

#include <array>
#include <utility>

namespace perf::answers {
namespace {

std::uint64_t ten_to_the(std::uint64_t n) {
  std::uint64_t power = 1;
  for (; n > 0; --n) {
    power *= 10;
  }
  return power;
}

}  // namespace

std::uint64_t same(std::uint64_t size) { return size; }

std::uint64_t sum_below(std::uint64_t size) { return size * (size - 1) / 2; }

std::uint64_t fibonacci(std::uint64_t n) {
  std::uint64_t current = 0;
  std::uint64_t next = 1;
  for (; n > 0; --n) {
    current = std::exchange(next, current + next);
  }
  return current;
}

std::uint64_t fibonacci_calls(std::uint64_t n) { return 2 * fibonacci(n + 1) - 1; }

std::uint64_t sum_of_leaves(std::uint64_t levels) { return sum_below(ten_to_the(levels)); }

std::uint64_t nodes_of_tree(std::uint64_t levels) { return (ten_to_the(levels + 1) - 1) / 9; }

std::uint64_t queens(std::uint64_t n) {
  // OEIS A000170.
  static constexpr std::array<std::uint64_t, 16> solutions{1,  1,   0,   0,    2,     10,    4,      40,
                                                           92, 352, 724, 2680, 14200, 73712, 365596, 2279184};
  return solutions.at(n);
}

std::uint64_t matrix_checksum(std::uint64_t n) {
  // sum of w_i a_ik b_kj v_j over i, j, k  =  sum over k of (sum over i of w_i a_ik) (sum over j of b_kj v_j)
  std::uint64_t sum = 0;
  for (std::size_t k = 0; k < n; ++k) {
    std::uint64_t column = 0;
    std::uint64_t row = 0;
    for (std::size_t i = 0; i < n; ++i) {
      column += row_weight(i) * static_cast<std::uint64_t>(left_element(i, k));
      row += static_cast<std::uint64_t>(right_element(k, i)) * column_weight(i);
    }
    sum += column * row;
  }
  return sum;
}

std::uint64_t echoed_bytes(std::uint64_t messages) { return messages * echo_message_bytes; }

}  // namespace perf::answers
