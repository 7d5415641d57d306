// SPDX-License-Identifier: Apache-2.0
// call_graph.hpp: where a task waits, and who waits for it.
#pragma once

#include <skein/core/task.hpp>

#include <cstdint>
#include <optional>
#include <source_location>
#include <string>
#include <vector>

namespace skein {

/// A future or task, its awaits, and those who await it.
struct call_graph {
  any_future future;
  /// Innermost first. A task that runs shows where it waited last, and on its own thread those who await the
  /// coroutine that did; a plain future shows nothing.
  std::vector<call_frame> call_stack;
  std::vector<call_graph> awaited_by;
};

struct call_graph_options {
  /// Frames to leave out at the innermost end, for the current task.
  int depth = 0;
  /// Positive: so many innermost frames; negative: so many outermost ones; 0: none.
  std::optional<int> limit = {};
};

/// Looks at the current task. Its innermost frame is where this was called. Then come the coroutine that went
/// on when the task was resumed last, unless it is the caller, where it had waited, and all that await it.
/// Coroutines that were called since, and did not wait yet, are on the stack of the thread and not shown.
///
/// Returns     Nothing in a callback, where no task runs.
/// Throws      `no_running_loop_error`.
/// Threads     A thread of a loop.
/// Source      asyncio.capture_call_graph.
[[nodiscard]] std::optional<call_graph> capture_call_graph(
    call_graph_options options = {}, std::source_location where = std::source_location::current());

/// Looks at any future or task, while it and others run: nothing is stopped. Each task is seen at one moment,
/// different tasks at different ones.
///
/// Returns     Nothing for a null handle.
/// Threads     Any.
[[nodiscard]] std::optional<call_graph> capture_call_graph(any_future const& future,
                                                           call_graph_options options = {});

/// Returns     The graph of the current task as text of several lines; empty in a callback.
/// Throws      As capture_call_graph.
/// Source      asyncio.format_call_graph.
[[nodiscard]] std::string format_call_graph(call_graph_options options = {},
                                            std::source_location where = std::source_location::current());
/// The same for any future or task.
[[nodiscard]] std::string format_call_graph(any_future const& future, call_graph_options options = {});

/// Writes the graph of the current task to the log, in one piece.
///
/// Source      asyncio.print_call_graph.
void print_call_graph(call_graph_options options = {},
                      std::source_location where = std::source_location::current());
/// The same for any future or task.
void print_call_graph(any_future const& future, call_graph_options options = {});

}  // namespace skein
