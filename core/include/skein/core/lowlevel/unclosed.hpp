// SPDX-License-Identifier: Apache-2.0
// unclosed.hpp: how something that has to be closed says, in debug mode, that it was dropped without.
//
//   opened      made = made_here(debug_here()), while the caller is on the stack: before the first wait
//   destructor  if (debug_here() && !closed) say_unclosed("pool of 3", "call close()", made)
#pragma once

#include <skein/core/detail/debug_mode.hpp>

namespace skein::lowlevel {

using detail::debug_here;
using detail::made_at;
using detail::made_here;
using detail::say_unclosed;

}  // namespace skein::lowlevel
