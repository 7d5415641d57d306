// SPDX-License-Identifier: Apache-2.0
// errors.hpp: the exceptions of skein's core. What is no `std::exception` is said at each.
#pragma once

#include <memory>
#include <stdexcept>
#include <string>

namespace skein {

/// Thrown at an await whose task is asked to stop. Not a `std::exception`, so that a handler for errors does
/// not swallow a cancellation. User code may throw one: the task then ends cancelled.
///
/// Source      asyncio.CancelledError.
class cancelled_error {
 public:
  cancelled_error() noexcept = default;
  explicit cancelled_error(std::string message);

  /// The text given to `cancel(…)`, or nothing.
  [[nodiscard]] std::string const& message() const noexcept;

 private:
  std::shared_ptr<std::string const> message_;
};

/// Ends the loop at once with Ctrl-C's meaning. Not a `std::exception`.
class keyboard_interrupt {};

/// Ends the loop at once with an exit code. Not a `std::exception`.
class system_exit {
 public:
  explicit system_exit(int code = 0) noexcept : code_{code} {}
  [[nodiscard]] int code() const noexcept { return code_; }

 private:
  int code_;
};

/// Thrown at the co_yield of an async generator that is being closed. Not a `std::exception`. A generator may
/// catch it to clean up, but must not yield again.
///
/// Source      GeneratorExit.
class generator_exit {};

/// A future or task is not in the state that the call needs: no result yet, or a second result.
struct invalid_state_error : std::logic_error {
  using std::logic_error::logic_error;
};

/// A deadline passed.
struct timeout_error : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// The call needs a running loop on this thread and there is none.
struct no_running_loop_error : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// The loop was closed before the call.
struct loop_closed_error : std::runtime_error {
  using std::runtime_error::runtime_error;
};

}  // namespace skein
