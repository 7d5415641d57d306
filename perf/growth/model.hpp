// SPDX-License-Identifier: Apache-2.0
// model.hpp: skein's scheduling policy, played on a machine that need not exist.
//
// What it plays is the policy of core/src/worker.cpp, worker_search.cpp and idle_set.hpp, queue by queue:
// the next slot, the run queue that is stolen in halves, the inject queue, forks with a private and a
// public part, knocks, who searches, who is notified, who parks. Each step of a worker takes the time that
// `costs` say; the cores take turns in the order of their clocks. It counts what the scheduler counts, and
// the cache lines that move.
//
// What it leaves out: what a program does beside the scheduler, the joins of forks, memory, and preemption
// other than at the end of a time slice.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace perf::model {

/// Nanoseconds. Those of a program are such that one worker takes about as long as skein does
/// (core/notes/growth.md).
struct costs {
  double hit = 1;         // a line in the own cache
  double transfer = 100;  // a line from another core: assumed; a spinner sees a store in 0.1 µs
  double turn = 6;        // taking and resuming a task: yield
  double make = 130;      // making a task: spawn
  double wake = 23;       // waking another task, and waiting: pingpong
  double section = 9;     // lock, count, unlock: mutex
  double call = 6.6;      // a fork, a join and a call: fib
  double pauses = 100;    // between two rounds of a search
  double fence = 1'000;   // membarrier (core/notes/turns.md)
  double sleep = 2'000;   // into the futex: assumed
  double unpark = 6'300;  // futex wake: paid by who wakes (core/notes/growth.md)
  double start = 4'000;   // from there until the sleeper runs
  double slice = 3e6;     // of the kernel, when there are more workers than cores: assumed
};

struct machine_model {
  unsigned workers = 1;
  unsigned cores = 1;  // at most cores_max
  costs ns = {};
};

/// What the workers did, all together; the names are those of `skein::worker_metrics`.
struct counts {
  std::uint64_t operations = 0;  // of the program: tasks, yields, round trips, sections, calls
  std::uint64_t turns = 0;
  std::uint64_t steals = 0;
  std::uint64_t parks = 0;
  std::uint64_t searches = 0;
  std::uint64_t probes = 0;
  std::uint64_t notified = 0;
  std::uint64_t injected = 0;
  std::uint64_t moves = 0;  // cache lines of the scheduler fetched from another core
  double wall_ns = 0;
  double busy_ns = 0;  // of all cores together
};

/// Returns     The names of the programs that can be played.
[[nodiscard]] std::span<std::string_view const> programs();

/// Plays a program of this size.
///
/// Throws      `std::invalid_argument` for an unknown program, no workers, or no cores;
///             `std::logic_error` when nothing can go on and the program has not ended.
[[nodiscard]] counts play(std::string_view program, std::uint64_t size, machine_model const& machine);

}  // namespace perf::model
