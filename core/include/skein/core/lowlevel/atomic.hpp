// SPDX-License-Identifier: Apache-2.0
// atomic.hpp: the one place from which the scheduler takes its atomics.
//
// Every lock-free part spells `lowlevel::atomic<T>` and names the memory order of each operation. A model
// checker replaces this header to explore interleavings; nothing else has to change for that.
#pragma once

#include <atomic>
#include <cstddef>

namespace skein::lowlevel {

template <class T>
using atomic = std::atomic<T>;

using std::memory_order_acq_rel;
using std::memory_order_acquire;
using std::memory_order_relaxed;
using std::memory_order_release;
using std::memory_order_seq_cst;

/// Bytes that two cores must not share when both write.
inline constexpr std::size_t cache_line = 64;

/// Tells the core that it is in a spin loop.
inline void cpu_relax() noexcept {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

}  // namespace skein::lowlevel
