// SPDX-License-Identifier: Apache-2.0
// workload.hpp: what every measured C++ program is made of, whatever its runtime.
//
// One program for each runtime (skein-perf-skein, skein-perf-tbb, …) holds the workloads of that runtime and
// answers two commands; perf/README.md describes them, and a program in another language answers the same.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace perf {

/// What the harness asks for.
struct request {
  std::string_view scenario;
  unsigned workers = 1;
  std::uint64_t size = 0;     // what it counts is the scenario's choice: tasks, items, n
  unsigned connections = 50;  // of servers
};

/// What a workload answers.
struct result {
  double wall_ms = 0;
  double cpu_ms = 0;           // of the whole process, in the measured part
  std::uint64_t answer = 0;    // the harness knows what it has to be
  std::vector<float> late_ms;  // of each sleeper, when the workload is about time
  // What the scheduler counted in the measured part, for a runtime that counts.
  std::vector<std::pair<std::string_view, std::uint64_t>> counters;
};

/// Measures the part of a workload that counts: neither the start nor the end of the process or its runtime.
class stopwatch {
 public:
  stopwatch() noexcept;

  /// Writes the wall time and the CPU time of all threads since construction.
  void stop(result& into) const noexcept;

 private:
  std::chrono::steady_clock::time_point wall_start_;
  std::chrono::nanoseconds cpu_start_;
};

/// A scenario that this program can run. Objects of this class are global and announce themselves.
class workload {
 public:
  using function = result (*)(request const&);

  workload(std::string_view scenario, function body) noexcept;
  workload(workload const&) = delete;
  workload& operator=(workload const&) = delete;

  [[nodiscard]] std::string_view scenario() const noexcept { return scenario_; }
  [[nodiscard]] result run(request const& r) const { return body_(r); }
  [[nodiscard]] workload const* next() const noexcept { return next_; }
  [[nodiscard]] static workload const* first() noexcept;

 private:
  std::string_view scenario_;
  function body_;
  workload const* next_;
};

/// Returns     The version of the runtime; each runtimes/<runtime>.cpp has one of these.
[[nodiscard]] std::string runtime_version();

/// Tells the harness the port of a server that is ready.
void announce_port(std::uint16_t port);

/// The numbers that decide how long each sleeper sleeps: the same for every runtime.
class sleep_lengths {
 public:
  static constexpr std::uint32_t least_us = 10'000;
  static constexpr std::uint32_t most_us = 1'000'000;

  /// Returns     The next length, from 10 ms to 1 s.
  [[nodiscard]] std::chrono::microseconds next() noexcept {
    state_ = state_ * 6364136223846793005U + 1442695040888963407U;
    return std::chrono::microseconds{least_us + (state_ >> 33U) % (most_us - least_us + 1)};
  }

 private:
  std::uint64_t state_ = 42;
};

/// Keeps the thread busy, with a look at the clock now and then.
inline void compute_for(std::chrono::nanoseconds length) noexcept {
  auto const end = std::chrono::steady_clock::now() + length;
  while (std::chrono::steady_clock::now() < end) {
  }
}

/// Returns     How late `now` is, in milliseconds.
template <class Clock, class Duration>
[[nodiscard]] float late_ms(std::chrono::time_point<Clock, Duration> due,
                            std::chrono::time_point<Clock, Duration> now) noexcept {
  return std::chrono::duration<float, std::milli>{now - due}.count();
}

}  // namespace perf
