// SPDX-License-Identifier: Apache-2.0
// inbox.hpp: work sent to one worker by everybody else.
//
// What       An intrusive list with many producers and one consumer. The consumer takes the whole list in
//            one exchange and reverses it, so items come out in the order they arrived.
// Source     R. K. Treiber, "Systems Programming: Coping with Parallelism", IBM RJ 5118, 1986: the push.
// Threads    push, close, looks_empty: any thread.  take_all: the owning worker.
// Progress   push is lock-free, take_all wait-free plus one pass over what it took. No allocation.
// Lifetime   The inbox borrows a pushed item until take_all returns it. A closed inbox takes nothing more.
//
// Invariants
//   I1  head_ is null, the closed mark, or the newest item of a null-terminated list.
//   I2  An item is in at most one inbox. Its link is written only before [A] publishes it.
//   I3  Once closed, always closed: a push either was taken by close's last take_all or returns false.
//
// Orders     [tag] stands at the line that carries the order.
//   [A] push, compare-exchange, release   pairs with [B]: who takes an item sees its link and all that its
//                                         producer wrote before push.
//   [B] take_all and close, exchange, acquire.
//   relaxed  push's first load: the value is copied into a link and never followed; looks_empty: a hint.
//
// Checked    tests/core/inbox_test.cpp; tests/stress/inbox_stress.cpp under ThreadSanitizer.
#pragma once

#include <skein/core/lowlevel/atomic.hpp>
#include <skein/core/lowlevel/work_item.hpp>

#include <cstdint>

namespace skein::lowlevel {

/// Work for one worker, from any thread.
class inbox {
 public:
  /// Returns     False when the inbox is closed; the item was not taken.
  [[nodiscard]] bool push(work_item& item) noexcept {
    work_item* head = head_.load(memory_order_relaxed);
    do {
      if (head == closed_mark()) {
        return false;
      }
      item.next = head;
    } while (!head_.compare_exchange_weak(head, &item, memory_order_release, memory_order_relaxed));  // [A]
    return true;
  }

  /// Moves everything to the end of `into`, in the order of arrival.
  ///
  /// Returns     How many items.
  std::size_t take_all(work_list& into) noexcept {
    work_item* const head = head_.load(memory_order_relaxed);
    if (head == nullptr || head == closed_mark()) {
      return 0;
    }
    return append(head_.exchange(nullptr, memory_order_acquire), into);  // [B]
  }

  /// Refuses all later pushes and takes what was accepted.
  std::size_t close(work_list& into) noexcept {
    return append(head_.exchange(closed_mark(), memory_order_acquire), into);  // [B]
  }

  [[nodiscard]] bool looks_empty() const noexcept {
    work_item* const head = head_.load(memory_order_relaxed);
    return head == nullptr || head == closed_mark();
  }

 private:
  static work_item* closed_mark() noexcept { return reinterpret_cast<work_item*>(std::uintptr_t{1}); }

  static std::size_t append(work_item* newest, work_list& into) noexcept {
    if (newest == closed_mark()) {
      return 0;
    }
    work_item* oldest = nullptr;
    while (newest != nullptr) {
      work_item* const older = newest->next;
      newest->next = oldest;
      oldest = newest;
      newest = older;
    }
    std::size_t count = 0;
    while (oldest != nullptr) {
      work_item* const item = oldest;
      oldest = oldest->next;
      into.push_back(*item);
      ++count;
    }
    return count;
  }

  alignas(cache_line) atomic<work_item*> head_{nullptr};
};

}  // namespace skein::lowlevel
