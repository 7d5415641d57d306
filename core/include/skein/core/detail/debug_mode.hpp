// SPDX-License-Identifier: Apache-2.0
// debug_mode.hpp: what debug mode notices outside of a loop's own code: who made what, and what was dropped.
#pragma once

#include <skein/core/detail/thread_state.hpp>

#include <coroutine>
#include <memory>
#include <string>
#include <string_view>

namespace skein::detail {

class future_state;
class promise_base;
class traceback;

/// Returns     True when the loop that runs on this thread is in debug mode; on a thread that runs none, when
///             the environment asks for it.
[[nodiscard]] bool debug_here() noexcept;

/// Returns     True on the thread of a loop that is in debug mode: one load.
[[nodiscard, gnu::always_inline]] inline bool debug_tracks() noexcept {
  return this_thread().tracking != nullptr;
}

/// Remembers where a future was made: in the function that calls the library now.
void note_made(future_state& state) noexcept;

/// Destroys a coroutine that was never awaited; debug mode says so.
void drop_unawaited(std::coroutine_handle<> coroutine) noexcept;

/// Destroys a coroutine that will not go on, for a reason that is known or told elsewhere: what it still
/// holds, and could neither await nor close, is not reported.
void destroy_unfinished(std::coroutine_handle<> coroutine) noexcept;

/// Where something was made; null when that is not known, as outside of debug mode.
using made_at = std::shared_ptr<traceback const>;
/// Returns     The calls on this thread's stack, if they are wanted; else null.
[[nodiscard]] made_at made_here(bool wanted) noexcept;

/// Says that something was dropped without having been closed; ask debug_here() before. Says nothing while an
/// exception, or the end of a coroutine that failed, destroys it: who dropped it had no chance.
///
/// `what`      As in "unclosed what".
/// `instead`   What to do.
void say_unclosed(std::string_view what, std::string_view instead, made_at const& made) noexcept;

}  // namespace skein::detail
