// SPDX-License-Identifier: Apache-2.0
// errors.cpp: cancelled_error, and throwing it for the current task.
#include <skein/core/detail/task_state.hpp>
#include <skein/core/detail/thread_state.hpp>
#include <skein/core/errors.hpp>
#include <skein/core/lowlevel/wait_node.hpp>

namespace skein {

cancelled_error::cancelled_error(std::string message)
    : message_{std::make_shared<std::string const>(std::move(message))} {}

std::string const& cancelled_error::message() const noexcept {
  static std::string const none;
  return message_ != nullptr ? *message_ : none;
}

namespace lowlevel {

void throw_cancelled() {
  detail::task_state* const task = detail::this_thread().task();
  std::string message;
  if (task != nullptr) {
    task->cancel_was_thrown();
    message = task->message_of_cancel();
  }
  throw message.empty() ? cancelled_error{} : cancelled_error{std::move(message)};
}

}  // namespace lowlevel
}  // namespace skein
