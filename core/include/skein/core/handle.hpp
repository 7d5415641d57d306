// SPDX-License-Identifier: Apache-2.0
// handle.hpp: what call_soon and call_later return.
#pragma once

#include <skein/core/clock.hpp>
#include <skein/core/detail/scheduled_call.hpp>

#include <compare>
#include <string>

namespace skein {

/// A handle to a call that a loop will make. Dropping it changes nothing.
///
/// Threads     Any.
/// Source      asyncio.Handle.
class handle {
 public:
  handle() noexcept = default;
  explicit handle(detail::call_ref call) noexcept : call_{std::move(call)} {}

  /// Makes sure that the call will never run, unless it runs or ran already. Its function and arguments are
  /// destroyed at once.
  void cancel() noexcept {
    if (call_) {
      call_->cancel();
    }
  }
  /// Returns     True exactly if the call did not run and never will.
  [[nodiscard]] bool cancelled() const noexcept {
    return call_ && call_->current_phase() == detail::scheduled_call::phase::cancelled;
  }
  /// Returns     A line for people: `<handle print>`, `<handle cancelled>`; in debug mode also what was
  ///             cancelled, and where it was made.
  [[nodiscard]] std::string repr() const;

  /// Handles are equal when they are handles to the same call.
  friend bool operator==(handle const& a, handle const& b) noexcept { return a.call_.get() == b.call_.get(); }

  /// For skein itself.
  [[nodiscard]] detail::made_at made() const noexcept { return call_ ? call_->made : nullptr; }

 protected:
  detail::call_ref call_;
};

/// A handle to a call with a deadline. They are ordered by it.
///
/// Source      asyncio.TimerHandle.
class timer_handle : public handle {
 public:
  timer_handle() noexcept = default;
  explicit timer_handle(detail::state_ref<detail::timed_call> call) noexcept
      : handle{detail::call_ref::share(call.get())}, when_{call->when()} {}

  /// Returns     The deadline.
  [[nodiscard]] clock::time_point when() const noexcept { return clock::time_point{clock::duration{when_}}; }
  /// Returns     As that of handle, with the deadline in seconds: `<timer_handle when=12.5 print>`.
  [[nodiscard]] std::string repr() const;

  friend bool operator==(timer_handle const& a, timer_handle const& b) noexcept {
    return a.call_.get() == b.call_.get();
  }
  friend bool operator==(timer_handle const& a, handle const& b) = delete;
  /// By deadline: `<=` and `>=` are true both ways for two calls that are due at the same time.
  friend std::weak_ordering operator<=>(timer_handle const& a, timer_handle const& b) noexcept {
    return a.when_ <=> b.when_;
  }

 private:
  lowlevel::instant when_ = lowlevel::never;
};

}  // namespace skein
