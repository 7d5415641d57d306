// SPDX-License-Identifier: Apache-2.0
// await_chain.cpp: from a waiting coroutine to the one that awaits it, and so on.
#include "await_chain.hpp"

#include "names.hpp"

#include <skein/core/detail/join.hpp>
#include <skein/core/detail/task_state.hpp>
#include <skein/core/lowlevel/wait_node.hpp>

#include <algorithm>
#include <vector>

namespace skein::detail {

await_chain::await_chain(lowlevel::flow& strand) noexcept {
  static_cast<void>(strand.inspect(
      [](lowlevel::wait_node& wait, void* self) { static_cast<await_chain*>(self)->read(wait); }, this));
}

await_chain::await_chain(lowlevel::wait_node const& innermost) noexcept { read(innermost); }

await_chain::await_chain(thread_state const& running) noexcept {
  if (!running.resumed || running.task() == nullptr) {
    return;
  }
  // Branches of one task write over each other's last wait.
  std::source_location const last = running.task()->last_wait();
  if (last.line() != 0 && running.flow != nullptr && !running.flow->is_branch()) {
    add(last);
  }
  climb(running.resumed);
}

// While the innermost wait is held where it is, nobody above it can go on: a parent is resumed by the end of
// its child. A parent that has not suspended yet, because the child has only just begun to wait, has not
// added to its join: there the chain ends for this look.
void await_chain::read(lowlevel::wait_node const& innermost) noexcept {
  add(innermost.where());
  climb(innermost.coroutine());
}

void await_chain::climb(std::coroutine_handle<> coroutine) noexcept {
  for (;;) {
    slot_base const& slot = *any_coroutine::from_address(coroutine.address()).promise().slot;
    if (slot.kind == slot_kind::root) {
      return;
    }
    join const& meeting = *slot.owner;
    if (meeting.pending.load(lowlevel::memory_order_acquire) <= 0) {
      return;
    }
    add(meeting.where);
    coroutine = meeting.continuation;
  }
}

void await_chain::add(std::source_location const& place) noexcept {
  if (size_ == places_max) {
    cut_ = true;
    return;
  }
  places_[size_++] = place;
}

std::source_location outside_of_skein(std::span<std::source_location const> places) {
  for (std::source_location const& place : places) {
    if (!short_function_name(place.function_name()).starts_with("skein::")) {
      return place;
    }
  }
  return places.empty() ? std::source_location{} : places.front();
}

}  // namespace skein::detail
