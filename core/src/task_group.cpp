// SPDX-License-Identifier: Apache-2.0
// task_group.cpp: admitting children, hearing of their end, and leaving when all have ended.
#include <skein/core/detail/group_core.hpp>
#include <skein/core/errors.hpp>
#include <skein/core/exception_group.hpp>
#include <skein/core/report.hpp>
#include <skein/core/sleep.hpp>

#include <chrono>
#include <mutex>
#include <stdexcept>
#include <string>
#include <utility>

namespace skein::detail {

link_ops const group_core::told_ops{&group_core::child_told, &group_core::child_lost,
                                    &group_core::behind_child};

void group_core::release() noexcept {
  if (references_.fetch_sub(1, lowlevel::memory_order_acq_rel) == 1) {
    delete this;
  }
}

// The owner, who cannot leave before its children have ended.
state_ref<> group_core::behind_child(completion_link& link) noexcept {
  return state_ref<>::share(&static_cast<child&>(link).group_.scope_.task());
}

// ---- entering, and children ------------------------------------------------------------------------------

void group_core::enter() {
  bool cancelled_early = false;
  {
    std::lock_guard const guard{lock_};
    if (entered_) {
      throw std::runtime_error{"TaskGroup has already been entered: make a new one for each body"};
    }
    scope_.enter("TaskGroup cannot determine the parent task: enter it inside a task");
    entered_ = true;
    cancelled_early = aborting_;
  }
  if (cancelled_early) {
    scope_.request();
  }
}

std::unique_ptr<group_core::child> group_core::admit() {
  auto place = std::make_unique<child>(*this);
  std::lock_guard const guard{lock_};
  if (!entered_) {
    throw std::runtime_error{"TaskGroup has not been entered: give it to with() first"};
  }
  if (finished_ || (exiting_ && busy_ == 0)) {
    throw std::runtime_error{"TaskGroup is finished: its body and its tasks have ended"};
  }
  if (aborting_) {
    throw std::runtime_error{"TaskGroup is shutting down: it takes no more tasks after an error or a cancel"};
  }
  ++busy_;
  had_children_ = true;
  retain();  // until end_busy
  return place;
}

void group_core::adopt(std::unique_ptr<child> place, future_state& task) noexcept {
  child& c = *place.release();  // until it is told or lost
  auto const handle = state_ref<>::share(&task);
  c.task_ = handle;
  bool asked = false;
  {
    std::lock_guard const guard{lock_};
    asked = aborting_;
    c.asked_ = asked;
    append(asked ? asked_ : children_, c);
    ++size_;
  }
  c.watch(handle, task.loop());
  if (asked) {
    task.cancel({});  // the abort came while the task was made
  }
}

void group_core::dismiss(std::unique_ptr<child> place) noexcept {
  place.reset();
  end_busy();
}

std::size_t group_core::size() noexcept {
  std::lock_guard const guard{lock_};
  return size_;
}

void group_core::append(child_list& list, child& c) noexcept {
  c.next_ = nullptr;
  c.previous_ = list.last;
  (list.last != nullptr ? list.last->next_ : list.first) = &c;
  list.last = &c;
}

void group_core::remove(child_list& list, child& c) noexcept {
  (c.previous_ != nullptr ? c.previous_->next_ : list.first) = c.next_;
  (c.next_ != nullptr ? c.next_->previous_ : list.last) = c.previous_;
}

// ---- the end of a child ----------------------------------------------------------------------------------

void group_core::child_told(completion_link& link) noexcept {
  auto& c = static_cast<child&>(link);
  group_core& self = c.group_;
  self.child_ended(link.future());
  self.forget(std::unique_ptr<child>{&c});
}

void group_core::child_lost(completion_link& link) noexcept {
  auto& c = static_cast<child&>(link);
  c.group_.forget(std::unique_ptr<child>{&c});
}

void group_core::child_ended(future_state& task) noexcept {
  if (task.status() != future_status::failed) {
    return;  // a child that was cancelled is no error
  }
  std::exception_ptr error = task.exception();
  bool const stops = stops_the_loop(error);
  {
    std::lock_guard const guard{lock_};
    if (stops && stops_the_loop_ == nullptr) {
      stops_the_loop_ = error;
    }
    errors_.push_back(std::move(error));
  }
  static_cast<void>(abort(true));
}

// The error of the child was taken before: the parent may leave with it as soon as the last one is forgotten.
void group_core::forget(std::unique_ptr<child> c) noexcept {
  {
    std::lock_guard const guard{lock_};
    remove(c->asked_ ? asked_ : children_, *c);
    --size_;
  }
  c.reset();
  end_busy();
}

void group_core::end_busy() noexcept {
  bool idle = false;
  {
    std::lock_guard const guard{lock_};
    idle = --busy_ == 0;
  }
  if (idle) {
    bell_.ring();
  }
  release();
}

// ---- cancelling ------------------------------------------------------------------------------------------

// Returns     False when the group is being aborted already.
bool group_core::abort(bool parent_too) noexcept {
  {
    std::lock_guard const guard{lock_};
    if (aborting_) {
      return false;
    }
    aborting_ = true;
    parent_too = parent_too && entered_ && !exiting_;  // a parent that leaves waits for the children anyway
  }
  cancel_children();
  if (parent_too) {
    scope_.request();
  }
  return true;
}

// One by one, without the lock: what a cancel sets off may come back to the group.
void group_core::cancel_children() noexcept {
  while (state_ref<> const task = next_to_ask()) {
    if (!task->done()) {  // else its error would count as taken
      task->cancel({});
    }
  }
}

state_ref<> group_core::next_to_ask() noexcept {
  std::lock_guard const guard{lock_};
  child* const c = children_.first;
  if (c == nullptr) {
    return {};
  }
  remove(children_, *c);
  append(asked_, *c);
  c->asked_ = true;
  return c->task_;
}

void group_core::cancel() noexcept {
  {
    std::lock_guard const guard{lock_};
    if (finished_) {
      return;
    }
    ++busy_;  // the parent stays until its request was sent
    retain();
  }
  static_cast<void>(abort(true));
  end_busy();
}

void group_core::abandon() noexcept {
  std::size_t left = 0;
  {
    std::lock_guard const guard{lock_};
    exiting_ = true;
    left = size_;
  }
  if (left == 0) {
    return;
  }
  report(scope_.task().loop(),
         {.message = "task_group was destroyed with " + std::to_string(left) +
                     " unfinished task(s): they are cancelled, and nobody waits for them: leave a group by "
                     "with(), or await aexit()"});
  static_cast<void>(abort(false));
}

// ---- leaving ---------------------------------------------------------------------------------------------

bool group_core::finish_if_idle() noexcept {
  std::lock_guard const guard{lock_};
  finished_ = busy_ == 0;
  return finished_;
}

coro<bool> group_core::exit(std::exception_ptr error) {
  std::exception_ptr stops = stops_the_loop(error) ? error : nullptr;
  bool const body_cancelled = is_cancellation(error);
  std::exception_ptr cancellation = body_cancelled ? error : nullptr;
  std::exception_ptr late;  // a cancellation that came when the children had been cancelled already
  {
    std::lock_guard const guard{lock_};
    exiting_ = true;
  }
  if (error != nullptr) {
    static_cast<void>(abort(false));
  }
  while (!finish_if_idle()) {
    try {
      co_await bell_.wait_for_children();
    } catch (cancelled_error const&) {
      (abort(false) ? cancellation : late) = std::current_exception();
    }
  }
  if (!had_children_ && error == nullptr) {
    try {
      co_await sleep(std::chrono::seconds{0});  // a loop around empty groups can be cancelled
    } catch (cancelled_error const&) {
      cancellation = std::current_exception();
    }
  }
  scope_.leave();
  bool const others = scope_.others();
  std::vector<std::exception_ptr> errors = std::exchange(errors_, {});  // nobody else is left
  stops = stops != nullptr ? stops : std::exchange(stops_the_loop_, nullptr);
  if (stops != nullptr) {
    std::rethrow_exception(std::move(stops));
  }
  if (errors.empty()) {
    if (scope_.requested() && !others) {
      cancellation = nullptr;
    } else if (cancellation == nullptr && others) {
      cancellation = late;
    }
    if (cancellation != nullptr && cancellation != error) {
      std::rethrow_exception(std::move(cancellation));
    }
  }
  if (error != nullptr && !body_cancelled) {
    errors.push_back(error);
  }
  if (!errors.empty()) {
    if (others) {
      scope_.rearm();
    }
    error = nullptr;
    throw_group("unhandled errors in a TaskGroup", std::move(errors));
  }
  co_return body_cancelled&& cancellation == nullptr;
}

}  // namespace skein::detail
