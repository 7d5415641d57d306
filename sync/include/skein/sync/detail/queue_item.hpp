// SPDX-License-Identifier: Apache-2.0
// queue_item.hpp: a node of a queue with its value.
#pragma once

#include <skein/sync/detail/queue_core.hpp>

#include <skein/core/lowlevel/frame_allocator.hpp>

#include <cstddef>
#include <memory>
#include <new>
#include <utility>

namespace skein::detail {

/// A value in a block of its own, from the lists of the frame allocator.
template <class T, class Node = queue_node>
struct queue_item : Node {
  explicit queue_item(T&& v) : value{std::move(v)} {}
  T value;

  static void* operator new(std::size_t size) { return lowlevel::allocate_frame(size); }
  static void operator delete(void* memory, std::size_t size) noexcept { lowlevel::free_frame(memory, size); }
  static void* operator new(std::size_t size, std::align_val_t align) { return ::operator new(size, align); }
  static void operator delete(void* memory, std::size_t size, std::align_val_t align) noexcept {
    ::operator delete(memory, size, align);
  }
};

/// Destroys the items of a list.
template <class Item>
void destroy_items(queue_node* first) noexcept {
  while (first != nullptr) {
    std::unique_ptr<Item> const owned{static_cast<Item*>(std::exchange(first, first->next))};
  }
}

}  // namespace skein::detail
