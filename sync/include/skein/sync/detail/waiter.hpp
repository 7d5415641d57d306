// SPDX-License-Identifier: Apache-2.0
// waiter.hpp: a place in the line of a primitive.
#pragma once

#include <skein/core/lowlevel/wait_node.hpp>

#include <source_location>

namespace skein::detail {

/// A wait in a primitive's list. All its fields are guarded by the primitive's lock, but for the moment after
/// it was resumed, when only its coroutine knows it.
class waiter : public lowlevel::wait_node {
 public:
  using wait_node::wait_node;

  bool linked = false;   // in the primitive's list
  bool granted = false;  // taken out of it, because it has been given what it waits for
};

/// A list of waiters, first come, first served. The caller locks.
class waiter_line {
 public:
  [[nodiscard]] bool empty() const noexcept { return list_.empty(); }
  [[nodiscard]] std::size_t size() const noexcept { return list_.size(); }
  void join(waiter& w) noexcept {
    list_.push_back(w);
    w.linked = true;
  }
  /// Returns     False when it is not in the line any more.
  [[nodiscard]] bool leave(waiter& w) noexcept {
    if (!w.linked) {
      return false;
    }
    list_.remove(w);
    w.linked = false;
    return true;
  }
  /// Takes the first one out; null when there is none.
  [[nodiscard]] waiter* next() noexcept {
    auto* const first = static_cast<waiter*>(list_.pop_front());
    if (first != nullptr) {
      first->linked = false;
    }
    return first;
  }
  /// The primitive goes: those who wait will never find it again.
  void disband() noexcept {
    while (next() != nullptr) {
    }
  }

 private:
  lowlevel::wait_list list_;
};

/// A chain of waiters to be woken after the lock was given back.
class wake_chain {
 public:
  void add(waiter* w) noexcept {
    if (w != nullptr) {
      w->next = nullptr;
      (last_ != nullptr ? last_->next : first_) = w;
      last_ = w;
    }
  }
  /// Wakes all, in the order they were added.
  void wake() noexcept {
    while (first_ != nullptr) {
      auto* const w = static_cast<waiter*>(first_);
      first_ = w->next;
      lowlevel::wake(*w);
    }
    last_ = nullptr;
  }

 private:
  lowlevel::work_item* first_ = nullptr;
  lowlevel::work_item* last_ = nullptr;
};

}  // namespace skein::detail
