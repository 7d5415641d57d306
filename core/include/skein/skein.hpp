// SPDX-License-Identifier: Apache-2.0
// skein.hpp: everything that is installed.
#pragma once

#include <skein/core/async_generator.hpp>
#include <skein/core/context.hpp>
#include <skein/core/create_task.hpp>
#include <skein/core/event_loop.hpp>
#include <skein/core/executor.hpp>
#include <skein/core/gather.hpp>
#include <skein/core/run.hpp>
#include <skein/core/sleep.hpp>
#include <skein/core/switch_to.hpp>
#include <skein/core/when_all.hpp>

#if __has_include(<skein/sync/lock.hpp>)
#include <skein/sync/condition.hpp>
#include <skein/sync/event.hpp>
#include <skein/sync/lock.hpp>
#include <skein/sync/queue.hpp>
#include <skein/sync/semaphore.hpp>
#endif

#if __has_include(<skein/io/server.hpp>)
#include <skein/io/connect.hpp>
#include <skein/io/server.hpp>
#endif
