// SPDX-License-Identifier: Apache-2.0
// state_wait.cpp: standing in a line, leaving it, emptying it.
#include "state_wait.hpp"

#include <utility>

namespace skein::detail {

void wait_line::wake_all(std::unique_lock<std::mutex> held) noexcept {
  lowlevel::wait_list all = std::exchange(list_, {});
  for (auto* node = all.front(); node != nullptr; node = static_cast<lowlevel::wait_node*>(node->next)) {
    static_cast<state_wait*>(node)->linked_ = false;
  }
  held.unlock();
  while (lowlevel::wait_node* const node = all.pop_front()) {
    lowlevel::wake(*node);
  }
}

bool state_wait::await_ready() noexcept {
  std::lock_guard const held{line_.mutex_};
  return holds_(owner_);
}

bool state_wait::suspend() noexcept {
  std::lock_guard const held{line_.mutex_};
  if (holds_(owner_) || !begin()) {
    return false;
  }
  line_.list_.push_back(*this);
  linked_ = true;
  return true;
}

bool state_wait::unlink() noexcept {
  if (!std::exchange(linked_, false)) {
    return false;
  }
  line_.list_.remove(*this);
  return true;
}

bool state_wait::cancel_wait(lowlevel::wait_node& node) noexcept {
  auto& self = static_cast<state_wait&>(node);
  {
    std::lock_guard const held{self.line_.mutex_};
    if (!self.unlink()) {
      return false;
    }
    self.set_cancelled();
  }
  lowlevel::wake(self);
  return true;
}

void state_wait::abandon_wait(lowlevel::wait_node& node) noexcept {
  auto& self = static_cast<state_wait&>(node);
  std::lock_guard const held{self.line_.mutex_};
  static_cast<void>(self.unlink());
}

}  // namespace skein::detail
