// SPDX-License-Identifier: Apache-2.0
// queue_core.cpp: what changes a queue without waiting, and what it looks like.
#include <skein/sync/detail/item_run.hpp>
#include <skein/sync/detail/queue_wait.hpp>
#include <skein/sync/queue.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <utility>

namespace skein::detail {

// ---- under the lock --------------------------------------------------------------------------------------

void queue_core::store(queue_node& node) noexcept {
  if (order_ == item_order::newest) {
    node.next = std::exchange(head_, &node);
    return;
  }
  node.next = nullptr;
  (head_ != nullptr ? tail_->next : head_) = &node;
  tail_ = &node;
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
}

queue_node* queue_core::pop_front() noexcept {
  queue_node* const node = head_;
  head_ = node->next;
  node->next = nullptr;
  return node;
}

void queue_core::copy_front(queue_share& share) noexcept {
  std::memcpy(share.into, item_of_run(*head_, head_->first, item_size_), item_size_);
  share.copied = true;
  share.number = head_->number + head_->first;
  --size_;
  if (++head_->first == head_->last) {
    share.emptied = retire_run();
  }
}

void queue_core::free_emptied(queue_share& share) noexcept {
  delete static_cast<item_run*>(std::exchange(share.emptied, nullptr));
}

queue_node* queue_core::retire_run() noexcept {
  queue_node* const run = std::exchange(head_, head_->next);
  if (spare_ != nullptr) {
    return run;
  }
  run->next = nullptr;
  spare_ = run;
  return nullptr;
}

void queue_core::begin_run() noexcept {
  queue_node& run = *std::exchange(spare_, spare_->next);
  run.first = 0;
  run.last = 0;
  run.number = put_in_total_ + 1;
  store(run);
}

// A new item: to the first getter in line, or to its place in the queue.
void queue_core::accept(queue_node& node, wake_chain& chain) noexcept {
  ++unfinished_;
  node.number = ++put_in_total_;
  auto* const getter = static_cast<get_wait*>(getters_.call_first(called_getters_));
  if (getter == nullptr) {
    store(node);
    ++size_;
    return;
  }
  chain.add(getter);
  if (hands_over()) {
    getter->share_.item = &node;
  } else {
    store(node);
    getter->share_.claim = true;
    ++claims_;
  }
}

// has_item() holds.
void queue_core::serve(queue_share& share, wake_chain& chain) noexcept {
  if (size_ == 0) {
    take_from_putter(share, chain);
    return;
  }
  if (front_is_run()) {
    copy_front(share);
    return;
  }
  --size_;
  if (hands_over()) {
    share.item = pop_front();
  } else {
    share.claim = true;
    ++claims_;
  }
}

// The first putter of a rendezvous. It was put: a cancel that comes now is too late.
void queue_core::take_from_putter(queue_share& share, wake_chain& chain) noexcept {
  auto* const putter = static_cast<put_wait*>(putters_.call_first());
  putter->put_ = true;
  ++unfinished_;
  putter->node_.number = ++put_in_total_;
  share.item = &putter->node_;
  chain.add(putter);
}

// What a cancelled getter had: to the next in line, or to its old place. After shutdown(true) it shares the
// fate of those that were in the queue: the getter destroys it.
void queue_core::take_back(queue_share& share, wake_chain& chain) noexcept {
  if (std::exchange(share.claim, false)) {
    pass_claim(chain);
    return;
  }
  if (dropped_) {
    unfinished_ -= std::min<std::size_t>(unfinished_, 1);
    call_joiners_if_done(chain);
    return;
  }
  queue_node* const item = std::exchange(share.item, nullptr);
  if (auto* const getter = static_cast<get_wait*>(getters_.call_first(called_getters_))) {
    getter->share_.item = item;
    chain.add(getter);
  } else {
    push_in_order(*item);
    ++size_;
  }
}

// A claim to what was dropped is void.
void queue_core::pass_claim(wake_chain& chain) noexcept {
  if (dropped_) {
    return;
  }
  if (auto* const getter = static_cast<get_wait*>(getters_.call_first(called_getters_))) {
    getter->share_.claim = true;
    chain.add(getter);
  } else {
    --claims_;
    ++size_;
  }
}

void queue_core::call_putters(wake_chain& chain) noexcept {
  while (!putters_.empty() && has_room()) {
    chain.add(putters_.call_first(called_putters_));
  }
}

// They get nothing: they say that it was shut down.
void queue_core::call_getters_if_drained(wake_chain& chain) noexcept {
  while (!getters_.empty() && drained()) {
    chain.add(getters_.call_first());
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
    lowlevel::biased_guard const guard{lock_};
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

queue_core::result queue_core::try_get(queue_share& share) noexcept {
  wake_chain chain;
  {
    lowlevel::biased_guard const guard{lock_};
    if (!has_item()) {
      return drained() ? result::shut_down : result::not_now;
    }
    serve(share, chain);
    call_putters(chain);
  }
  free_emptied(share);
  chain.wake();
  return result::done;
}

bool queue_core::task_done() noexcept {
  wake_chain chain;
  {
    lowlevel::biased_guard const guard{lock_};
    if (unfinished_ == 0) {
      return false;
    }
    --unfinished_;
    call_joiners_if_done(chain);
  }
  chain.wake();
  return true;
}

// Those who wait are called without an item or room: they throw; getters as soon as nothing can come back
// from a called one. Who was called before keeps its item, but its claim is void when all are dropped; a put
// that was called is refused when it runs, as in asyncio.
queue_node* queue_core::shut_down(bool immediate) noexcept {
  wake_chain chain;
  queue_node* dropped = nullptr;
  {
    lowlevel::biased_guard const guard{lock_};
    shut_down_ = true;
    if (immediate) {
      dropped_ = true;
      dropped = std::exchange(head_, nullptr);
      unfinished_ -= std::min(unfinished_, size_ + claims_);
      size_ = 0;
      claims_ = 0;
      call_joiners_if_done(chain);
    }
    call_getters_if_drained(chain);
    while (!putters_.empty()) {
      chain.add(putters_.call_first());
    }
  }
  chain.wake();
  return dropped;
}

queue_node* queue_core::disband(char const* primitive) noexcept {
  std::size_t waiters = 0;
  queue_node* items = nullptr;
  {
    lowlevel::biased_guard const guard{lock_};  // a put that let somebody go on may not have unlocked yet
    waiters = getters_.disband() + putters_.disband() + joiners_.disband();
    static_cast<void>(called_getters_.disband());
    static_cast<void>(called_putters_.disband());
    items = std::exchange(head_, nullptr);
    while (spare_ != nullptr) {
      queue_node* const run = std::exchange(spare_, spare_->next);
      run->last = 1;  // to be known as a run by who frees it
      run->next = std::exchange(items, run);
    }
  }
  report_disbanded(primitive, waiters);
  return items;
}

// ---- with a claim ----------------------------------------------------------------------------------------

queue_node* queue_core::take_newest() noexcept {
  wake_chain chain;
  queue_node* newest = nullptr;
  {
    lowlevel::biased_guard const guard{lock_};
    if (dropped_) {
      return nullptr;
    }
    newest = pop_front();
    --claims_;
    call_putters(chain);
  }
  chain.wake();
  return newest;
}

queue_node* queue_core::take_all() noexcept {
  lowlevel::biased_guard const guard{lock_};
  return std::exchange(head_, nullptr);
}

// Only now there is room: who puts into it comes after what was chosen.
void queue_core::use_claim() noexcept {
  wake_chain chain;
  {
    lowlevel::biased_guard const guard{lock_};
    --claims_;
    call_putters(chain);
  }
  chain.wake();
}

void queue_core::give_back_claim() noexcept {
  wake_chain chain;
  {
    lowlevel::biased_guard const guard{lock_};
    pass_claim(chain);
  }
  chain.wake();
}

bool queue_core::give_back(queue_node& node) noexcept {
  queue_share share{.item = &node};
  wake_chain chain;
  {
    lowlevel::biased_guard const guard{lock_};
    take_back(share, chain);
    call_getters_if_drained(chain);
  }
  chain.wake();
  return share.item == nullptr;
}

void queue_core::add_spare(queue_node& run) noexcept {
  lowlevel::biased_guard const guard{lock_};
  run.next = std::exchange(spare_, &run);
}

// ---- looking ---------------------------------------------------------------------------------------------

std::size_t queue_core::size() const noexcept {
  lowlevel::biased_guard const guard{lock_};
  return size_;
}

bool queue_core::full() const noexcept {
  lowlevel::biased_guard const guard{lock_};
  return !has_room();
}

bool queue_core::is_shut_down() const noexcept {
  lowlevel::biased_guard const guard{lock_};
  return shut_down_;
}

std::size_t queue_core::waiting() const noexcept {
  lowlevel::biased_guard const guard{lock_};
  return getters_.size() + putters_.size();
}

queue_core::snapshot queue_core::look() const noexcept {
  lowlevel::biased_guard const guard{lock_};
  return {size_, getters_.size(), putters_.size(), unfinished_, shut_down_};
}

std::size_t queue_limit(std::size_t maxsize) noexcept {
  bool const bounded = maxsize != 0 && maxsize <= static_cast<std::size_t>(PTRDIFF_MAX);
  return bounded ? maxsize : queue_core::no_bound;
}

std::string queue_repr(queue_core const& core, char const* name) {
  auto const now = core.look();
  std::string text =
      fmt::format("<{} maxsize={}", name, core.limit() == queue_core::no_bound ? 0 : core.limit());
  if (now.size != 0) {
    text += fmt::format(" size={}", now.size);
  }
  if (now.getters != 0) {
    text += fmt::format(" _getters[{}]", now.getters);
  }
  if (now.putters != 0) {
    text += fmt::format(" _putters[{}]", now.putters);
  }
  if (now.unfinished != 0) {
    text += fmt::format(" tasks={}", now.unfinished);
  }
  return text + (now.shut_down ? " shutdown>" : ">");
}

// ---- errors ----------------------------------------------------------------------------------------------

void throw_queue_empty() { throw queue_empty{"the queue is empty: await get(), or try again later"}; }

void throw_queue_full(std::size_t maxsize) {
  throw queue_full{fmt::format("the queue is full with {} items: await put(), or try again later", maxsize)};
}

void throw_queue_shut_down() { throw queue_shut_down{"the queue was shut down"}; }

void throw_task_done_too_often() { throw std::invalid_argument{"task_done() called too many times"}; }

}  // namespace skein::detail
