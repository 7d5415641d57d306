// SPDX-License-Identifier: Apache-2.0
// gather.cpp: counting the children of a gather.
#include "runtime_core.hpp"
#include "worker.hpp"

#include <skein/core/detail/gather_state.hpp>
#include <skein/core/errors.hpp>

#include <stdexcept>

namespace skein::detail {

using lowlevel::memory_order_acq_rel;
using lowlevel::memory_order_relaxed;

link_ops const gatherer::told_ops{&gatherer::child_told, &gatherer::child_lost, &gatherer::behind_child};

gatherer::gatherer(future_state& outer, std::vector<state_ref<>> children, bool return_exceptions)
    : outer_{outer},
      children_{std::move(children)},
      links_{std::make_unique<child_link[]>(children_.size())},
      return_exceptions_{return_exceptions},
      left_{children_.size()} {}

void gatherer::begin() {
  if (children_.empty()) {
    collect();
    return;
  }
  for (std::size_t i = 0; i < children_.size(); ++i) {
    links_[i].owner = this;
    outer_.retain();  // until the child is done
    if (children_[i]->done()) {
      child_done(*children_[i]);  // counted at once: with only such children it is done when it is made
      outer_.release();
    } else {
      links_[i].watch(children_[i], outer_.loop());
    }
  }
}

void gatherer::child_told(completion_link& link) noexcept {
  gatherer& self = *static_cast<child_link&>(link).owner;
  future_state& outer = self.outer_;
  self.child_done(link.future());
  outer.release();
}

state_ref<> gatherer::behind_child(completion_link& link) noexcept {
  return state_ref<>::share(&static_cast<child_link&>(link).owner->outer_);
}

void gatherer::child_lost(completion_link& link) noexcept {
  static_cast<child_link&>(link).owner->outer_.release();
}

void gatherer::child_done(future_state& child) noexcept {
  if (std::exception_ptr error = error_of_done(child); error != nullptr && !return_exceptions_) {
    fail_future(outer_, std::move(error));
  }
  if (left_.fetch_sub(1, memory_order_acq_rel) == 1) {
    complete();
  }
}

void gatherer::complete() noexcept {
  if (outer_.done()) {
    return;
  }
  try {
    if (cancel_requested_.load(memory_order_relaxed)) {
      throw cancelled_error{};
    }
    collect();
  } catch (...) {
    fail_future(outer_, std::current_exception());
  }
}

bool gatherer::cancel(std::string const& message) {
  if (outer_.done()) {
    outer_.mark_retrieved();
    return false;
  }
  bool any = false;
  for (state_ref<> const& child : children_) {
    any = child->cancel(message) || any;
  }
  if (any) {
    cancel_requested_.store(true, memory_order_relaxed);
  }
  return any;
}

void fail_future(future_state& state, std::exception_ptr error) noexcept {
  if (state.claim()) {
    state.error_ = std::move(error);
    state.publish(future_status::failed);
  }
}

std::exception_ptr error_of_done(future_state& state) noexcept {
  try {
    return state.exception();
  } catch (...) {
    return std::current_exception();  // it was cancelled
  }
}

loop_id loop_for_gather(std::span<state_ref<> const> children) {
  worker* const here = this_thread().owner;
  loop_id const loop = here != nullptr    ? here->id
                       : children.empty() ? running_worker().id
                                          : children[0]->loop();
  for (state_ref<> const& child : children) {
    bool const ours = here != nullptr ? here->runtime.owns(child->loop()) : child->loop() == loop;
    if (!ours && !child->done()) {
      throw std::invalid_argument{"The future belongs to a different loop than the others of this gather: " +
                                  child->repr()};
    }
  }
  return loop;
}

}  // namespace skein::detail
