// SPDX-License-Identifier: Apache-2.0
// future_state.cpp: completing a future, telling those who wait, and reporting errors nobody took.
#include <skein/core/detail/await_future.hpp>
#include <skein/core/detail/future_state.hpp>
#include <skein/core/detail/task_state.hpp>
#include <skein/core/errors.hpp>
#include <skein/core/report.hpp>

#include <mutex>
#include <stdexcept>
#include <utility>

namespace skein::detail {

using lowlevel::memory_order_acq_rel;
using lowlevel::memory_order_relaxed;
using lowlevel::memory_order_release;

future_state::~future_state() = default;

task_state* future_state::as_task() noexcept { return is_task_ ? static_cast<task_state*>(this) : nullptr; }

void future_state::last_reference_gone() noexcept {
  if (status() == future_status::failed && !retrieved_.exchange(true, memory_order_relaxed)) {
    // The handler gets handles; the state goes with the last of them.
    references_.store(1, memory_order_relaxed);
    auto const self = state_ref<>::adopt(this);
    exception_context context{
        .message = is_task_ ? "Task exception was never retrieved" : "Future exception was never retrieved",
        .exception = error_,
        .future = any_future{self}};
    if (is_task_) {
      context.task = any_task{self};
    }
    report(loop_, context);
    return;
  }
  delete this;
}

void future_state::publish(future_status outcome) noexcept {
  completion_node* waiters = nullptr;
  {
    std::lock_guard const guard{lock_};
    waiters = std::exchange(waiters_, nullptr);
    for (completion_node* node = waiters; node != nullptr; node = node->next) {
      node->linked = false;
    }
    status_.store(outcome, memory_order_release);
  }
  while (waiters != nullptr) {
    completion_node* const node = waiters;
    waiters = node->next;
    node->completed(*node, *this);
  }
}

bool future_state::subscribe(completion_node& node) noexcept {
  std::lock_guard const guard{lock_};
  return subscribe_locked(node);
}

bool future_state::subscribe_locked(completion_node& node) noexcept {
  if (status_.load(memory_order_relaxed) >= future_status::finished) {
    return false;
  }
  node.next = nullptr;
  if (waiters_ == nullptr) {
    waiters_ = &node;
    node.previous = &node;
  } else {
    node.previous = std::exchange(waiters_->previous, &node);
    node.previous->next = &node;
  }
  node.linked = true;
  return true;
}

bool future_state::unsubscribe(completion_node& node) noexcept {
  std::lock_guard const guard{lock_};
  if (!node.linked) {
    return false;
  }
  (waiters_ == &node ? waiters_ : node.previous->next) = node.next;
  if (completion_node* const behind = node.next != nullptr ? node.next : waiters_; behind != nullptr) {
    behind->previous = node.previous;
  }
  node.linked = false;
  return true;
}

bool future_state::cancel(std::string message) {
  if (!claim()) {
    // Cancelling a failed future takes its error as seen, as in asyncio.
    if (done()) {
      mark_retrieved();
    }
    return false;
  }
  if (!message.empty()) {
    set_text(&future_texts::cancel_message, std::move(message));
  }
  publish(future_status::cancelled);
  return true;
}

void future_state::throw_cancelled() {
  std::string message = text(&future_texts::cancel_message);
  throw message.empty() ? cancelled_error{} : cancelled_error{std::move(message)};
}

void future_state::throw_unless_finished() {
  switch (status()) {
    case future_status::finished:
      return;
    case future_status::failed:
      mark_retrieved();
      std::rethrow_exception(error_);
    case future_status::cancelled:
      throw_cancelled();
    case future_status::pending:
    case future_status::setting:
      throw invalid_state_error{"Result is not set: await the future, or ask done() first"};
  }
}

std::exception_ptr future_state::exception() {
  switch (status()) {
    case future_status::finished:
      return nullptr;
    case future_status::failed:
      mark_retrieved();
      return error_;
    case future_status::cancelled:
      throw_cancelled();
    case future_status::pending:
    case future_status::setting:
      break;
  }
  throw invalid_state_error{"Exception is not set: await the future, or ask done() first"};
}

std::string future_state::text(std::string future_texts::* which) const {
  std::lock_guard const guard{lock_};
  return texts_ != nullptr ? (*texts_).*which : std::string{};
}

void future_state::set_text(std::string future_texts::* which, std::string value) {
  auto fresh = std::make_unique<future_texts>();
  std::lock_guard const guard{lock_};
  if (texts_ == nullptr) {
    texts_ = std::move(fresh);
  }
  std::swap((*texts_).*which, value);
}

made_at future_state::made() const {
  std::lock_guard const guard{lock_};
  return texts_ != nullptr ? texts_->made : nullptr;
}

void future_state::set_made(made_at where) {
  auto fresh = std::make_unique<future_texts>();
  std::lock_guard const guard{lock_};
  if (texts_ == nullptr) {
    texts_ = std::move(fresh);
  }
  texts_->made.swap(where);
}

void future_state::make_texts() {
  auto fresh = std::make_unique<future_texts>();
  std::lock_guard const guard{lock_};
  if (texts_ == nullptr) {
    texts_ = std::move(fresh);
  }
}

void future_state::clear_text(std::string future_texts::* which) noexcept {
  std::lock_guard const guard{lock_};
  if (texts_ != nullptr) {
    ((*texts_).*which).clear();
  }
}

void throw_null_future() {
  throw invalid_state_error{"the future is null: make one with create_future, or take it from create_task"};
}

void throw_invalid_state(future_state& state) {
  if (state.is_task()) {
    throw std::runtime_error{"Task does not support set_result or set_exception: its coroutine ends it: " +
                             state.repr()};
  }
  throw invalid_state_error{"invalid state: the future has its outcome already, and keeps it: " +
                            state.repr()};
}

void set_error(future_state& state, std::exception_ptr error) {
  if (error == nullptr) {
    throw std::invalid_argument{"set_exception: the exception_ptr is null: pass the error to be thrown"};
  }
  if (state.is_task() || !state.claim()) {
    throw_invalid_state(state);
  }
  state.error_ = std::move(error);
  state.publish(future_status::failed);
}

}  // namespace skein::detail
