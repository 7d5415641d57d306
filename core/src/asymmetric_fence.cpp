// SPDX-License-Identifier: Apache-2.0
// asymmetric_fence.cpp: membarrier, where the kernel has it.
#include <skein/core/lowlevel/asymmetric_fence.hpp>

#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdlib>

namespace skein::lowlevel {
namespace {
[[nodiscard]] bool membarrier(int command) noexcept { return syscall(SYS_membarrier, command, 0, 0) == 0; }
}  // namespace

asymmetric_fence const& asymmetric_fence::of_process() noexcept {
  static asymmetric_fence const one{membarrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED)};
  return one;
}

void asymmetric_fence::full() noexcept { std::atomic_thread_fence(memory_order_seq_cst); }

// A registered process is not refused. A child of fork() may have to register anew.
void asymmetric_fence::heavy() const noexcept {
  full();
  if (expedited_ && !membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED)) [[unlikely]] {
    if (!membarrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED) ||
        !membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED)) {
      std::abort();  // others rely on it
    }
  }
}

}  // namespace skein::lowlevel
