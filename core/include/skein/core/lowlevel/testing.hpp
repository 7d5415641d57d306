// SPDX-License-Identifier: Apache-2.0
// testing.hpp: waiting, in a test, until everything else has come to rest.
#pragma once

#include <skein/core/coro.hpp>

namespace skein::lowlevel {

/// Waits until every other task of the runtime is blocked: it waits for a timer, for I/O, or for something
/// that only a task could do. Replaces sleeping in tests.
///
/// Cancelling  At any moment.
/// Threads     One task of a runtime at a time; a task that never blocks makes it wait for ever.
/// Source      trio.testing.wait_all_tasks_blocked.
[[nodiscard]] coro<void> all_tasks_blocked();

}  // namespace skein::lowlevel
