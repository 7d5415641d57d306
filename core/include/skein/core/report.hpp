// SPDX-License-Identifier: Apache-2.0
// report.hpp: where errors go that nobody took, and where the library's own messages go.
#pragma once

#include <skein/core/errors.hpp>
#include <skein/core/handle.hpp>
#include <skein/core/task.hpp>

#include <exception>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace skein {

class event_loop;

/// What an exception handler is told.
///
/// Source      The context dict of asyncio's call_exception_handler.
struct exception_context {
  std::string message;
  std::exception_ptr exception = nullptr;
  any_future future = {};
  any_task task = {};
  std::optional<skein::handle> handle = {};
  /// In debug mode: the calls that made the task, future or handle, oldest first, a line each.
  std::string source_traceback = {};
};

/// Called for errors that nobody took: of tasks whose handles are gone, of callbacks, of tasks that refuse
/// to end. The current context is that of the task or callback.
///
/// Threads     The thread on which the error was found; several at once when several loops run.
using exception_handler = std::function<void(event_loop&, exception_context const&)>;

/// Sends all text of the library to f, a line at a time; null restores the default, stderr.
///
/// Threads     Any. f is called by one thread at a time and must not call the library.
void set_log_sink(std::function<void(std::string_view line)> f);

namespace detail {

/// Tells the handler of a loop, or the log when the loop is gone.
void report(loop_id loop, exception_context const& context) noexcept;
/// Writes a line to the log sink.
void log_line(std::string_view line) noexcept;
/// Writes several lines.
void log_lines(std::string_view text) noexcept;
/// Returns     The type and text of an error: `std::runtime_error("no luck")`.
[[nodiscard]] std::string describe(std::exception_ptr const& error);

}  // namespace detail
}  // namespace skein
