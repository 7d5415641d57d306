// SPDX-License-Identifier: Apache-2.0
// queue_core.cpp: putting, taking, waiting and shutting down.
#include <skein/sync/detail/queue_core.hpp>
#include <skein/sync/queue.hpp>

#include <fmt/core.h>

#include <mutex>
#include <utility>

namespace skein::detail {
namespace {

lowlevel::work_ops const get_ops{&lowlevel::wait_node::resume, &lowlevel::drop_wait, &queue_wait::cancel_wait,
                                 &queue_wait::abandon_wait, "queue.get"};
lowlevel::work_ops const put_ops{&lowlevel::wait_node::resume, &lowlevel::drop_wait, &queue_wait::cancel_wait,
                                 &queue_wait::abandon_wait, "queue.put"};
lowlevel::work_ops const join_ops{&lowlevel::wait_node::resume, &lowlevel::drop_wait,
                                  &queue_wait::cancel_wait, &queue_wait::abandon_wait, "queue.join"};

}  // namespace

// ---- under the lock --------------------------------------------------------------------------------------

void queue_core::push_back(queue_node& node) noexcept {
  node.next = nullptr;
  (tail_ != nullptr ? tail_->next : head_) = &node;
  tail_ = &node;
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
  if (waiter* const getter = getters_.next()) {
    static_cast<get_wait*>(getter)->item = &node;
    getter->granted = true;
    chain.add(getter);
    room_came(chain);  // it took no room
    return;
  }
  push_back(node);
}

// An item comes back from a getter that was cancelled: it is the oldest again.
void queue_core::give_back(queue_node& node, wake_chain& chain) noexcept {
  if (waiter* const getter = getters_.next()) {
    static_cast<get_wait*>(getter)->item = &node;
    getter->granted = true;
    chain.add(getter);
    return;
  }
  node.next = head_;
  head_ = &node;
  if (tail_ == nullptr) {
    tail_ = &node;
  }
  ++size_;
}

// There may be room: promises it to putters in line.
void queue_core::room_came(wake_chain& chain) noexcept {
  while (has_room()) {
    waiter* const putter = putters_.next();
    if (putter == nullptr) {
      return;
    }
    putter->granted = true;
    ++reserved_;
    chain.add(putter);
  }
}

void queue_core::wake_joiners_if_done(wake_chain& chain) noexcept {
  while (unfinished_ == 0) {
    waiter* const joiner = joiners_.next();
    if (joiner == nullptr) {
      return;
    }
    chain.add(joiner);
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
    if (!has_room() || !putters_.empty()) {
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
    room_came(chain);
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
    wake_joiners_if_done(chain);
  }
  chain.wake();
  return true;
}

queue_node* queue_core::shut_down(bool immediate) noexcept {
  wake_chain chain;
  queue_node* dropped = nullptr;
  {
    std::lock_guard const guard{lock_};
    shut_down_ = true;
    if (immediate) {
      dropped = std::exchange(head_, nullptr);
      tail_ = nullptr;
      unfinished_ -= size_;
      size_ = 0;
      wake_joiners_if_done(chain);
    }
    while (waiter* const getter = getters_.next()) {
      chain.add(getter);
    }
    while (waiter* const putter = putters_.next()) {
      chain.add(putter);
    }
  }
  chain.wake();
  return dropped;
}

queue_node* queue_core::disband() noexcept {
  std::lock_guard const guard{lock_};
  getters_.disband();
  putters_.disband();
  joiners_.disband();
  return std::exchange(head_, nullptr);
}

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
  bool closed = false;
  {
    std::lock_guard const guard{lock_};
    size = size_;
    unfinished = unfinished_;
    getters = getters_.size();
    putters = putters_.size();
    closed = shut_down_;
  }
  std::string text = fmt::format("<queue maxsize={} size={}", maxsize_, size);
  if (getters != 0) {
    text += fmt::format(" getters[{}]", getters);
  }
  if (putters != 0) {
    text += fmt::format(" putters[{}]", putters);
  }
  if (unfinished != 0) {
    text += fmt::format(" tasks={}", unfinished);
  }
  return text + (closed ? " shutdown>" : ">");
}

// ---- waiting ---------------------------------------------------------------------------------------------

bool queue_wait::cancel_wait(lowlevel::wait_node& node) noexcept {
  auto& self = static_cast<queue_wait&>(node);
  {
    std::lock_guard const guard{self.queue_.lock_};
    if (!(self.queue_.*self.line_).leave(self)) {
      return false;
    }
    self.set_cancelled();
  }
  lowlevel::wake(self);
  return true;
}

void queue_wait::abandon_wait(lowlevel::wait_node& node) noexcept {
  auto& self = static_cast<queue_wait&>(node);
  if (self.linked) {
    std::lock_guard const guard{self.queue_.lock_};
    static_cast<void>((self.queue_.*self.line_).leave(self));
  }
}

get_wait::get_wait(queue_core& queue, std::source_location at) noexcept
    : queue_wait{queue, &queue_core::getters_, get_ops, at} {}

get_wait::~get_wait() = default;

bool get_wait::await_ready() noexcept {
  return queue_.try_get(item) != queue_core::result::not_now && lowlevel::spend_budget();
}

bool get_wait::suspend() noexcept {
  bool yields = item != nullptr;  // it has an item, but the budget is spent
  wake_chain chain;
  {
    std::lock_guard const guard{queue_.lock_};
    if (!yields && queue_.size_ > 0) {
      item = queue_.pop_front();
      queue_.room_came(chain);
    } else if (yields || !queue_.shut_down_) {
      if (!begin()) {
        return false;
      }
      if (!yields) {
        queue_.getters_.join(*this);
        return true;
      }
    }
  }
  if (yields) {
    lowlevel::yield(*this);
    return true;
  }
  chain.wake();
  return false;
}

queue_node* get_wait::finish() {
  if (ended()) {
    if (item != nullptr) {
      wake_chain chain;
      {
        std::lock_guard const guard{queue_.lock_};
        queue_.give_back(*std::exchange(item, nullptr), chain);
      }
      chain.wake();
    }
    lowlevel::throw_cancelled();
  }
  if (item == nullptr) {
    throw_queue_shut_down();
  }
  return std::exchange(item, nullptr);
}

put_wait::put_wait(queue_core& queue, queue_node& node, std::source_location at) noexcept
    : queue_wait{queue, &queue_core::putters_, put_ops, at}, node_{node} {}

bool put_wait::await_ready() noexcept {
  if (!lowlevel::spend_budget()) {
    return false;
  }
  queue_core::result const r = queue_.try_put(node_);
  put_ = r == queue_core::result::done;
  refused_ = r == queue_core::result::shut_down;
  return r != queue_core::result::not_now;
}

// With the budget spent, an item that has room waits for its turn with that room reserved.
bool put_wait::suspend() noexcept {
  bool yields = false;
  {
    std::lock_guard const guard{queue_.lock_};
    if (queue_.shut_down_) {
      refused_ = true;
      return false;
    }
    if (!begin()) {
      return false;
    }
    yields = queue_.has_room() && queue_.putters_.empty();
    if (yields) {
      granted = true;
      ++queue_.reserved_;
    } else {
      queue_.putters_.join(*this);
    }
  }
  if (yields) {
    lowlevel::yield(*this);
  }
  return true;
}

void put_wait::finish() {
  bool const cancelled = ended();
  if (put_) {
    return;
  }
  wake_chain chain;
  {
    std::lock_guard const guard{queue_.lock_};
    if (granted) {
      --queue_.reserved_;
    }
    if (!cancelled && granted && !queue_.shut_down_) {
      queue_.accept(node_, chain);
      put_ = true;
    } else {
      queue_.room_came(chain);  // the room goes to the next
    }
  }
  chain.wake();
  if (cancelled) {
    lowlevel::throw_cancelled();
  }
  if (!put_) {
    throw_queue_shut_down();
  }
}

join_wait::join_wait(queue_core& queue, std::source_location at) noexcept
    : queue_wait{queue, &queue_core::joiners_, join_ops, at} {}

bool join_wait::await_ready() noexcept { return false; }

bool join_wait::suspend() noexcept {
  std::lock_guard const guard{queue_.lock_};
  if (queue_.unfinished_ == 0 || !begin()) {
    return false;
  }
  queue_.joiners_.join(*this);
  return true;
}

void join_wait::await_resume() {
  if (ended()) {
    lowlevel::throw_cancelled();
  }
}

// ---- errors ----------------------------------------------------------------------------------------------

void throw_queue_empty() { throw queue_empty{"the queue is empty: await get(), or try again later"}; }

void throw_queue_full(std::size_t maxsize) {
  throw queue_full{fmt::format("the queue is full with {} items: await put(), or try again later", maxsize)};
}

void throw_queue_shut_down() { throw queue_shut_down{"the queue was shut down"}; }

void throw_task_done_too_often() {
  throw std::invalid_argument{"task_done() called too many times: once for each item that was put"};
}

}  // namespace skein::detail
