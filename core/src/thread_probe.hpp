// SPDX-License-Identifier: Apache-2.0
// thread_probe.hpp: what another thread of this process does: it computes, or waits in a system call.
//
// What       The kernel says in /proc/self/task/N/syscall whether the thread waits, and in which call. Its
//            stack can be walked only by itself: a signal asks it to.
// Source     The preemption signal of Go's runtime: SIGURG, which nobody minds.
// Threads    look_at_thread: any, one at a time.
//
// Invariants
//   I1  A signal is sent only where it changes nothing: to a thread that computes, and into calls that the
//       kernel or the C library goes on with afterwards (SA_RESTART). sleep, poll, and calls on sockets would
//       end early: there the name of the call must do.
//   I2  No signal is sent when the program has a handler of its own for it.
//   I3  The handler writes only after it has taken the request [A], and who asked waits for it then.
//
// Orders     [tag] stands at the line that carries the order.
//   [A] skein_on_probe and ask_for_stack, compare-exchange, acq_rel: one of them takes the request.
//   [B] skein_on_probe, store, release   pairs with [C]: who asked sees the stack.
//   [C] ask_for_stack, load, acquire; the semaphore only wakes it.
//
// Checked    tests/core/thread_probe_test.cpp.
#pragma once

#include "native_traceback.hpp"

#include <sys/types.h>

#include <optional>
#include <string>

namespace skein::detail {

/// What a thread was found to do.
struct thread_look {
  std::optional<long> system_call;  ///< in which it waits; else it computes, or that is not known
  traceback stack;                  ///< empty when it could not be asked
};

/// Looks at a thread of this process; may wait for its answer for 20 ms.
[[nodiscard]] thread_look look_at_thread(pid_t thread);

/// Returns     `poll`, or `system call 333`.
[[nodiscard]] std::string name_of_system_call(long number);

}  // namespace skein::detail
