// SPDX-License-Identifier: Apache-2.0
// task_registry.hpp: the unfinished tasks that were made on one loop.
#pragma once

#include <skein/core/detail/task_state.hpp>
#include <skein/core/lowlevel/spinlock.hpp>

#include <cstddef>
#include <mutex>
#include <vector>

namespace skein::detail {

/// An intrusive list behind a lock.
///
/// Threads     Any.
class task_registry {
 public:
  void add(task_state& task) noexcept {
    std::lock_guard const guard{lock_};
    task.registry_next = head_;
    task.registry_previous = nullptr;
    if (head_ != nullptr) {
      head_->registry_previous = &task;
    }
    head_ = &task;
    size_.store(size_.load(lowlevel::memory_order_relaxed) + 1, lowlevel::memory_order_relaxed);
  }

  void remove(task_state& task) noexcept {
    std::lock_guard const guard{lock_};
    if (task.registry_previous != nullptr) {
      task.registry_previous->registry_next = task.registry_next;
    } else {
      head_ = task.registry_next;
    }
    if (task.registry_next != nullptr) {
      task.registry_next->registry_previous = task.registry_previous;
    }
    size_.store(size_.load(lowlevel::memory_order_relaxed) - 1, lowlevel::memory_order_relaxed);
  }

  /// Adds a reference to every task to `into`, the newest first.
  void collect(std::vector<state_ref<task_state>>& into) {
    std::size_t expected = size();
    for (;;) {
      into.reserve(into.size() + expected);  // not under the lock
      std::lock_guard const guard{lock_};
      if (size_.load(lowlevel::memory_order_relaxed) > expected) {
        expected = 2 * size_.load(lowlevel::memory_order_relaxed);
        continue;
      }
      for (task_state* task = head_; task != nullptr; task = task->registry_next) {
        into.push_back(state_ref<task_state>::share(task));
      }
      return;
    }
  }

  /// Looks for a task that may be gone, among the newest `limit` ones.
  ///
  /// Returns     A reference to it; null when it is not here.
  [[nodiscard]] state_ref<> find(task_state const* wanted, std::size_t limit) noexcept {
    std::lock_guard const guard{lock_};
    task_state* task = head_;
    for (; task != nullptr && task != wanted && limit > 0; --limit) {
      task = task->registry_next;
    }
    return task == wanted && task != nullptr ? state_ref<>::share(task) : state_ref<>{};
  }

  [[nodiscard]] std::size_t size() const noexcept { return size_.load(lowlevel::memory_order_relaxed); }

 private:
  lowlevel::spinlock lock_;
  task_state* head_ = nullptr;             // guarded by lock_
  lowlevel::atomic<std::size_t> size_{0};  // written under lock_
};

}  // namespace skein::detail
