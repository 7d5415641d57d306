// SPDX-License-Identifier: Apache-2.0
// thread_state.hpp: what the inlined fast paths need to know about the thread they run on.
//
// A worker's thread has a state of its own; any other thread starts with a shared, empty one and gets its own
// when it first frees or allocates a frame. The pointer is read through inline assembly where we can: a
// compiler may otherwise keep the address of a thread-local variable across a suspension, after which the
// coroutine runs on another thread (design.md §2, LLVM #47179).
#pragma once

#include <skein/core/detail/context_slot.hpp>
#include <skein/core/lowlevel/flow.hpp>
#include <skein/core/lowlevel/fork_deque.hpp>
#include <skein/core/lowlevel/frame_allocator.hpp>

#include <coroutine>
#include <cstdint>
#include <limits>
#include <source_location>
#include <vector>

namespace skein::detail {

class worker;
class task_state;
struct frame_tracking;

/// A coroutine to go on with, the flow it belongs to, and where it has waited: line 0 when nowhere yet.
struct continuation {
  std::coroutine_handle<> coroutine;
  lowlevel::flow* flow = nullptr;
  std::source_location where = {};
};

struct thread_state {
  // Owner only.
  lowlevel::flow* flow = nullptr;  // the flow that runs now
  worker* owner = nullptr;         // null on threads that are not workers
  std::uint32_t lone_loop = 0;     // its number, if it is the only one of its runtime (biased_lock.hpp)
  std::int32_t budget = std::numeric_limits<std::int32_t>::max();
  std::uintptr_t stack_limit = 0;  // the deepest address that the awaits of this thread may reach
  continuation next;               // joined just now: the loop goes on with it
  // What the loop resumed last, for call graphs: those that await it have suspended and are known from it;
  // those that it called since are on the stack of the thread.
  std::coroutine_handle<> resumed;
  std::vector<continuation> spilled;  // moved off a full stack: the loop runs the newest first
  lowlevel::frame_cache frames;
  // Written by hungry workers, read by the owner at every fork: the stack limit, or a knock.
  alignas(lowlevel::cache_line) lowlevel::atomic<std::uintptr_t> guard{0};
  // Shared with thieves.
  lowlevel::fork_deque* forks = nullptr;

  // Written by the owner, read by others who ask what runs.
  lowlevel::atomic<task_state*> running_task{nullptr};  // null in callbacks

  // Owner only. The current context is `context` if that is set, else that of the task, else `own_context`.
  context_slot* context = nullptr;  // of a callback, or of context::run
  context_slot own_context;

  // Owner only; null unless its loop is in debug mode (worker_debug.cpp).
  frame_tracking* tracking = nullptr;

  [[nodiscard]] task_state* task() const noexcept {
    return running_task.load(lowlevel::memory_order_relaxed);
  }
  void set_task(task_state* t) noexcept { running_task.store(t, lowlevel::memory_order_relaxed); }

  thread_state() = default;
  constexpr explicit thread_state(lowlevel::frame_cache::none_t none) noexcept : frames{none} {}
};

}  // namespace skein::detail

extern "C" {
/// The state of the thread that asks. Never null.
[[gnu::tls_model(
    "initial-exec")]] extern constinit thread_local skein::detail::thread_state* skein_thread_state;
}

namespace skein::detail {

/// As `this_thread`, for machines without the assembly.
[[nodiscard]] thread_state& this_thread_slow() noexcept;

/// Returns     The state of this thread, to be written to: one is made for a thread that has none yet.
[[nodiscard]] thread_state& own_thread_state();

/// Returns     The state of the thread that runs now. Ask again after every real suspension.
[[nodiscard, gnu::always_inline]] inline thread_state& this_thread() noexcept {
#if defined(__x86_64__) && defined(__linux__)
  thread_state* state;
  asm volatile(
      "movq skein_thread_state@gottpoff(%%rip), %0\n\t"
      "movq %%fs:(%0), %0"
      : "=r"(state));
  return *state;
#else
  return this_thread_slow();
#endif
}

/// Returns     The stack pointer, roughly.
[[nodiscard, gnu::always_inline]] inline std::uintptr_t stack_pointer() noexcept {
#if defined(__x86_64__)
  std::uintptr_t sp;
  asm("movq %%rsp, %0" : "=r"(sp));
  return sp;
#else
  return reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
#endif
}

/// What others write into the guard of a worker to get its attention.
inline constexpr std::uintptr_t knock = ~std::uintptr_t{0};

/// Handles a knock at the guard: somebody wants work.
///
/// Returns     True when the stack is really low.
bool stack_attention(thread_state& thread) noexcept;

/// The outermost fork of a worker is public now: if somebody sleeps, everything becomes so, and he is woken.
void fork_offered(thread_state& thread) noexcept;

/// Looks at the guard between the children of a fork, so that a knock is answered there too.
[[gnu::always_inline]] inline void answer_knock(thread_state& thread) noexcept {
  if (thread.guard.load(lowlevel::memory_order_relaxed) == knock) [[unlikely]] {
    stack_attention(thread);
  }
}

/// Returns     True when the stack is low: the await must go through the loop instead of deeper.
[[nodiscard, gnu::always_inline]] inline bool stack_low(thread_state& thread) noexcept {
  return stack_pointer() < thread.guard.load(lowlevel::memory_order_relaxed) && stack_attention(thread);
}

}  // namespace skein::detail
