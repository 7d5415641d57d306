// SPDX-License-Identifier: Apache-2.0
// shielded.hpp: awaiting a coroutine that cancel requests from outside do not reach.
#pragma once

#include <skein/core/coro.hpp>
#include <skein/core/detail/join.hpp>
#include <skein/core/when_all.hpp>

#include <coroutine>
#include <source_location>
#include <type_traits>
#include <utility>

namespace skein::detail {

/// Runs a coroutine in the task of the caller, as a branch with a flow of its own: requests to the task stay
/// with the join and are delivered where the caller waits next. Timeouts and groups inside work as always.
template <class T>
class shielded_awaiter : public shield_join {
 public:
  shielded_awaiter(typename coro<T>::handle frame, std::source_location at) noexcept
      : shield_join{{any_coroutine::from_address(frame.address()), nullptr}, at} {}
  ~shielded_awaiter() {
    if (path != await_path::finished) {
      abandon();
    }
    branch_.slot.clear();
  }

  [[nodiscard]] bool await_ready() {
    thread_state& thread = this_thread();
    parent_flow = thread.flow;
    task = thread.task();
    branch_.slot.open(this, slot_kind::branch);
    child.slot = &branch_.slot;
    child.coroutine.promise().slot = &branch_.slot;
    if (stack_low(thread)) {
      path = await_path::spilled;
      return false;
    }
    std::int32_t const out = run_branch(thread, *this, child.coroutine, branch_.slot);
    this_thread().flow = parent_flow;
    return settle(*this, out);
  }

  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> parent) {
    if (path == await_path::spilled) {
      spill(parent.promise(), parent);
      return true;
    }
    return suspend(parent.promise(), parent, 1);
  }

  T await_resume() {
    if (path != await_path::finished) {
      rejoin();
    }
    return branch_.slot.take();
  }

 private:
  branch_slot<T> branch_;
};

template <class T>
class [[nodiscard("co_await it")]] shielded_operation {
 public:
  using skein_awaits = T;
  explicit shielded_operation(coro<T> body) noexcept : body_{std::move(body)} {}
  [[nodiscard]] auto make_awaiter(std::source_location where) {
    return shielded_awaiter<T>{body_.release(), where};
  }

 private:
  coro<T> body_;
};

/// Awaits the coroutine to its end, whatever happens to the task meanwhile.
///
/// Cancelling  A request is held back: it is thrown at the next wait after this one, and a task that does not
///             wait again ends cancelled.
template <class T>
[[nodiscard]] shielded_operation<T> shielded(coro<T> body) noexcept {
  return shielded_operation<T>{std::move(body)};
}

}  // namespace skein::detail
