// SPDX-License-Identifier: Apache-2.0
// promise_base.hpp: the part of a coroutine's promise that does not depend on its result type: 8 bytes.
#pragma once

#include <skein/core/detail/frame.hpp>
#include <skein/core/detail/slot.hpp>

#include <coroutine>
#include <cstddef>

namespace skein::detail {

/// Ends a coroutine that was detached, or that failed inline: destroys the frame and tells who waits.
void finish_slow(slot_base& slot, std::coroutine_handle<> coroutine) noexcept;

class promise_base {
 public:
  slot_base* slot;  // set by whoever starts the coroutine

  /// Called before the first real suspension, by the coroutine itself, and by a thief before it resumes it.
  [[gnu::always_inline]] void detach() noexcept {
    slot->status.store(slot_status::detached, lowlevel::memory_order_relaxed);
  }

  // The frame frees itself by running off final_suspend when it finished inline: the parent, which never
  // suspended, sees "done" and goes on.
  struct final_awaiter {
    promise_base& promise;

    [[gnu::always_inline]] bool await_ready() const noexcept {
      slot_base& s = *promise.slot;
      if (s.status.load(lowlevel::memory_order_relaxed) == slot_status::empty) [[likely]] {
        s.status.store(slot_status::done, lowlevel::memory_order_relaxed);
        return true;
      }
      return false;
    }
    [[gnu::always_inline]] void await_suspend(std::coroutine_handle<> coroutine) const noexcept {
      finish_slow(*promise.slot, coroutine);
    }
    void await_resume() const noexcept {}
  };

  [[gnu::always_inline]] std::suspend_always initial_suspend() const noexcept { return {}; }
  [[gnu::always_inline]] final_awaiter final_suspend() noexcept { return {*this}; }

  [[gnu::always_inline]] static void* operator new(std::size_t size) { return new_frame(size); }
  [[gnu::always_inline]] static void operator delete(void* frame, std::size_t size) noexcept {
    delete_frame(frame, size);
  }
};

/// Records that an error stands in the slot now.
inline void mark_failed(slot_base& slot) noexcept {
  slot.status.store(
      slot.state() == slot_status::detached ? slot_status::detached_failed : slot_status::failed,
      lowlevel::memory_order_relaxed);
}

using any_coroutine = std::coroutine_handle<promise_base>;

/// Runs a child until it ends or suspends.
///
/// Returns     True when it ended with a value, without having been detached.
[[nodiscard, gnu::always_inline]] inline bool run_inline(std::coroutine_handle<> child,
                                                         slot_base const& slot) {
  child.resume();
  return slot.state() == slot_status::done;
}

}  // namespace skein::detail
