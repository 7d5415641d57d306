// SPDX-License-Identifier: Apache-2.0
// runtime.hpp: the loops of one run, seen from inside.
#pragma once

#include <skein/core/report.hpp>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace skein {

class event_loop;
namespace detail {
class runtime_core;
}

/// Counters since the start of a worker.
struct worker_metrics {
  std::uint64_t turns = 0;     ///< work items run
  std::uint64_t steals = 0;    ///< successful steals, of forks and of tasks
  std::uint64_t parks = 0;     ///< times it went to sleep
  std::uint64_t spills = 0;    ///< coroutines moved off a full stack
  std::uint64_t searches = 0;  ///< times it began to look for work at the others
  std::uint64_t probes = 0;    ///< looks at the queues of one other worker
  std::uint64_t notified = 0;  ///< times another one chose it, while it slept, to search for new work
  std::uint64_t injected = 0;  ///< tasks taken from the queue that belongs to nobody
  std::uint64_t stalls = 0;    ///< steps that lasted longer than `run_options::stall_report`
};

/// A snapshot of what the workers did.
struct runtime_metrics {
  std::vector<worker_metrics> workers;
  std::size_t tasks = 0;  ///< unfinished ones

  /// Returns     The counters of all workers, added up.
  [[nodiscard]] worker_metrics total() const noexcept;
};

/// The runtime that runs the calling thread.
class runtime {
 public:
  /// Throws      `no_running_loop_error`.
  [[nodiscard]] static runtime& current();

  runtime(runtime const&) = delete;
  runtime& operator=(runtime const&) = delete;

  [[nodiscard]] unsigned workers() const noexcept;
  /// Returns     The loop of worker i.
  /// Throws      `std::out_of_range`.
  [[nodiscard]] event_loop& loop(std::size_t i);
  /// Sets the exception handler of every loop; null restores the default.
  void set_exception_handler(exception_handler f);
  [[nodiscard]] runtime_metrics metrics() const;

 private:
  friend class detail::runtime_core;
  explicit runtime(detail::runtime_core& core) noexcept : core_{core} {}
  ~runtime() = default;

  detail::runtime_core& core_;
};

/// How many workers `run` uses when it is not told.
///
/// Returns     The number of cores in the CPU mask of the calling thread, or less when the control groups of
///             the process, of version 1 or 2, or a group above them, have a CPU quota: then the least of the
///             quotas, rounded to the nearest whole number. At least 1, at most 1024.
/// Cost        Reads some files of /proc and of the control groups, each time.
/// Source      os.process_cpu_count; differs: heeds quotas.
[[nodiscard]] unsigned default_worker_count() noexcept;

}  // namespace skein
