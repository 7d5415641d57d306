// SPDX-License-Identifier: Apache-2.0
// deadlock.hpp: tasks that wait for each other in a circle, and what all the others wait for.
#pragma once

#include <skein/core/task.hpp>

#include <stdexcept>
#include <string>
#include <vector>

namespace skein {

/// A task that waits, and for whom.
struct blocked_task {
  any_task task;
  /// Its innermost await that is not inside skein.
  call_frame where;
  /// What it waits for: "lock.acquire", "rw_lock.acquire_write", "future", "task_group", "gather or shield".
  std::string operation;
  /// The task that holds the lock, or that has to end first.
  any_task waits_for;
  /// True when `waits_for` holds what is waited for; false when it has to end.
  bool holds = false;
};

/// A circle of tasks, each of which waits for the next one and the last for the first; one task that waits
/// for itself is a circle, too.
struct deadlock {
  /// In order: `circle[i].waits_for` is `circle[i + 1].task`.
  std::vector<blocked_task> circle;
  /// Who is not in it but cannot go on because of it, as far as it is known.
  std::vector<blocked_task> behind;
};

/// Thrown out of `run` with `virtual_time` when nothing can happen any more: main waits in a circle of tasks,
/// or everything waits and nothing came from outside for ten real seconds.
struct deadlock_error : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Looks for tasks of this runtime that wait for each other: for a lock that the other one holds, for its
/// end, through groups, `gather`, `shield` and `when_all`, over any number of tasks. Nothing is stopped.
///
/// What anybody might end is not counted as such a wait: an event, a queue, a condition, a semaphore, a
/// future that no task completes, `wait`, `as_completed`. So what is returned can be undone only by a cancel,
/// a timeout, or by somebody who releases a lock that another one took. A lock counts as held by the task
/// that acquired it; of a `rw_lock` the writer is known, not its readers.
///
/// Returns     Each circle once; nothing when there is none.
/// Throws      `no_running_loop_error`.
/// Threads     A thread of a loop.
/// Cost        In proportion to the unfinished tasks: about 1 µs each.
[[nodiscard]] std::vector<deadlock> find_deadlocks();
/// The same for the runtime of a loop.
///
/// Threads     Any, such as one that watches over the others.
/// Lifetime    The loop is not closed meanwhile.
[[nodiscard]] std::vector<deadlock> find_deadlocks(event_loop& loop);

/// Returns     The circles as text, a line for each task with the function, file and line in which it waits
///             and what for; then what the other tasks wait for, those at the same place in one line.
/// Throws      As find_deadlocks.
/// Threads     As find_deadlocks.
[[nodiscard]] std::string format_deadlocks();
/// The same for the runtime of a loop.
[[nodiscard]] std::string format_deadlocks(event_loop& loop);

/// Writes that text to the log, in one piece.
void print_deadlocks();
/// The same for the runtime of a loop.
void print_deadlocks(event_loop& loop);

}  // namespace skein
