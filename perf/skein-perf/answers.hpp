// SPDX-License-Identifier: Apache-2.0
// answers.hpp: the right answer to each scenario, found in another way than the workloads find it.
#pragma once

#include <cstdint>

namespace perf::answers {

[[nodiscard]] std::uint64_t same(std::uint64_t size);
[[nodiscard]] std::uint64_t sum_below(std::uint64_t size);
[[nodiscard]] std::uint64_t fibonacci(std::uint64_t n);
[[nodiscard]] std::uint64_t fibonacci_calls(std::uint64_t n);
[[nodiscard]] std::uint64_t sum_of_leaves(std::uint64_t levels);
[[nodiscard]] std::uint64_t nodes_of_tree(std::uint64_t levels);
[[nodiscard]] std::uint64_t queens(std::uint64_t n);
[[nodiscard]] std::uint64_t matrix_checksum(std::uint64_t n);
[[nodiscard]] std::uint64_t echoed_bytes(std::uint64_t messages);

}  // namespace perf::answers
