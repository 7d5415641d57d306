// SPDX-License-Identifier: Apache-2.0
// item_forest.hpp: items of which the first by some order is wanted, again and again.
//
// What       Trees in which no item comes before its parent. Adding makes a tree of one item; taking the
//            first links neighbouring trees, in pairs, until one is left, takes its root, and leaves its
//            children as the new trees.
// Source     Fredman, Sedgewick, Sleator, Tarjan, "The pairing heap", Algorithmica 1, 1986: the multipass
//            variant.
// Threads    One at a time.
// Progress   n items are added and taken in about n log n comparisons; one pop may take as many steps as
//            there are items. No allocation.
// Lifetime   Borrows its nodes until they are taken.
//
// Invariants
//   I1  Every item that was added and not taken is in exactly one tree; also when a comparison threw.
//
// Checked    tests/sync/priority_queue_test.cpp, beside std::multimap.
#pragma once

#include <skein/sync/detail/queue_core.hpp>

#include <utility>

namespace skein::detail {

/// An item in a forest.
struct tree_node : queue_node {  // next: the next tree, or the next child of the same parent
  tree_node* child = nullptr;
};

class item_forest {
 public:
  /// Adds a list of nodes.
  void add(queue_node* list) noexcept {
    while (list != nullptr) {
      auto* const node = static_cast<tree_node*>(list);
      list = list->next;
      node->child = nullptr;
      node->next = trees_;
      trees_ = node;
    }
  }

  /// Takes the first item. `comes_before(a, b)` says whether a comes before b; what it throws leaves
  /// everything in the forest.
  ///
  /// Returns     Null when it is empty.
  template <class ComesBefore>
  [[nodiscard]] tree_node* pop(ComesBefore comes_before) {
    if (trees_ == nullptr) {
      return nullptr;
    }
    while (trees_->next != nullptr) {
      for (queue_node** place = &trees_; *place != nullptr && (*place)->next != nullptr;) {
        auto* const one = static_cast<tree_node*>(*place);
        auto* const two = static_cast<tree_node*>(one->next);
        bool const swap = comes_before(*two, *one);
        tree_node* const upper = swap ? two : one;
        tree_node* const lower = swap ? one : two;
        upper->next = two->next;
        lower->next = upper->child;
        upper->child = lower;
        *place = upper;
        place = &upper->next;
      }
    }
    auto* const first = static_cast<tree_node*>(std::exchange(trees_, nullptr));
    trees_ = std::exchange(first->child, nullptr);
    return first;
  }

  /// Returns     All nodes, as a list in no order, chained in front of `rest`.
  [[nodiscard]] queue_node* take_all(queue_node* rest) noexcept {
    while (trees_ != nullptr) {
      auto* const node = static_cast<tree_node*>(trees_);
      trees_ = node->next;
      while (node->child != nullptr) {
        tree_node* const child = node->child;
        node->child = static_cast<tree_node*>(child->next);
        child->next = std::exchange(trees_, child);
      }
      node->next = std::exchange(rest, node);
    }
    return rest;
  }

 private:
  queue_node* trees_ = nullptr;
};

}  // namespace skein::detail
