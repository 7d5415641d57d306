// SPDX-License-Identifier: Apache-2.0
// semaphore.cpp: making a semaphore, releasing its permits, and its text.
#include <skein/sync/semaphore.hpp>

#include <fmt/core.h>

#include <cstdint>
#include <stdexcept>

namespace skein {
namespace {

std::size_t checked(std::size_t value) {
  if (value > static_cast<std::size_t>(PTRDIFF_MAX)) {
    throw std::invalid_argument{"Semaphore initial value must be >= 0"};
  }
  return value;
}

}  // namespace

semaphore::semaphore(std::size_t value) : permits_{checked(value)} {}

semaphore::semaphore(std::size_t value, std::size_t max) : permits_{checked(value)}, max_{max} {}

void semaphore::release() {
  if (!permits_.release(max_)) {
    throw std::invalid_argument{"BoundedSemaphore released too many times"};
  }
}

void semaphore::release_quietly(void* self) noexcept {
  auto& s = *static_cast<semaphore*>(self);
  s.permits_.release(s.max_);
}

std::string semaphore::repr() const {
  auto const now = permits_.look();
  std::string text =
      now.available ? fmt::format("<semaphore [unlocked, value:{}", now.value) : "<semaphore [locked";
  if (now.waiting != 0) {
    text += fmt::format(", waiters:{}", now.waiting);
  }
  return text + "]>";
}

coro<void> semaphore::aenter() { co_await acquire(); }

coro<bool> semaphore::aexit(std::exception_ptr) {
  release();
  co_return false;
}

}  // namespace skein
