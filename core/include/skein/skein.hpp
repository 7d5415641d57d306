// SPDX-License-Identifier: Apache-2.0
// skein.hpp: everything that is installed.
#pragma once

#include <skein/core/as_completed.hpp>
#include <skein/core/async_generator.hpp>
#include <skein/core/call_graph.hpp>
#include <skein/core/context.hpp>
#include <skein/core/create_task.hpp>
#include <skein/core/deadlock.hpp>
#include <skein/core/event_loop.hpp>
#include <skein/core/exception_group.hpp>
#include <skein/core/executor.hpp>
#include <skein/core/exit_stack.hpp>
#include <skein/core/gather.hpp>
#include <skein/core/race.hpp>
#include <skein/core/run.hpp>
#include <skein/core/shield.hpp>
#include <skein/core/sleep.hpp>
#include <skein/core/staggered_race.hpp>
#include <skein/core/switch_to.hpp>
#include <skein/core/task_group.hpp>
#include <skein/core/timeout.hpp>
#include <skein/core/traceback.hpp>
#include <skein/core/wait.hpp>
#include <skein/core/wait_for.hpp>
#include <skein/core/when_all.hpp>
#include <skein/core/with.hpp>

#if __has_include(<skein/sync/lock.hpp>)
#include <skein/sync/barrier.hpp>
#include <skein/sync/broadcast.hpp>
#include <skein/sync/channel.hpp>
#include <skein/sync/condition.hpp>
#include <skein/sync/event.hpp>
#include <skein/sync/latch.hpp>
#include <skein/sync/lifo_queue.hpp>
#include <skein/sync/lock.hpp>
#include <skein/sync/once_cell.hpp>
#include <skein/sync/priority_queue.hpp>
#include <skein/sync/queue.hpp>
#include <skein/sync/rw_lock.hpp>
#include <skein/sync/semaphore.hpp>
#include <skein/sync/watch.hpp>
#endif

#if __has_include(<skein/io/server.hpp>)
#include <skein/io/connect.hpp>
#include <skein/io/fd_callbacks.hpp>
#include <skein/io/server.hpp>
#endif
