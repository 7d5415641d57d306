// SPDX-License-Identifier: Apache-2.0
// atomic.hpp: the one place from which the scheduler takes its atomics.
//
// Every lock-free part spells `lowlevel::atomic<T>` and names the memory order of each operation. A model
// checker replaces this header to explore interleavings; nothing else has to change for that.
#pragma once

#include <atomic>
#include <cstddef>

#if defined(__SANITIZE_THREAD__)
#define SKEIN_TELL_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define SKEIN_TELL_TSAN 1
#endif
#endif
#if defined(SKEIN_TELL_TSAN)
extern "C" {
void __tsan_acquire(void* address);
void __tsan_release(void* address);
}
#endif

namespace skein::lowlevel {

/// Tells ThreadSanitizer that an object goes through a queue which orders by fences: it does not understand
/// fences, as moodycamel's queue uses them. Nothing otherwise.
inline void put_into_queue([[maybe_unused]] void* object) noexcept {
#if defined(SKEIN_TELL_TSAN)
  __tsan_release(object);
#endif
}
inline void taken_from_queue([[maybe_unused]] void* object) noexcept {
#if defined(SKEIN_TELL_TSAN)
  __tsan_acquire(object);
#endif
}

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
