// SPDX-License-Identifier: Apache-2.0
// signals_blocked.hpp: for a moment in which a thread is made that must not handle the program's signals.
#pragma once

#include <csignal>

namespace skein::detail {

/// Blocks all signals on this thread while it exists; a thread that is made meanwhile keeps them blocked.
class signals_blocked {
 public:
  signals_blocked() noexcept {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  signals_blocked(signals_blocked const&) = delete;
  signals_blocked& operator=(signals_blocked const&) = delete;
  ~signals_blocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_;
};

}  // namespace skein::detail
