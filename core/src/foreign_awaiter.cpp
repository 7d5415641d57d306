// SPDX-License-Identifier: Apache-2.0
// foreign_awaiter.cpp: the coroutine that wakes one of ours when somebody else resumes it.
#include <skein/core/detail/foreign_awaiter.hpp>

namespace skein::detail {

lowlevel::work_ops const foreign_wait_ops{&lowlevel::wait_node::resume, &lowlevel::drop_wait,
                                          [](lowlevel::wait_node&) noexcept { return false; },
                                          [](lowlevel::wait_node&) noexcept {}, "a foreign awaitable"};

foreign_waker make_foreign_waker(lowlevel::wait_node& node) {
  lowlevel::wake(node);
  co_return;
}

}  // namespace skein::detail
