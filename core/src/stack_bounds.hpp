// SPDX-License-Identifier: Apache-2.0
// stack_bounds.hpp: how deep the awaits of a thread may go.
#pragma once

#include <cstdint>

namespace skein::detail {

struct stack_bounds {
  std::uintptr_t lowest;   // of this thread's stack
  std::uintptr_t reserve;  // kept free for what a coroutine calls between its awaits
};

/// Returns     The bounds of the calling thread's stack; looked up once a thread.
[[nodiscard]] stack_bounds bounds_of_this_stack() noexcept;

}  // namespace skein::detail
