// SPDX-License-Identifier: Apache-2.0
// queue_item.hpp: a node of a queue with its value.
#pragma once

#include <skein/sync/detail/item_run.hpp>
#include <skein/sync/detail/queue_core.hpp>

#include <skein/core/lowlevel/frame_block.hpp>

#include <skein/core/report.hpp>

#include <memory>
#include <new>
#include <utility>

namespace skein::detail {

/// A value in a block of its own, from the lists of the frame allocator.
template <class T, class Node = queue_node>
struct queue_item : Node, lowlevel::frame_block {
  explicit queue_item(T&& v) : value{std::move(v)} {}
  T value;
};

/// Destroys the items of a list, and its runs.
template <class Item>
void destroy_items(queue_node* first) noexcept {
  while (first != nullptr) {
    queue_node* const node = std::exchange(first, first->next);
    if (node->is_run()) {
      delete static_cast<item_run*>(node);
    } else {
      delete static_cast<Item*>(node);
    }
  }
}

/// For the destructor of a getter, after leave(): an item that nobody asked for. One that was copied out of a
/// run goes back; that fails, and it is lost, only without memory.
template <class Item>
void discard_item(queue_core& core, queue_share& share) noexcept {
  destroy_items<Item>(std::exchange(share.item, nullptr));
  if constexpr (stands_in_runs<decltype(Item::value)>) {
    if (std::exchange(share.copied, false)) [[unlikely]] {
      try {
        auto node = std::make_unique<Item>(item_copy<decltype(Item::value), true>::item_at(share.into));
        node->number = share.number;
        if (core.give_back(*node)) {
          static_cast<void>(node.release());
        }
      } catch (std::bad_alloc const&) {
        log_line("skein: an item that nobody took from its getter is lost: no memory to put it back");
      }
    }
  }
}

}  // namespace skein::detail
