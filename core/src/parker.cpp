// SPDX-License-Identifier: Apache-2.0
// parker.cpp: the two futex calls.
#include "parker.hpp"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <ctime>

namespace skein::detail {

void parker::wait(lowlevel::instant timeout) noexcept {
  constexpr lowlevel::instant second = 1'000'000'000;
  timespec limit{};
  timespec* limit_pointer = nullptr;
  if (timeout != lowlevel::never) {
    limit.tv_sec = timeout / second;
    limit.tv_nsec = timeout % second;
    limit_pointer = &limit;
  }
  syscall(SYS_futex, &word_, FUTEX_WAIT_PRIVATE, parked, limit_pointer, nullptr, 0);
}

void parker::wake_futex() noexcept { syscall(SYS_futex, &word_, FUTEX_WAKE_PRIVATE, 1, nullptr, nullptr, 0); }

}  // namespace skein::detail
