// SPDX-License-Identifier: Apache-2.0
// lock.cpp: releasing a lock.
#include <skein/sync/lock.hpp>

#include <fmt/core.h>

#include <stdexcept>

namespace skein {

void lock::release() {
  if (!permits_.release(1)) {
    throw std::runtime_error{"Lock is not acquired: release() goes with an acquire() that came before it"};
  }
}

void lock::release_quietly(void* self) noexcept {
  static_cast<void>(static_cast<lock*>(self)->permits_.release(1));
}

std::string lock::repr() const {
  std::size_t const waiters = waiting();
  std::string const state = locked() ? "locked" : "unlocked";
  return waiters == 0 ? fmt::format("<lock [{}]>", state)
                      : fmt::format("<lock [{}, waiters:{}]>", state, waiters);
}

coro<void> lock::aenter() { co_await acquire(); }

coro<bool> lock::aexit(std::exception_ptr) {
  release();
  co_return false;
}

}  // namespace skein
