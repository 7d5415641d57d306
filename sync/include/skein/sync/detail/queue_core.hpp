// SPDX-License-Identifier: Apache-2.0
// queue_core.hpp: the lines, counts and rules of a queue, without the type of its items.
//
// What       Items are nodes that the typed side makes and destroys outside of the lock; under it they are
//            only linked. An item that is put while getters wait goes to the first of them; when there is
//            room, the first putter in line is called and puts its item when it runs. Who is cancelled in
//            between gives the item or the room back at once.
// Source     asyncio.Queue of CPython 3.13 for the rules; the hand-over is ours (notes/hand_over.md).
// Threads    Any.
// Progress   Spinlock; see waiter.hpp. shut_down takes as many steps as there are waiters.
// Lifetime   Outlives every await of it.
//
// Invariants (guarded by lock_)
//   I1  Items and getters in line are never there at the same time.
//   I2  Items, called getters and called putters are never more than maxsize_, if there is a bound.
//   I3  Putters in line are there only while I2 leaves no room.
//   I4  Items stand in the order in which they were put, also after one came back from a cancelled getter.
//
// Checked    tests/sync/queue_test.cpp, tests/sync/handoff_cancel_test.cpp; tests/stress/sync_stress.cpp
//            under ThreadSanitizer.
#pragma once

#include <skein/sync/detail/place.hpp>

#include <skein/core/lowlevel/spinlock.hpp>

#include <cstddef>
#include <cstdint>
#include <string>

namespace skein::detail {

/// An item in the queue, or on its way in or out.
struct queue_node {
  queue_node* next = nullptr;
  std::uint64_t number = 0;  // the how many-eth that was put
};

class get_wait;

class queue_core {
 public:
  explicit queue_core(std::size_t maxsize) noexcept;
  queue_core(queue_core const&) = delete;
  queue_core& operator=(queue_core const&) = delete;
  ~queue_core() = default;

  enum class result { done, not_now, shut_down };

  /// Puts a node; on anything but done it stays the caller's.
  [[nodiscard]] result try_put(queue_node& node) noexcept;
  /// Takes the oldest node into `node`.
  [[nodiscard]] result try_get(queue_node*& node) noexcept;
  /// Returns     False when it was called more often than items were put.
  [[nodiscard]] bool task_done() noexcept;
  /// Returns     The items that were dropped, for the caller to destroy.
  [[nodiscard]] queue_node* shut_down(bool immediate) noexcept;
  /// The queue goes: nobody in line will be woken.
  ///
  /// Returns     The items, for the caller to destroy.
  [[nodiscard]] queue_node* disband() noexcept;

  [[nodiscard]] std::size_t size() const noexcept;
  [[nodiscard]] bool full() const noexcept;
  [[nodiscard]] std::size_t maxsize() const noexcept { return maxsize_; }
  [[nodiscard]] std::size_t waiting() const noexcept;
  [[nodiscard]] std::string repr() const;

 private:
  friend class get_wait;
  friend class put_wait;
  friend class join_wait;

  // All with lock_ held.
  [[nodiscard]] bool has_room() const noexcept {
    return maxsize_ == 0 || size_ + called_getters_.size() + called_putters_.size() < maxsize_;
  }
  void push_back(queue_node& node) noexcept;
  void push_in_order(queue_node& node) noexcept;
  [[nodiscard]] queue_node* pop_front() noexcept;
  void accept(queue_node& node, wake_chain& chain) noexcept;
  void take_back(get_wait& from, wake_chain& chain) noexcept;
  void call_putters(wake_chain& chain) noexcept;
  void call_joiners_if_done(wake_chain& chain) noexcept;

  mutable lowlevel::spinlock lock_;
  std::size_t const maxsize_;  // 0: no bound
  queue_node* head_ = nullptr;
  queue_node* tail_ = nullptr;
  std::size_t size_ = 0;
  std::size_t unfinished_ = 0;      // put and not yet reported by task_done
  std::uint64_t put_in_total_ = 0;  // numbers the items
  bool shut_down_ = false;
  bool dropped_ = false;  // by shutdown(true)
  waiter_line getters_{lock_};
  waiter_line putters_{lock_};
  waiter_line joiners_{lock_};
  waiter_line called_getters_{lock_};  // have an item and did not run yet
  waiter_line called_putters_{lock_};  // have room and did not run yet
};

[[noreturn]] void throw_queue_empty();
[[noreturn]] void throw_queue_full(std::size_t maxsize);
[[noreturn]] void throw_queue_shut_down();
[[noreturn]] void throw_task_done_too_often();

}  // namespace skein::detail
