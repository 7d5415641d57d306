// SPDX-License-Identifier: Apache-2.0
// cancel_scope.cpp: sending a scope's request and taking it back.
#include <skein/core/detail/cancel_scope.hpp>
#include <skein/core/detail/thread_state.hpp>
#include <skein/core/errors.hpp>

#include <stdexcept>

namespace skein::detail {

void cancel_scope::enter(char const* without_task) {
  thread_state const& thread = this_thread();
  if (thread.task() == nullptr) {
    throw std::runtime_error{without_task};
  }
  if (thread.flow->is_branch()) {
    thread.task()->make_texts();
  }
  task_ = thread.task();
  request_.strand = thread.flow;
  // One that was not thrown yet will be seen by the body: it counts as if it came after the entry.
  auto const standing = task_->standing_of(*thread.flow);
  before_ = standing.seen;
  pending_before_ = standing.pending;
}

void cancel_scope::request() noexcept {
  if (!requested_) {
    requested_ = true;
    task_->send(request_);
  }
}

void cancel_scope::leave() noexcept {
  if (!requested_) {
    return;
  }
  task_->take_back(request_);
  // A request that the body did not see any more goes with its scope, unless it may be somebody else's.
  if (!pending_before_ && !others() && request_.strand->withdraw() && others()) {
    request_.strand->request_cancel();
  }
}

bool is_cancellation(std::exception_ptr const& error) noexcept {
  if (error == nullptr) {
    return false;
  }
  try {
    std::rethrow_exception(error);
  } catch (cancelled_error const&) {
    return true;
  } catch (...) {
    return false;
  }
}

bool stops_the_loop(std::exception_ptr const& error) noexcept {
  if (error == nullptr) {
    return false;
  }
  try {
    std::rethrow_exception(error);
  } catch (keyboard_interrupt const&) {
    return true;
  } catch (system_exit const&) {
    return true;
  } catch (...) {
    return false;
  }
}

}  // namespace skein::detail
