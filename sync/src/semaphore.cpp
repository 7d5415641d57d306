// SPDX-License-Identifier: Apache-2.0
// semaphore.cpp: releasing permits.
#include <skein/sync/semaphore.hpp>

#include <fmt/core.h>

#include <stdexcept>

namespace skein {

void semaphore::release() {
  if (!permits_.release(max_)) {
    throw std::invalid_argument{
        fmt::format("BoundedSemaphore released too many times: it has all its {} permits", max_)};
  }
}

void semaphore::release_quietly(void* self) noexcept {
  auto& s = *static_cast<semaphore*>(self);
  static_cast<void>(s.permits_.release(s.max_));
}

std::string semaphore::repr() const {
  std::string text = locked() ? "<semaphore [locked" : fmt::format("<semaphore [unlocked, value:{}", value());
  if (std::size_t const waiters = waiting(); waiters != 0) {
    text += fmt::format(", waiters:{}", waiters);
  }
  return text + "]>";
}

coro<void> semaphore::aenter() { co_await acquire(); }

coro<bool> semaphore::aexit(std::exception_ptr) {
  release();
  co_return false;
}

}  // namespace skein
