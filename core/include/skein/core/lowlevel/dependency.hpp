// SPDX-License-Identifier: Apache-2.0
// dependency.hpp: who can end a wait, as far as its primitive knows. For reports of deadlocks.
#pragma once

#include <skein/core/detail/task_state.hpp>
#include <skein/core/detail/thread_state.hpp>
#include <skein/core/lowlevel/wait_node.hpp>

#include <cstdint>

namespace skein::detail {
struct fork_join;
}

namespace skein::lowlevel {

/// What `work_ops::depends` of a wait says. A primitive whose waits anybody may end (an event, a queue) says
/// nothing; one that is held says by whom:
///
///     void depends(wait_node& node, dependency& into) noexcept {
///       // with the primitive's lock held
///       into.held_by(holder_);
///     }
class dependency {
 public:
  enum class kind : std::uint8_t {
    anybody,   ///< nobody knows who will end it
    holder,    ///< the task that holds what is waited for
    future,    ///< whoever completes the future
    children,  ///< the tasks of a group
    branches,  ///< the coroutines of a `when_all`
  };

  /// The task with this id holds it; 0 is nobody that is known.
  void held_by(std::uint64_t task) noexcept {
    kind_ = task != 0 ? kind::holder : kind::anybody;
    holder_ = task;
  }
  void completed_by(detail::future_state& future) noexcept {
    kind_ = kind::future;
    future_ = detail::state_ref<>::share(&future);
  }
  void ended_by_children() noexcept { kind_ = kind::children; }
  void joined(detail::fork_join& fork) noexcept {
    kind_ = kind::branches;
    fork_ = &fork;
  }

  [[nodiscard]] kind what() const noexcept { return kind_; }
  [[nodiscard]] std::uint64_t holder() const noexcept { return holder_; }
  [[nodiscard]] detail::state_ref<> const& future() const noexcept { return future_; }
  [[nodiscard]] detail::fork_join* fork() const noexcept { return fork_; }

 private:
  kind kind_ = kind::anybody;
  std::uint64_t holder_ = 0;
  detail::state_ref<> future_;
  detail::fork_join* fork_ = nullptr;
};

/// Returns     The id of the task that runs on this thread, for a primitive that is taken by it; 0 outside of
///             tasks.
/// Cost        Three loads.
[[nodiscard]] inline std::uint64_t running_task_id() noexcept {
  detail::task_state const* const task = detail::this_thread().task();
  return task != nullptr ? task->id() : 0;
}

/// Returns     The id of the task that waits; the primitive's lock is held, and the wait stands in its line.
[[nodiscard]] inline std::uint64_t id_of_waiting_task(wait_node const& wait) noexcept {
  return detail::task_of_flow(wait.flow()).id();
}

}  // namespace skein::lowlevel
