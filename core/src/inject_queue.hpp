// SPDX-License-Identifier: Apache-2.0
// inject_queue.hpp: stealable work that belongs to no worker: from other threads, or overflowing a run queue.
//
// A moodycamel::ConcurrentQueue. Debian's 1.0.3 has known bugs in its implicit producers, so only explicit
// tokens are used: one for each worker, and a few for all other threads, each behind a lock
// (notes/inject_queue.md). Order is kept for what one producer pushes.
#pragma once

#include <skein/core/lowlevel/atomic.hpp>
#include <skein/core/lowlevel/work_item.hpp>

#include <cstddef>
#include <memory>
#include <span>

namespace skein::detail {

class inject_queue {
 public:
  /// `workers` producers with a token of their own.
  explicit inject_queue(unsigned workers);
  ~inject_queue();

  /// Pushes as worker `index`, on that worker's thread. Never fails: without memory a locked list is used.
  void push(std::span<lowlevel::work_item*> items, unsigned index) noexcept;
  /// Pushes from any other thread.
  void push_foreign(lowlevel::work_item& item) noexcept;
  /// Takes up to `into.size()` items as worker `index`.
  ///
  /// Returns     How many.
  [[nodiscard]] std::size_t take(std::span<lowlevel::work_item*> into, unsigned index) noexcept;

  /// Items pushed and not taken; counted after the push and before the take (I2 of idle_set.hpp).
  [[nodiscard]] bool empty() const noexcept { return count_.load(lowlevel::memory_order_seq_cst) <= 0; }

 private:
  struct storage;
  void overflow(lowlevel::work_item& item) noexcept;

  std::unique_ptr<storage> storage_;
  alignas(lowlevel::cache_line) lowlevel::atomic<std::ptrdiff_t> count_{0};
};

}  // namespace skein::detail
