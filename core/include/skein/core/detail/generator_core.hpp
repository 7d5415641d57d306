// SPDX-License-Identifier: Apache-2.0
// generator_core.hpp: what an async generator, those who wait for its next value, and its loop share.
//
// The frame of a generator is a child of whoever asks for the next value, exactly as an awaited coroutine is
// a child of its awaiter; but it ends its turn at a co_yield, too, and then waits for the next one to ask.
// Who asks claims the generator until the value is there, so the frame and everything in it has one user at a
// time.
//
// Threads     references, claim: any. All else: who has the claim, or the last reference.
//
// Orders
//   [A] claim, compare-exchange, acq_rel   pairs with [B]: who claims sees what the one before did.
//   [B] settle, store, release.
#pragma once

#include <skein/core/coro.hpp>
#include <skein/core/detail/future_state.hpp>

#include <coroutine>
#include <cstdint>
#include <memory>
#include <source_location>

namespace skein::detail {

class generator_registry;

class generator_core {
 public:
  enum class state : std::uint8_t { fresh, suspended, running, finished };

  explicit generator_core(std::coroutine_handle<> frame) noexcept : frame_{frame} {}
  generator_core(generator_core const&) = delete;
  generator_core& operator=(generator_core const&) = delete;
  virtual ~generator_core();

  void retain() noexcept { references_.fetch_add(1, lowlevel::memory_order_relaxed); }
  /// The last one that goes closes the generator, on its loop, if it is unfinished.
  void release() noexcept {
    if (references_.fetch_sub(1, lowlevel::memory_order_acq_rel) == 1) {
      last_reference_gone();
    }
  }

  /// Takes the right to resume the frame.
  ///
  /// Returns     What the generator was: fresh or suspended; or finished, and nothing was taken.
  /// Throws      `std::runtime_error` while somebody else has it.
  [[nodiscard]] state claim(char const* call);
  /// Gives the right back.
  void settle(bool finished) noexcept;
  /// Makes the generator known to the runtime that runs it, before its first step.
  void enroll(std::source_location where) noexcept;
  /// Destroys the frame; with the claim.
  void destroy_frame() noexcept;

  /// Returns     What throws generator_exit into the frame and waits for its end.
  [[nodiscard]] virtual coro<void> close() = 0;

  [[nodiscard]] std::coroutine_handle<> frame() const noexcept { return frame_; }
  void mark_closing() noexcept { close_tried_.store(true, lowlevel::memory_order_relaxed); }

 private:
  friend class generator_registry;
  void last_reference_gone() noexcept;
  [[nodiscard]] bool hand_to_loop() noexcept;

  lowlevel::atomic<std::uint32_t> references_{1};
  lowlevel::atomic<state> state_{state::fresh};
  lowlevel::atomic<bool> close_tried_{false};
  std::coroutine_handle<> frame_;
  // Constant after enroll.
  std::shared_ptr<generator_registry> registry_;
  loop_id loop_ = 0;
  // Guarded by the registry's lock.
  generator_core* next_ = nullptr;
  generator_core* previous_ = nullptr;
  bool listed_ = false;
  bool parked_ = false;  // the registry has a reference
};

using generator_ref = state_ref<generator_core>;

/// Ends a turn of a generator at a co_yield: whoever asked has the value in its slot.
void hand_over(slot_base& slot) noexcept;

[[noreturn]] void throw_moved_generator();
[[noreturn]] void throw_exit_ignored();

}  // namespace skein::detail
