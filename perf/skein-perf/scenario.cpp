// SPDX-License-Identifier: Apache-2.0
// scenario.cpp: the table of scenarios.
#include "scenario.hpp"

#include "answers.hpp"

#include <algorithm>
#include <array>

namespace perf {
namespace {

constexpr std::array<scenario, 15> table{{
    {.name = "tasks10k",
     .about = "10,000 tasks at once, each sleeping 10 ms",
     .full_size = 10'000,
     .quick_size = 10'000,
     .answer = answers::same,
     .counts_bytes = true},
    {.name = "tasks1m",
     .about = "1,000,000 tasks at once, each sleeping 10 ms",
     .full_size = 1'000'000,
     .quick_size = 1'000'000,
     .answer = answers::same,
     .counts_bytes = true},
    {.name = "spawn",
     .about = "one task makes 1,000,000 trivial tasks and awaits all",
     .full_size = 1'000'000,
     .quick_size = 200'000,
     .answer = answers::sum_below,
     .operations = answers::same,
     .operation = "task",
     .counts_bytes = true},
    {.name = "yield",
     .about = "1000 tasks give way 10,000 times each",
     .full_size = 10'000'000,
     .quick_size = 2'000'000,
     .answer = answers::same,
     .operations = answers::same,
     .operation = "yield"},
    {.name = "pingpong",
     .about = "two tasks wake each other 1,000,000 times through two events",
     .full_size = 1'000'000,
     .quick_size = 200'000,
     .answer = answers::same,
     .operations = answers::same,
     .operation = "round trip"},
    {.name = "sleep100k",
     .about = "100,000 tasks, each sleeping 10 ms to 1 s",
     .full_size = 100'000,
     .quick_size = 100'000,
     .answer = answers::same,
     .counts_bytes = true},
    {.name = "blocked",
     .about = "200 tasks, each sleeping 10 ms to 1 s, while another computes for 1 s",
     .full_size = 200,
     .quick_size = 200,
     .answer = answers::same},
    {.name = "mutex",
     .about = "1000 tasks lock one mutex 1000 times each",
     .full_size = 1'000'000,
     .quick_size = 200'000,
     .answer = answers::same,
     .operations = answers::same,
     .operation = "lock"},
    {.name = "queue",
     .about = "10,000,000 items through a bounded queue, 1 producer, 1 consumer",
     .full_size = 10'000'000,
     .quick_size = 2'000'000,
     .answer = answers::sum_below,
     .operations = answers::same,
     .operation = "item"},
    {.name = "queue44",
     .about = "10,000,000 items through a bounded queue, 4 producers, 4 consumers",
     .full_size = 10'000'000,
     .quick_size = 2'000'000,
     .answer = answers::sum_below,
     .operations = answers::same,
     .operation = "item"},
    {.name = "fib",
     .about = "fib(39) with a fork at every call",
     .full_size = 39,
     .quick_size = 35,
     .answer = answers::fibonacci,
     .operations = answers::fibonacci_calls,
     .operation = "call",
     .forks = true},
    {.name = "skynet",
     .about = "a tree of ten children a node with 100,000,000 leaves",
     .full_size = 8,
     .quick_size = 7,
     .answer = answers::sum_of_leaves,
     .operations = answers::nodes_of_tree,
     .operation = "node",
     .forks = true},
    {.name = "nqueens",
     .about = "all ways to place 14 queens",
     .full_size = 14,
     .quick_size = 13,
     .answer = answers::queens,
     .forks = true},
    {.name = "matmul",
     .about = "product of two 2048 x 2048 matrices, by quarters",
     .full_size = 2048,
     .quick_size = 1024,
     .answer = answers::matrix_checksum,
     .forks = true},
    {.name = "echo",
     .about = "TCP server on loopback, 50 connections, 64-byte messages",
     .full_size = 500'000,
     .quick_size = 100'000,
     .answer = answers::echoed_bytes,
     .has_clients = true},
}};

}  // namespace

std::span<scenario const> scenarios() noexcept { return table; }

scenario const* find_scenario(std::string_view name) noexcept {
  auto const found = std::ranges::find(table, name, &scenario::name);
  return found == table.end() ? nullptr : &*found;
}

}  // namespace perf
