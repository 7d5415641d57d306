// SPDX-License-Identifier: Apache-2.0
// deadlock.hpp: reports of deadlocks inside the library.
#pragma once

#include <skein/core/lowlevel/timer_heap.hpp>

#include <string>

namespace skein::detail {

class future_state;
class runtime_core;

/// Returns     The circles as text, or nothing when there is none.
[[nodiscard]] std::string text_of_circles(runtime_core& runtime);
/// Returns     The same, and what the others wait for.
[[nodiscard]] std::string text_of_waits(runtime_core& runtime);
/// How long, in real nanoseconds, a run in virtual time with nothing outstanding waits for other threads:
/// for ever when it has no main.
[[nodiscard]] lowlevel::instant patience_of(runtime_core& runtime);
/// Ends such a run with a `deadlock_error`.
void give_up(runtime_core& runtime);

/// Returns     True when a task cannot go on, because of a circle.
[[nodiscard]] bool is_stuck(runtime_core& runtime, future_state const& task);

}  // namespace skein::detail
