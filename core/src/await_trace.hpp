// SPDX-License-Identifier: Apache-2.0
// await_trace.hpp: the awaits that an exception passed, kept beside the exception object.
//
// What       A table from exception objects to the places where they came out of a co_await. An entry lives
//            as long as its object: the first record puts a function in front of the object's destructor,
//            in the header that every exception has before it (Itanium C++ ABI, Exception Handling, 2.2.1).
// Source     The header is that of libstdc++ and libc++abi on 64-bit machines; that the type stands where it
//            is expected is looked at each time. Elsewhere there are no traces.
// Threads    Any.
// Lifetime   The table is never destroyed: exceptions may outlive main.
#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <source_location>
#include <string>
#include <utility>
#include <vector>

namespace skein::detail {

class future_state;
class task_state;

/// An await that an exception came out of, or, with line 0, the end of a task.
struct trace_hop {
  std::source_location where;
  std::uint64_t task = 0;
};

struct await_trace {
  std::vector<trace_hop> hops;  // in the order they were passed: innermost first
  std::size_t left_out = 0;     // behind the last one
  std::vector<std::pair<std::uint64_t, std::string>> names;

  [[nodiscard]] std::string name_of(std::uint64_t task) const;
};

/// The error comes out of a co_await of the running task. Out of memory, it is not recorded.
void trace_await(std::exception_ptr const& error, std::source_location const& where) noexcept;
/// The same for the await of a future: what it passed since that task ended is forgotten.
void trace_await_of(std::exception_ptr const& error, future_state& awaited,
                    std::source_location const& where) noexcept;
/// The error ends a task.
void trace_end_of(std::exception_ptr const& error, task_state const& task) noexcept;

/// Returns     A copy; without hops when there are none.
[[nodiscard]] await_trace trace_of(std::exception_ptr const& error);

/// Returns     The text of format_exception when it says more than `describe`: awaits, a cause, or members.
[[nodiscard]] std::string traceback_of(std::exception_ptr const& error);

}  // namespace skein::detail
