// SPDX-License-Identifier: Apache-2.0
// stack_bounds.cpp: asking pthread for the stack.
#include "stack_bounds.hpp"

#include <pthread.h>

#include <algorithm>

namespace skein::detail {
namespace {

// What a coroutine may use between two awaits without being asked: a third of the stack, 1 MiB at most.
constexpr std::uintptr_t reserve_max = std::uintptr_t{1} << 20;

stack_bounds look_up() noexcept {
  pthread_attr_t attributes;
  void* lowest = nullptr;
  std::size_t size = 0;
  if (pthread_getattr_np(pthread_self(), &attributes) != 0) {
    return {0, 0};
  }
  pthread_attr_getstack(&attributes, &lowest, &size);
  pthread_attr_destroy(&attributes);
  return {reinterpret_cast<std::uintptr_t>(lowest), std::min<std::uintptr_t>(reserve_max, size / 3)};
}

}  // namespace

stack_bounds bounds_of_this_stack() noexcept {
  static thread_local stack_bounds const bounds = look_up();
  return bounds;
}

}  // namespace skein::detail
