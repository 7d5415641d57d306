// SPDX-License-Identifier: Apache-2.0
// relief.hpp: a neighbour's turn that looks after the timers and the driver of a worker which is held up.
#pragma once

#include <skein/core/lowlevel/atomic.hpp>
#include <skein/core/lowlevel/work_item.hpp>

namespace skein::detail {

class worker;

/// A work item of the inject queue: whoever takes it serves that worker once.
///
/// Threads     ask: the monitor. The rest: the worker that has taken it, or who drops it.
class relief : public lowlevel::work_item {
 public:
  explicit relief(worker& w) noexcept : work_item{ops_table}, worker_{w} {}

  /// Queues it, unless it is queued already.
  void ask() noexcept;

 private:
  static lowlevel::work_ops const ops_table;
  void done() noexcept { queued_.store(false, lowlevel::memory_order_release); }  // [A]

  worker& worker_;
  // Set by the monitor, cleared by who has run it [A]; the monitor then may use the item's link again.
  lowlevel::atomic<bool> queued_{false};
};

}  // namespace skein::detail
