// SPDX-License-Identifier: Apache-2.0
// readiness_wait.cpp: suspending until an event, and being cancelled meanwhile.
#include "readiness_wait.hpp"

#include <stdexcept>

namespace skein::detail {

lowlevel::work_ops const readiness_wait::read_ops{&lowlevel::wait_node::resume, &lowlevel::drop_wait,
                                                  &readiness_wait::cancel_wait, &readiness_wait::abandon_wait,
                                                  "a readable socket"};
lowlevel::work_ops const readiness_wait::write_ops{&lowlevel::wait_node::resume, &lowlevel::drop_wait,
                                                   &readiness_wait::cancel_wait,
                                                   &readiness_wait::abandon_wait, "a writable socket"};

bool readiness_wait::suspend() noexcept {
  switch (where_.slot->watch(where_.number, side_, *this)) {
    case watching::armed:
      return true;
    case watching::occupied:
      occupied_ = true;
      return false;
    case watching::ready:
    case watching::cancelled:  // ended() says so
    case watching::gone:       // the next call finds out
      return false;
  }
  return false;
}

void readiness_wait::await_resume() {
  if (ended()) {
    lowlevel::throw_cancelled();
  }
  if (occupied_) {
    throw std::runtime_error{"another task is waiting for this socket already: give each direction one task"};
  }
}

bool readiness_wait::cancel_wait(lowlevel::wait_node& node) noexcept {
  auto& self = static_cast<readiness_wait&>(node);
  if (!self.where_.slot->forget(self.side_, self, true)) {
    return false;
  }
  lowlevel::wake(self);
  return true;
}

void readiness_wait::abandon_wait(lowlevel::wait_node& node) noexcept {
  auto& self = static_cast<readiness_wait&>(node);
  static_cast<void>(self.where_.slot->forget(self.side_, self, false));
}

}  // namespace skein::detail
