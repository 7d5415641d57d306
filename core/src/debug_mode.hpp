// SPDX-License-Identifier: Apache-2.0
// debug_mode.hpp: slow steps, and who made a coroutine.
//
// A loop in debug mode lets its thread's frame cache refuse: every frame then goes the slow way, where the
// calls that made it are remembered. Outside of debug mode the fast way knows nothing of all this.
#pragma once

#include "native_traceback.hpp"

#include <skein/core/detail/debug_mode.hpp>
#include <skein/core/detail/scheduled_call.hpp>
#include <skein/core/detail/task_state.hpp>
#include <skein/core/lowlevel/frame_allocator.hpp>
#include <skein/core/lowlevel/timer_heap.hpp>

#include <source_location>
#include <string>

namespace skein::detail {

/// Returns     True when the environment has a `SKEIN_DEBUG` that is not empty.
[[nodiscard]] bool debug_of_environment() noexcept;

/// The blocks of a thread whose frame cache refuses meanwhile.
struct frame_tracking {
  lowlevel::frame_cache frames{lowlevel::frame_cache::none};
};

/// Remembers who makes a coroutine, of the newest few thousand.
void note_frame(void* frame) noexcept;
void forget_frame(void* frame) noexcept;

/// One callback or step of a task in debug mode: measures it, and warns when it was slow. Steps may stand in
/// each other (eager starts); each counts its own time.
class watched_step {
 public:
  /// `item`      What is going to be run, on this thread.
  watched_step(worker& here, lowlevel::work_item& item) noexcept;
  watched_step(worker& here, task_state& task) noexcept;
  watched_step(watched_step const&) = delete;
  watched_step& operator=(watched_step const&) = delete;
  /// The step has ended.
  ~watched_step();

 private:
  void look_at(task_state& task) noexcept;
  void warn(lowlevel::instant took) const;

  worker& here_;
  char const* kind_;
  call_ref call_;
  state_ref<task_state> task_;
  std::source_location began_at_{};        // where its first coroutine waited, line 0 if it did not
  void const* first_coroutine_ = nullptr;  // its code, when it begins
  lowlevel::instant outer_steps_;          // what the step around this one has counted
  lowlevel::instant began_;
};

}  // namespace skein::detail
