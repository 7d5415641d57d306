// SPDX-License-Identifier: Apache-2.0
// queue_core.cpp: what changes a queue without waiting, and what it looks like.
#include <skein/sync/detail/queue_wait.hpp>
#include <skein/sync/queue.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <cstdint>
#include <mutex>
#include <utility>

namespace skein::detail {

// A negative number that was converted is no bound, as in asyncio.
queue_core::queue_core(std::size_t maxsize) noexcept
    : maxsize_{maxsize > static_cast<std::size_t>(PTRDIFF_MAX) ? 0 : maxsize} {}

// ---- under the lock --------------------------------------------------------------------------------------

void queue_core::push_back(queue_node& node) noexcept {
  node.next = nullptr;
  (tail_ != nullptr ? tail_->next : head_) = &node;
  tail_ = &node;
  ++size_;
}

// One that comes back is older than all but others that came back.
void queue_core::push_in_order(queue_node& node) noexcept {
  queue_node** place = &head_;
  while (*place != nullptr && (*place)->number < node.number) {
    place = &(*place)->next;
  }
  node.next = *place;
  *place = &node;
  if (node.next == nullptr) {
    tail_ = &node;
  }
  ++size_;
}

queue_node* queue_core::pop_front() noexcept {
  queue_node* const node = head_;
  head_ = node->next;
  if (head_ == nullptr) {
    tail_ = nullptr;
  }
  node->next = nullptr;
  --size_;
  return node;
}

// A new item: to the first getter in line, or to the end of the queue.
void queue_core::accept(queue_node& node, wake_chain& chain) noexcept {
  ++unfinished_;
  node.number = ++put_in_total_;
  if (waiter* const getter = getters_.call_first(called_getters_)) {
    static_cast<get_wait*>(getter)->item_ = &node;
    chain.add(getter);
  } else {
    push_back(node);
  }
}

// The item of a cancelled getter: to the next in line, or to its old place. After shutdown(true) it shares
// the fate of those that were in the queue: the getter destroys it.
void queue_core::take_back(get_wait& from, wake_chain& chain) noexcept {
  if (dropped_) {
    unfinished_ -= std::min<std::size_t>(unfinished_, 1);
    call_joiners_if_done(chain);
    return;
  }
  queue_node* const item = std::exchange(from.item_, nullptr);
  if (waiter* const getter = getters_.call_first(called_getters_)) {
    static_cast<get_wait*>(getter)->item_ = item;
    chain.add(getter);
  } else {
    push_in_order(*item);
  }
}

void queue_core::call_putters(wake_chain& chain) noexcept {
  while (!putters_.empty() && has_room()) {
    chain.add(putters_.call_first(called_putters_));
  }
}

void queue_core::call_joiners_if_done(wake_chain& chain) noexcept {
  while (unfinished_ == 0 && !joiners_.empty()) {
    chain.add(joiners_.call_first());
  }
}

// ---- without waiting -------------------------------------------------------------------------------------

queue_core::result queue_core::try_put(queue_node& node) noexcept {
  wake_chain chain;
  {
    std::lock_guard const guard{lock_};
    if (shut_down_) {
      return result::shut_down;
    }
    if (!has_room()) {
      return result::not_now;
    }
    accept(node, chain);
  }
  chain.wake();
  return result::done;
}

queue_core::result queue_core::try_get(queue_node*& node) noexcept {
  wake_chain chain;
  {
    std::lock_guard const guard{lock_};
    if (size_ == 0) {
      return shut_down_ ? result::shut_down : result::not_now;
    }
    node = pop_front();
    call_putters(chain);
  }
  chain.wake();
  return result::done;
}

bool queue_core::task_done() noexcept {
  wake_chain chain;
  {
    std::lock_guard const guard{lock_};
    if (unfinished_ == 0) {
      return false;
    }
    --unfinished_;
    call_joiners_if_done(chain);
  }
  chain.wake();
  return true;
}

// Those who wait are called without an item or room: they throw. Who was called before keeps its item; a put
// that was called is refused when it runs, as in asyncio.
queue_node* queue_core::shut_down(bool immediate) noexcept {
  wake_chain chain;
  queue_node* dropped = nullptr;
  {
    std::lock_guard const guard{lock_};
    shut_down_ = true;
    if (immediate) {
      dropped_ = true;
      dropped = std::exchange(head_, nullptr);
      tail_ = nullptr;
      unfinished_ -= std::min(unfinished_, size_);
      size_ = 0;
      call_joiners_if_done(chain);
    }
    while (!getters_.empty()) {
      chain.add(getters_.call_first());
    }
    while (!putters_.empty()) {
      chain.add(putters_.call_first());
    }
  }
  chain.wake();
  return dropped;
}

queue_node* queue_core::disband() noexcept {
  std::size_t waiters = 0;
  queue_node* items = nullptr;
  {
    std::lock_guard const guard{lock_};  // a put that let somebody go on may not have unlocked yet
    waiters = getters_.disband() + putters_.disband() + joiners_.disband();
    static_cast<void>(called_getters_.disband());
    static_cast<void>(called_putters_.disband());
    items = std::exchange(head_, nullptr);
  }
  report_disbanded("queue", waiters);
  return items;
}

// ---- looking ---------------------------------------------------------------------------------------------

std::size_t queue_core::size() const noexcept {
  std::lock_guard const guard{lock_};
  return size_;
}

bool queue_core::full() const noexcept {
  std::lock_guard const guard{lock_};
  return !has_room();
}

std::size_t queue_core::waiting() const noexcept {
  std::lock_guard const guard{lock_};
  return getters_.size() + putters_.size();
}

std::string queue_core::repr() const {
  std::size_t size = 0;
  std::size_t unfinished = 0;
  std::size_t getters = 0;
  std::size_t putters = 0;
  bool shut_down = false;
  {
    std::lock_guard const guard{lock_};
    size = size_;
    unfinished = unfinished_;
    getters = getters_.size();
    putters = putters_.size();
    shut_down = shut_down_;
  }
  std::string text = fmt::format("<queue maxsize={}", maxsize_);
  if (size != 0) {
    text += fmt::format(" size={}", size);
  }
  if (getters != 0) {
    text += fmt::format(" _getters[{}]", getters);
  }
  if (putters != 0) {
    text += fmt::format(" _putters[{}]", putters);
  }
  if (unfinished != 0) {
    text += fmt::format(" tasks={}", unfinished);
  }
  return text + (shut_down ? " shutdown>" : ">");
}

// ---- errors ----------------------------------------------------------------------------------------------

void throw_queue_empty() { throw queue_empty{"the queue is empty: await get(), or try again later"}; }

void throw_queue_full(std::size_t maxsize) {
  throw queue_full{fmt::format("the queue is full with {} items: await put(), or try again later", maxsize)};
}

void throw_queue_shut_down() { throw queue_shut_down{"the queue was shut down"}; }

void throw_task_done_too_often() { throw std::invalid_argument{"task_done() called too many times"}; }

}  // namespace skein::detail
