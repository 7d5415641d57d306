// SPDX-License-Identifier: Apache-2.0
// lock.cpp: releasing a lock, and its text.
#include <skein/sync/lock.hpp>

#include <fmt/core.h>

#include <stdexcept>

namespace skein {

void lock::release() {
  if (!permits_.release(1)) {
    throw std::runtime_error{"Lock is not acquired."};
  }
}

void lock::release_quietly(void* self) noexcept { static_cast<lock*>(self)->permits_.release(1); }

std::string lock::repr() const {
  auto const now = permits_.look();
  return fmt::format("<lock [{}{}]>", now.all_taken ? "locked" : "unlocked",
                     now.waiting == 0 ? "" : fmt::format(", waiters:{}", now.waiting));
}

coro<void> lock::aenter() { co_await acquire(); }

coro<bool> lock::aexit(std::exception_ptr) {
  release();
  co_return false;
}

}  // namespace skein
