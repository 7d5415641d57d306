// SPDX-License-Identifier: Apache-2.0
// scoped_permit.hpp: something held that is given back at the end of its scope.
#pragma once

#include <utility>

namespace skein {

/// What `scoped()` of a lock, semaphore or condition gives: it releases when it is destroyed. Releasing never
/// waits, so it works on every way out of a scope: a return, an error, a cancellation.
///
///     auto const permit = co_await lock.scoped();
///
/// Threads     Used by one task at a time; it may be destroyed on any thread.
/// Lifetime    The primitive outlives it.
/// Source      `async with lock:` of asyncio.
class [[nodiscard("it releases at the end of its scope: give it a name")]] scoped_permit {
 public:
  /// Holds nothing.
  scoped_permit() noexcept = default;
  /// For those who make primitives: `give_back(owner)` gives the permit back.
  scoped_permit(void* owner, void (*give_back)(void*) noexcept) noexcept
      : owner_{owner}, give_back_{give_back} {}
  scoped_permit(scoped_permit&& other) noexcept
      : owner_{std::exchange(other.owner_, nullptr)}, give_back_{other.give_back_} {}
  /// Gives back what it held before.
  scoped_permit& operator=(scoped_permit&& other) noexcept {
    if (this != &other) {
      release();
      owner_ = std::exchange(other.owner_, nullptr);
      give_back_ = other.give_back_;
    }
    return *this;
  }
  scoped_permit(scoped_permit const&) = delete;
  scoped_permit& operator=(scoped_permit const&) = delete;
  ~scoped_permit() { release(); }

  /// Returns     False after release, and when it was moved from.
  [[nodiscard]] explicit operator bool() const noexcept { return owner_ != nullptr; }
  /// Gives it back now; nothing when that was done.
  void release() noexcept {
    if (owner_ != nullptr) {
      give_back_(std::exchange(owner_, nullptr));
    }
  }

 private:
  void* owner_ = nullptr;
  void (*give_back_)(void*) noexcept = nullptr;
};

}  // namespace skein
