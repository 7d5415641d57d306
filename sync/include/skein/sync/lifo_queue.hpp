// SPDX-License-Identifier: Apache-2.0
// lifo_queue.hpp: items from tasks to tasks, last in, first out.
#pragma once

#include <skein/sync/queue.hpp>

#include <utility>

namespace skein {

/// The order of a queue: last in, first out.
struct lifo_order {
  using node = detail::queue_node;
  static constexpr auto in_core = detail::item_order::newest;
  static constexpr char const* name = "lifo_queue";

  /// Returns     The item for a share; null when all were dropped.
  [[nodiscard]] static detail::queue_node* take(detail::queue_core& core,
                                                detail::queue_share& share) noexcept {
    share.claim = false;
    return core.take_newest();
  }
  /// Returns     The items that were dropped.
  [[nodiscard]] static detail::queue_node* shut_down(detail::queue_core& core, bool immediate) noexcept {
    return core.shut_down(immediate);
  }
  /// Returns     All items that are left.
  [[nodiscard]] static detail::queue_node* disband(detail::queue_core& core) noexcept {
    return core.disband(name);
  }
};

/// A queue whose getters take the newest item. Everything else is as in `queue`.
///
/// Threads     As queue.
/// Lifetime    As queue.
/// Cancelling  As queue; a getter that was called and is cancelled leaves its claim to the next in line.
/// Order       Getters are served first come, first served; each takes what is the newest item when it runs.
/// Source      asyncio.LifoQueue.
template <class T>
using lifo_queue = queue<T, lifo_order>;

}  // namespace skein
