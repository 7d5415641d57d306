// SPDX-License-Identifier: Apache-2.0
// stall_monitor.hpp: the thread that notices when a step holds a worker up.
//
// What       It wakes every few milliseconds, compares the pulse of each worker with the one before, and adds
//            up for how long it has stayed the same. A step that lasts is told to the reporter; what it holds
//            up is given to other workers. While all workers sleep it sleeps too, without a limit, and the
//            first one that wakes up wakes it.
// Source     The monitor thread of Go's runtime (sysmon), which takes the processor from a blocked thread.
// Threads    worker_woke: the workers, which do not run when they say so.  stop: who ends the runtime.
// Lifetime   Made with its runtime; the thread runs from start to stop, which comes when the workers' threads
//            have ended and before their loops are closed.
//
// Invariants
//   I1  Time counts only up to twice what the monitor meant to sleep: after a stop of the whole process
//       (SIGSTOP, a debugger, a suspended machine) nobody counts as held up.
//   I2  It sleeps without a limit only when it has said so [A] and then has seen every worker asleep or not
//       running; a worker says that it is awake and then looks at the word [B]. Not both miss each other.
//   I3  It runs nothing of the program: it puts items into queues, fires timers, takes in events.
//
// Orders     [tag] stands at the line that carries the order.
//   [A] sleep_long, store, seq_cst, then looks at the parkers and at running, seq_cst.
//   [B] worker_woke, load, seq_cst, after the parker's or running's exchange, seq_cst.
//
// Checked    tests/core/stall_monitor_test.cpp; tests/stress/stall_stress.cpp under ThreadSanitizer.
#pragma once

#include "parker.hpp"
#include "pulse.hpp"
#include "stall_reporter.hpp"

#include <skein/core/lowlevel/atomic.hpp>
#include <skein/core/lowlevel/run_queue.hpp>
#include <skein/core/lowlevel/timer_heap.hpp>

#include <memory>
#include <thread>
#include <vector>

namespace skein::detail {

class runtime_core;

class stall_monitor {
 public:
  /// Reads the limits in the options of the runtime.
  explicit stall_monitor(runtime_core& runtime);
  stall_monitor(stall_monitor const&) = delete;
  stall_monitor& operator=(stall_monitor const&) = delete;

  /// Starts the thread, if there is something for it to do.
  ///
  /// Throws      `std::system_error`.
  void start();
  void stop() noexcept;

  /// A worker has slept and is awake.
  void worker_woke() noexcept {
    if (asleep_.load(lowlevel::memory_order_seq_cst)) [[unlikely]] {  // [B]
      wake();
    }
  }

  [[nodiscard]] stall_reporter const& reporter() const noexcept { return reporter_; }
  /// A snapshot, for tests: true while it sleeps without a limit.
  [[nodiscard]] bool asleep() const noexcept { return asleep_.load(lowlevel::memory_order_seq_cst); }

 private:
  // What was seen of one worker.
  struct watched {
    pulse seen;
    lowlevel::instant held = 0;
    bool reported = false;
  };

  void run() noexcept;
  void wake() noexcept;
  void sleep(lowlevel::instant time) noexcept;
  void sleep_long() noexcept;
  [[nodiscard]] bool all_asleep() const noexcept;
  [[nodiscard]] bool stopping() const noexcept { return stopping_.load(lowlevel::memory_order_acquire); }
  /// Returns     False while a step holds a worker up that was told of.
  bool look(lowlevel::instant elapsed);
  void report(std::size_t index);
  /// Lets others serve the workers that are held up.
  ///
  /// Returns     When to look at them again; never when nobody is held up, or everybody.
  [[nodiscard]] lowlevel::instant take_over();

  // Constant after construction.
  runtime_core& runtime_;
  lowlevel::instant const report_after_;    // never: nothing is told
  lowlevel::instant const takeover_after_;  // never: nothing is given away
  lowlevel::instant const period_;
  // The monitor's thread.
  std::vector<watched> watched_;
  lowlevel::run_queue through_;  // empty but during give_away
  stall_reporter reporter_;
  std::thread thread_;
  // Any thread.
  parker parker_;
  lowlevel::atomic<bool> asleep_{false};
  lowlevel::atomic<bool> stopping_{false};
};

}  // namespace skein::detail
