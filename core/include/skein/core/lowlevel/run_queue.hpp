// SPDX-License-Identifier: Apache-2.0
// run_queue.hpp: the ready tasks of one worker, oldest first, which other workers may take in halves.
//
// What       A ring of fixed size. The owner appends at the tail; the owner and thieves take at the head by
//            one compare-exchange, a thief as many as half of what is there.
// Source     The local run queue of Go's scheduler (D. Vyukov, "Scalable Go Scheduler Design Doc", 2012).
// Threads    push, pop: the owning worker.  steal_half, size: any thread.
// Progress   push is wait-free; pop and steal_half are lock-free.
// Lifetime   Items are borrowed until they are taken.
//
// Invariants
//   I1  head_ <= tail_ <= head_ + capacity; both only grow (64 bits do not wrap in practice).
//   I2  Entry i with head_ <= i < tail_ is taken by whoever moves head_ over it, once.
//   I3  push writes entry i only when i < head_ + capacity, so a thief that copied an entry which was
//       overwritten meanwhile fails its compare-exchange: head_ has moved.
//
// Orders     [tag] stands at the line that carries the order.
//   [A] push, store of tail_, release      pairs with [B]: who sees the tail sees the entry and the item.
//   [B] steal_half, load of tail_, acquire.
//   [C] compare-exchange of head_, acq_rel  pairs with [D]: the owner overwrites an entry only after the
//       reads of the thief that took it.
//   [D] push, load of head_, acquire.
//   relaxed  tail_ read by its only writer; entries (published by [A]); size, whose callers that go to sleep
//            have passed the heavy fence of the idle set before.
//
// Checked    tests/core/run_queue_test.cpp; tests/stress/run_queue_stress.cpp under ThreadSanitizer.
#pragma once

#include <skein/core/lowlevel/atomic.hpp>
#include <skein/core/lowlevel/work_item.hpp>

#include <array>
#include <cstdint>

namespace skein::lowlevel {

/// The stealable FIFO of a worker.
template <std::uint64_t Capacity = 256>
class basic_run_queue {
  static_assert((Capacity & (Capacity - 1)) == 0, "the capacity is a power of two");

 public:
  static constexpr std::uint64_t capacity = Capacity;

  /// Appends an item.
  ///
  /// Returns     False when the ring is full; the item was not taken.
  [[nodiscard]] bool push(work_item& item) noexcept {
    std::uint64_t const tail = tail_.load(memory_order_relaxed);
    if (tail - head_.load(memory_order_acquire) >= Capacity) [[unlikely]] {  // [D]
      return false;
    }
    entries_[tail & mask].store(&item, memory_order_relaxed);
    tail_.store(tail + 1, memory_order_release);  // [A]
    return true;
  }

  /// Takes the oldest item, or null.
  [[nodiscard]] work_item* pop() noexcept {
    std::uint64_t head = head_.load(memory_order_relaxed);
    for (;;) {
      if (head == tail_.load(memory_order_relaxed)) {
        return nullptr;
      }
      work_item* const item = entries_[head & mask].load(memory_order_relaxed);
      if (head_.compare_exchange_weak(head, head + 1, memory_order_acq_rel, memory_order_relaxed)) {  // [C]
        return item;
      }
    }
  }

  /// Takes up to half of the items, the oldest: all but one go to `into` (the thief's own queue).
  ///
  /// Returns     The item to run now, or null when there was nothing.
  [[nodiscard]] work_item* steal_half(basic_run_queue& into) noexcept {
    std::array<work_item*, Capacity / 2> taken;
    std::uint64_t head = head_.load(memory_order_acquire);
    for (;;) {
      std::uint64_t const tail = tail_.load(memory_order_acquire);  // [B]
      // The thief's queue is empty when it steals, but leave room in any case: into is never overfilled.
      std::uint64_t const available = tail - head;
      std::uint64_t const count = available - available / 2;
      if (tail <= head) {
        return nullptr;
      }
      if (count > Capacity / 2) {  // head and tail were read at different moments
        head = head_.load(memory_order_acquire);
        continue;
      }
      for (std::uint64_t i = 0; i < count; ++i) {
        taken[i] = entries_[(head + i) & mask].load(memory_order_relaxed);
      }
      if (head_.compare_exchange_weak(head, head + count, memory_order_acq_rel,  // [C]
                                      memory_order_acquire)) {
        for (std::uint64_t i = 1; i < count; ++i) {
          static_cast<void>(into.push(*taken[i]));
        }
        return taken[0];
      }
    }
  }

  /// A snapshot.
  [[nodiscard]] std::uint64_t size() const noexcept {
    std::uint64_t const head = head_.load(memory_order_relaxed);
    std::uint64_t const tail = tail_.load(memory_order_relaxed);
    return tail > head ? tail - head : 0;
  }
  [[nodiscard]] bool empty() const noexcept { return size() == 0; }

 private:
  static constexpr std::uint64_t mask = Capacity - 1;

  // Moved by the owner and by thieves.
  alignas(cache_line) atomic<std::uint64_t> head_{0};
  // Written by the owner, read by thieves.
  alignas(cache_line) atomic<std::uint64_t> tail_{0};
  std::array<atomic<work_item*>, Capacity> entries_{};
};

using run_queue = basic_run_queue<>;

}  // namespace skein::lowlevel
