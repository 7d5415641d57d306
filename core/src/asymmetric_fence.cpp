// SPDX-License-Identifier: Apache-2.0
// asymmetric_fence.cpp: membarrier, where the kernel has it.
#include <skein/core/lowlevel/asymmetric_fence.hpp>

#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace skein::lowlevel {
namespace {
[[nodiscard]] bool membarrier(int command) noexcept { return syscall(SYS_membarrier, command, 0, 0) == 0; }
}  // namespace

asymmetric_fence::asymmetric_fence() noexcept
    : expedited_{membarrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED)} {}

void asymmetric_fence::full() noexcept { std::atomic_thread_fence(memory_order_seq_cst); }

// A registered process is not refused.
void asymmetric_fence::heavy() const noexcept {
  full();
  if (expedited_) {
    static_cast<void>(membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED));
  }
}

}  // namespace skein::lowlevel
