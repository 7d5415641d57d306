// SPDX-License-Identifier: Apache-2.0
// scenario.hpp: what can be measured: the names, the sizes and the right answers.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace perf {

/// One kind of work, which every runtime does in its own way (perf/<workload>/).
struct scenario {
  std::string_view name;
  std::string_view about;
  std::uint64_t full_size;
  std::uint64_t quick_size;
  /// What a workload of this size has to answer.
  std::uint64_t (*answer)(std::uint64_t size);
  /// How many operations a workload of this size does, and what one is called. Null where the time of one
  /// says nothing about the runtime.
  std::uint64_t (*operations)(std::uint64_t size) = nullptr;
  std::string_view operation = {};
  bool counts_bytes = false;  // its tasks are all alive at once, so memory for each has a meaning
  bool forks = false;         // divides its work among the workers, so a speed-up has a meaning
  bool has_clients = false;   // the workload is a server; the load generator is its client
};

/// All scenarios, in the order in which they are run.
[[nodiscard]] std::span<scenario const> scenarios() noexcept;

/// Returns     Null when there is no scenario of this name.
[[nodiscard]] scenario const* find_scenario(std::string_view name) noexcept;

/// What the load generator does.
inline constexpr unsigned echo_connections = 50;
inline constexpr std::uint64_t echo_message_bytes = 64;

}  // namespace perf
