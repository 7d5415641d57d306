// SPDX-License-Identifier: Apache-2.0
// scoped_permit.hpp: something held that is given back at the end of its scope.
#pragma once

#include <utility>

namespace skein {

/// What `scoped()` of a lock or semaphore gives: releases it when destroyed. Releasing never waits.
///
/// Threads     Used by one task at a time; it may be destroyed on any thread.
/// Lifetime    The primitive outlives it.
class [[nodiscard("it releases at the end of its scope: give it a name")]] scoped_permit {
 public:
  /// Holds nothing.
  scoped_permit() noexcept = default;
  /// For the primitives: `give_back(owner)` gives the permit back.
  scoped_permit(void* owner, void (*give_back)(void*) noexcept) noexcept
      : owner_{owner}, release_{give_back} {}
  scoped_permit(scoped_permit&& other) noexcept
      : owner_{std::exchange(other.owner_, nullptr)}, release_{other.release_} {}
  scoped_permit& operator=(scoped_permit&& other) noexcept {
    if (this != &other) {
      release();
      owner_ = std::exchange(other.owner_, nullptr);
      release_ = other.release_;
    }
    return *this;
  }
  scoped_permit(scoped_permit const&) = delete;
  scoped_permit& operator=(scoped_permit const&) = delete;
  ~scoped_permit() { release(); }

  /// Returns     False after release and when moved from.
  [[nodiscard]] explicit operator bool() const noexcept { return owner_ != nullptr; }
  /// Gives it back now.
  void release() noexcept {
    if (owner_ != nullptr) {
      release_(std::exchange(owner_, nullptr));
    }
  }

 private:
  void* owner_ = nullptr;
  void (*release_)(void*) noexcept = nullptr;
};

}  // namespace skein
