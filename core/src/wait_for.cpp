// SPDX-License-Identifier: Apache-2.0
// wait_for.cpp: waiting without a limit for something that was cancelled because there was no time.
#include <skein/core/errors.hpp>
#include <skein/core/wait_for.hpp>

namespace skein::detail {

void throw_timed_out() { throw timeout_error{"timed out: wait_for had no time to wait"}; }

coro<void> cancel_and_wait(state_ref<> awaited) {
  {
    watching<ringing_watcher> const end{new ringing_watcher{1}};
    end->watch(awaited);
    awaited->cancel({});
    co_await end->bell.wait();
  }
  if (awaited->status() == future_status::cancelled) {
    throw_timed_out();
  }
}

}  // namespace skein::detail
