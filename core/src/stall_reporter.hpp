// SPDX-License-Identifier: Apache-2.0
// stall_reporter.hpp: writes to the log who holds a worker up: each place once, and then how often.
//
// What       A thread of its own, made at the first stall: to name functions takes milliseconds, and the log
//            may be slow, while the monitor has loops to look after.
// Threads    post: the monitor.  stop: whoever ends the runtime, when the monitor has ended.
// Lifetime   As its runtime.
//
// Invariants
//   I1  What is said of a step was seen while it lasted: the worker's pulse was the same before and after.
//   I2  The log is told of a place once at length; then at most every ten seconds how often, and at the end.
#pragma once

#include "pulse.hpp"
#include "thread_probe.hpp"

#include <skein/core/call_graph.hpp>
#include <skein/core/lowlevel/atomic.hpp>
#include <skein/core/lowlevel/timer_heap.hpp>

#include <condition_variable>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace skein::detail {

class runtime_core;
class worker;

/// A step that lasts long, or that has ended.
struct stall {
  worker* where;
  pulse at;                ///< of the worker, while the step lasts
  lowlevel::instant held;  ///< ns, so far
  bool ended;
};

class stall_reporter {
 public:
  explicit stall_reporter(runtime_core& runtime) noexcept : runtime_{runtime} {}
  stall_reporter(stall_reporter const&) = delete;
  stall_reporter& operator=(stall_reporter const&) = delete;

  void post(stall const& what) noexcept;
  /// Writes what is left to say, and joins the thread.
  void stop() noexcept;

  /// Returns     How many stalls were looked at; for tests.
  [[nodiscard]] std::uint64_t looked_at() const noexcept {
    return looked_at_.load(lowlevel::memory_order_acquire);
  }

 private:
  struct place {
    std::string what;        // in a few words
    std::uint64_t more = 0;  // stalls since the log was told
    lowlevel::instant longest = 0;
    lowlevel::instant told_at = 0;
  };
  // What a worker is being reported for.
  struct open_stall {
    place* where = nullptr;
    bool at_length = false;
  };

  void run() noexcept;
  void begin(stall const& s);
  void end(stall const& s);
  void tell_how_often(place& p);
  [[nodiscard]] std::optional<call_graph> running_task(worker& w) const;
  [[nodiscard]] place& place_of(std::string const& what);

  // Constant after construction.
  runtime_core& runtime_;
  // Guarded by mutex_.
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<stall> posted_;
  bool stopping_ = false;
  // The monitor, and then who stops.
  std::thread thread_;
  // The reporter's thread.
  std::map<std::string, place> places_;
  std::map<worker*, open_stall> open_;
  // Written by the reporter's thread, read by any.
  lowlevel::atomic<std::uint64_t> looked_at_{0};
};

}  // namespace skein::detail
