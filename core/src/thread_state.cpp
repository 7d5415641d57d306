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
    runtime_core& runtime = thread.owner->runtime;
    thread.forks->expose(runtime.idle.anyone_parked());
    runtime.notify_one();
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

void* take_frame([[maybe_unused]] frame_cache& frames, std::size_t size) {
#ifndef SKEIN_PLAIN_FRAMES
  if (size <= frame_bytes_max) {
    std::size_t const index = (size - 1) / frame_step;
    void* const frame = frames.take(index);
    return frame != nullptr ? frame : frames.refill(index);
  }
#endif
  return ::operator new(size);
}

void give_frame([[maybe_unused]] frame_cache& frames, void* frame, std::size_t size) noexcept {
#ifndef SKEIN_PLAIN_FRAMES
  if (size <= frame_bytes_max) {
    std::size_t const index = (size - 1) / frame_step;
    if (!frames.give(frame, index)) {
      frames.flush(index);
      static_cast<void>(frames.give(frame, index));
    }
    return;
  }
#endif
  ::operator delete(frame, size);
}

}  // namespace

void* allocate_frame(std::size_t size) {
  detail::thread_state& thread = detail::own_thread_state();
  if (thread.tracking == nullptr) [[likely]] {
    return take_frame(thread.frames, size);
  }
  void* const frame = take_frame(thread.tracking->frames, size);
  detail::note_frame(frame);
  return frame;
}

void free_frame(void* frame, std::size_t size) noexcept {
  detail::thread_state& thread = detail::own_thread_state();
  if (thread.tracking == nullptr) [[likely]] {
    give_frame(thread.frames, frame, size);
    return;
  }
  detail::forget_frame(frame);
  give_frame(thread.tracking->frames, frame, size);
}

}  // namespace skein::lowlevel
