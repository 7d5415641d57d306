// SPDX-License-Identifier: Apache-2.0
// thread_state.cpp: the state of threads that are no workers, and what a knock at the guard does.
#include "debug_mode.hpp"
#include "runtime_core.hpp"
#include "worker.hpp"

#include <skein/core/detail/frame.hpp>
#include <skein/core/detail/thread_state.hpp>

namespace skein::detail {
namespace {

// What every thread starts with. Nothing is ever written to it: its frame cache refuses.
constinit thread_state no_state{lowlevel::frame_cache::none};

// The state of a thread that allocates or frees frames without being a worker; its frames go to the others
// when it ends.
struct foreign_state {
  thread_state state;
  foreign_state() = default;
  foreign_state(foreign_state const&) = delete;
  foreign_state& operator=(foreign_state const&) = delete;
  ~foreign_state() {
    state.own_context.clear();
    if (skein_thread_state == &state) {
      skein_thread_state = &no_state;
    }
    state.frames.flush_all();
  }
};

}  // namespace

thread_state& this_thread_slow() noexcept { return *skein_thread_state; }

thread_state& own_thread_state() {
  if (&this_thread() == &no_state) {
    static thread_local foreign_state own;
    skein_thread_state = &own.state;
  }
  return this_thread();
}

// Who knocked had said before that it sleeps, or had stolen the last public entry.
bool stack_attention(thread_state& thread) noexcept {
  if (thread.guard.exchange(thread.stack_limit, lowlevel::memory_order_acquire) == knock &&
      thread.owner != nullptr) {
    thread.owner->answer_knock();
  }
  return stack_pointer() < thread.stack_limit;
}

void fork_offered(thread_state& thread) noexcept {
  runtime_core& runtime = thread.owner->runtime;
  if (runtime.idle.should_notify()) {
    thread.forks->expose(true);
    runtime.notify_one();
  }
}

void* new_frame_slow(std::size_t size) { return lowlevel::allocate_frame(size); }
void delete_frame_slow(void* frame, std::size_t size) noexcept { lowlevel::free_frame(frame, size); }

}  // namespace skein::detail

constinit thread_local skein::detail::thread_state* skein_thread_state = &skein::detail::no_state;

namespace skein::lowlevel {
namespace {

[[nodiscard]] inline void* take_block(frame_cache& frames, std::size_t size) {
  std::size_t const index = (size - 1) / frame_step;
  void* const frame = frames.take(index);
  return frame != nullptr ? frame : frames.refill(index);
}

inline void give_block(frame_cache& frames, void* frame, std::size_t size) noexcept {
  std::size_t const index = (size - 1) / frame_step;
  if (!frames.give(frame, index)) {
    frames.flush(index);
    static_cast<void>(frames.give(frame, index));
  }
}

#ifdef SKEIN_PLAIN_FRAMES
constexpr bool has_blocks(std::size_t) { return false; }
#else
constexpr bool has_blocks(std::size_t size) { return size <= frame_bytes_max; }
#endif

// Debug mode: the thread's own cache refuses, its blocks are in the tracking's.
[[gnu::noinline]] void* allocate_tracked(detail::frame_tracking& tracking, std::size_t size) {
  void* const frame = has_blocks(size) ? take_block(tracking.frames, size) : ::operator new(size);
  detail::note_frame(frame);
  return frame;
}

[[gnu::noinline]] void free_tracked(detail::frame_tracking& tracking, void* frame,
                                    std::size_t size) noexcept {
  detail::forget_frame(frame);
  if (has_blocks(size)) {
    give_block(tracking.frames, frame, size);
  } else {
    ::operator delete(frame, size);
  }
}

}  // namespace

void* allocate_frame(std::size_t size) {
  detail::thread_state& thread = detail::own_thread_state();
  if (thread.tracking != nullptr) [[unlikely]] {
    return allocate_tracked(*thread.tracking, size);
  }
  return has_blocks(size) ? take_block(thread.frames, size) : ::operator new(size);
}

void free_frame(void* frame, std::size_t size) noexcept {
  detail::thread_state& thread = detail::own_thread_state();
  if (thread.tracking != nullptr) [[unlikely]] {
    free_tracked(*thread.tracking, frame, size);
  } else if (has_blocks(size)) {
    give_block(thread.frames, frame, size);
  } else {
    ::operator delete(frame, size);
  }
}

}  // namespace skein::lowlevel
