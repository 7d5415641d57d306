// SPDX-License-Identifier: Apache-2.0
// interrupt_guard.hpp: what Ctrl-C does while `run` runs its main task.
//
// The first SIGINT tells of a deadlock, if there is one, and cancels main, once, so that its clean-up runs;
// the second one tells which tasks there are and what they wait for, and leaves the run at the loop's next
// turn; the third ends the process as it would have done without us, and so does the second one if the loop
// has not come to its next turn since the first.
#pragma once

#include <skein/core/detail/task_state.hpp>

#include <csignal>

namespace skein::detail {

class runtime_core;

class interrupt_guard {
 public:
  /// Watches SIGINT if this is the main thread of the process and nobody else does.
  explicit interrupt_guard(runtime_core& runtime);
  interrupt_guard(interrupt_guard const&) = delete;
  interrupt_guard& operator=(interrupt_guard const&) = delete;
  /// Puts the disposition of SIGINT back.
  ~interrupt_guard();

  /// Says what to cancel, before the first loop runs.
  void set_main(task_state& main) noexcept { main_ = &main; }

  /// Throws      `keyboard_interrupt` when main ended cancelled and Ctrl-C was the only reason.
  void throw_if_interrupted();

 private:
  void on_interrupt();
  void stop_watching() noexcept;

  runtime_core& runtime_;
  task_state* main_ = nullptr;
  bool watching_ = false;
  bool cancelled_main_ = false;  // on the first loop only
};

}  // namespace skein::detail
