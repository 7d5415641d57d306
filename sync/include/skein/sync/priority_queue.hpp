// SPDX-License-Identifier: Apache-2.0
// priority_queue.hpp: items from tasks to tasks, the smallest first.
#pragma once

#include <skein/sync/detail/item_forest.hpp>
#include <skein/sync/queue.hpp>

#include <concepts>
#include <functional>
#include <mutex>
#include <type_traits>
#include <utility>

namespace skein {

/// The order of a queue: an item comes before those that are greater. Equal ones come in the order in which
/// they were put.
///
/// Items are compared when one is taken, never when one is put or a getter is cancelled. A comparison is
/// code of the user: it runs under a mutex of its own, not under the spinlock of the queue. It has to exclude
/// other getters, because comparing needs items that nobody takes away meanwhile.
template <class T, class Compare>
class priority_order {
 public:
  using node = detail::tree_node;
  static constexpr auto in_core = detail::item_order::chosen;
  static constexpr char const* name = "priority_queue";

  priority_order() = default;
  template <class C>
    requires(!std::same_as<std::remove_cvref_t<C>, priority_order> && std::constructible_from<Compare, C>)
  explicit priority_order(C&& compare) : less_(std::forward<C>(compare)) {}

  /// Returns     The item for a share; null when all were dropped.
  /// Throws      What a comparison throws; the item and the claim stay where they are.
  [[nodiscard]] detail::queue_node* take(detail::queue_core& core, detail::queue_share& share) {
    std::lock_guard const guard{mutex_};
    items_.add(core.take_all());
    detail::queue_node* const first = items_.pop([this](detail::tree_node& a, detail::tree_node& b) {
      T const& x = static_cast<item&>(a).value;
      T const& y = static_cast<item&>(b).value;
      return a.number < b.number ? !std::invoke(less_, y, x) : std::invoke(less_, x, y);
    });
    share.claim = false;
    if (first != nullptr) {
      core.use_claim();
    }
    return first;
  }
  /// Returns     The items that were dropped.
  [[nodiscard]] detail::queue_node* shut_down(detail::queue_core& core, bool immediate) noexcept {
    std::lock_guard const guard{mutex_};  // a getter that is about to choose finds all or nothing
    detail::queue_node* const fresh = core.shut_down(immediate);
    return immediate ? items_.take_all(fresh) : fresh;
  }
  /// Returns     All items that are left.
  [[nodiscard]] detail::queue_node* disband(detail::queue_core& core) noexcept {
    return items_.take_all(core.disband(name));
  }

 private:
  using item = detail::queue_item<T, node>;

  std::mutex mutex_;
  // Guarded by mutex_.
  detail::item_forest items_;
  [[no_unique_address]] Compare less_{};
};

/// A queue whose getters take the smallest item, by `Compare`; equal ones in the order in which they were
/// put. Everything else is as in `queue`.
///
///     skein::priority_queue<std::pair<int, job>> jobs;   // the lowest number first
///
/// A comparison may put into the queue, and look at it; it must not take from it or shut it down. What it
/// throws comes out of the get, and the item stays in the queue.
///
/// Threads     As queue. Comparisons do not run at the same time.
/// Lifetime    As queue.
/// Cancelling  As queue; a getter that was called and is cancelled leaves its claim to the next in line.
/// Order       Getters are served first come, first served; each takes what is the smallest when it runs.
/// Cost        Put: as queue. Get: about log n comparisons on average; a mutex.
/// Source      asyncio.PriorityQueue; differs: a comparison may be given, `priority_queue<T, C> q{n, c}`.
template <class T, class Compare = std::less<T>>
using priority_queue = queue<T, priority_order<T, Compare>>;

}  // namespace skein
