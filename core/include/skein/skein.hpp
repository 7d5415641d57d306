// SPDX-License-Identifier: Apache-2.0
// skein.hpp: everything that is installed.
#pragma once

#include <skein/core/create_task.hpp>
#include <skein/core/event_loop.hpp>
#include <skein/core/executor.hpp>
#include <skein/core/gather.hpp>
#include <skein/core/run.hpp>
#include <skein/core/sleep.hpp>
#include <skein/core/when_all.hpp>
