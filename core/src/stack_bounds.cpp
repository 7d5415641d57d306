// SPDX-License-Identifier: Apache-2.0
// stack_bounds.cpp: asking pthread for the stack.
#include "stack_bounds.hpp"

#include <pthread.h>

#include <algorithm>

namespace skein::detail {
namespace {

// What a coroutine may use between two awaits without being asked: a third of the stack, 1 MiB at most.
constexpr std::uintptr_t reserve_max = std::uintptr_t{1} << 20;

// ThreadSanitizer follows 65,536 nested calls and no more, so under it the awaits of a thread stay in the
// uppermost part of the stack.
#if defined(__SANITIZE_THREAD__)
#define SKEIN_SHALLOW_STACK 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define SKEIN_SHALLOW_STACK 1
#endif
#endif
#if defined(SKEIN_SHALLOW_STACK)
constexpr std::uintptr_t depth_max = std::uintptr_t{512} << 10;
#else
constexpr std::uintptr_t depth_max = ~std::uintptr_t{0};
#endif

stack_bounds look_up() noexcept {
  pthread_attr_t attributes;
  void* lowest = nullptr;
  std::size_t size = 0;
  if (pthread_getattr_np(pthread_self(), &attributes) != 0) {
    return {0, 0};
  }
  pthread_attr_getstack(&attributes, &lowest, &size);
  pthread_attr_destroy(&attributes);
  std::uintptr_t const reserve = std::min<std::uintptr_t>(reserve_max, size / 3);
  return {reinterpret_cast<std::uintptr_t>(lowest), size - std::min(size - reserve, depth_max)};
}

}  // namespace

stack_bounds bounds_of_this_stack() noexcept {
  static thread_local stack_bounds const bounds = look_up();
  return bounds;
}

}  // namespace skein::detail
