// SPDX-License-Identifier: Apache-2.0
// work_item.hpp: the unit that every queue of the scheduler carries.
#pragma once

#include <cstddef>
#include <utility>

namespace skein::lowlevel {

class work_item;
class wait_node;
class dependency;

/// What a work item does; one constant table for each kind of item.
struct work_ops {
  /// Runs the item on the worker that took it from a queue. The item may be gone when this returns.
  void (*run)(work_item&) noexcept;
  /// Drops the item without running it, because its loop was closed.
  void (*drop)(work_item&) noexcept;
  /// For items that wait: takes a cancel request, see `wait_node`. Null for others.
  bool (*cancel)(wait_node&) noexcept;
  /// For items that wait: forgets the primitive it is queued at, when the frame goes before the wait ended.
  void (*abandon)(wait_node&) noexcept;
  /// For reports: what is waited for, such as "sleep" or "lock.acquire".
  char const* what;
  /// For reports: says who can end the wait, see `dependency`. Called while the wait is held where it is; it
  /// may take the primitive's lock, and allocates nothing. Null: anybody may.
  void (*depends)(wait_node&, dependency&) noexcept = nullptr;
};

/// An intrusive queue entry. It is in at most one queue at a time, and the queue borrows it.
///
/// Lifetime    Whoever queues it keeps it alive until it is run or dropped.
class work_item {
 public:
  explicit work_item(work_ops const& ops) noexcept : ops_{&ops} {}
  work_item(work_item const&) = delete;
  work_item& operator=(work_item const&) = delete;

  [[nodiscard]] work_ops const& ops() const noexcept { return *ops_; }
  void run() noexcept { ops_->run(*this); }
  void drop() noexcept { ops_->drop(*this); }

  work_item* next = nullptr;

 protected:
  ~work_item() = default;

 private:
  work_ops const* const ops_;
};

/// A FIFO of work items for one thread: exact order, no bound, no allocation.
class work_list {
 public:
  [[nodiscard]] bool empty() const noexcept { return head_ == nullptr; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }

  void push_back(work_item& item) noexcept {
    item.next = nullptr;
    if (tail_ != nullptr) {
      tail_->next = &item;
    } else {
      head_ = &item;
    }
    tail_ = &item;
    ++size_;
  }

  [[nodiscard]] work_item* pop_front() noexcept {
    work_item* const item = head_;
    if (item != nullptr) {
      head_ = item->next;
      if (head_ == nullptr) {
        tail_ = nullptr;
      }
      item->next = nullptr;
      --size_;
    }
    return item;
  }

 private:
  work_item* head_ = nullptr;
  work_item* tail_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace skein::lowlevel
