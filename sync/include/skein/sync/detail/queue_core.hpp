// SPDX-License-Identifier: Apache-2.0
// queue_core.hpp: the lines, counts and rules of a queue, without the type of its items.
//
// Items are nodes that the typed side makes and destroys outside of the lock; under the lock they are only
// linked and unlinked, so no user code runs there.
#pragma once

#include <skein/sync/detail/waiter.hpp>

#include <skein/core/lowlevel/spinlock.hpp>

#include <coroutine>
#include <cstddef>
#include <source_location>
#include <string>

namespace skein::detail {

/// An item in the queue, or on its way in or out.
struct queue_node {
  queue_node* next = nullptr;
};

/// The state of a queue.
///
/// An item that is put while getters wait goes to the first of them; one that is taken while putters wait
/// makes room for the first of them, who puts its own when it runs. Who is cancelled in between gives the
/// item or the room back.
///
/// Invariants (guarded by lock_)
///   I1  items and waiting getters are not there at the same time.
///   I2  size_ + reserved_ <= maxsize_ when there is a bound.
class queue_core {
 public:
  explicit queue_core(std::size_t maxsize) noexcept : maxsize_{maxsize} {}
  queue_core(queue_core const&) = delete;
  queue_core& operator=(queue_core const&) = delete;
  ~queue_core() = default;

  enum class result { done, not_now, shut_down };

  /// Puts a node; on anything but done it stays the caller's.
  [[nodiscard]] result try_put(queue_node& node) noexcept;
  /// Takes the oldest node into `node`.
  [[nodiscard]] result try_get(queue_node*& node) noexcept;
  /// Returns     False when it was called more often than items were put.
  [[nodiscard]] bool task_done() noexcept;
  /// Returns     The items that were dropped, for the caller to destroy.
  [[nodiscard]] queue_node* shut_down(bool immediate) noexcept;
  /// The queue goes: nobody in line will be woken. Returns the items, for the caller to destroy.
  [[nodiscard]] queue_node* disband() noexcept;

  [[nodiscard]] std::size_t size() const noexcept;
  [[nodiscard]] bool full() const noexcept;
  [[nodiscard]] std::size_t maxsize() const noexcept { return maxsize_; }
  [[nodiscard]] std::size_t waiting() const noexcept;
  [[nodiscard]] std::string repr() const;

 private:
  friend class queue_wait;
  friend class get_wait;
  friend class put_wait;
  friend class join_wait;

  [[nodiscard]] bool has_room() const noexcept { return maxsize_ == 0 || size_ + reserved_ < maxsize_; }
  void push_back(queue_node& node) noexcept;
  [[nodiscard]] queue_node* pop_front() noexcept;
  void accept(queue_node& node, wake_chain& chain) noexcept;
  void give_back(queue_node& node, wake_chain& chain) noexcept;
  void room_came(wake_chain& chain) noexcept;
  void wake_joiners_if_done(wake_chain& chain) noexcept;

  mutable lowlevel::spinlock lock_;
  std::size_t const maxsize_;  // 0: no bound
  queue_node* head_ = nullptr;
  queue_node* tail_ = nullptr;
  std::size_t size_ = 0;
  std::size_t reserved_ = 0;    // room promised to putters that were woken
  std::size_t unfinished_ = 0;  // put and not yet reported by task_done
  bool shut_down_ = false;
  waiter_line getters_;
  waiter_line putters_;
  waiter_line joiners_;
};

/// The common part of the three waits of a queue.
class queue_wait : public waiter {
 public:
  queue_wait(queue_core& queue, waiter_line queue_core::* line, lowlevel::work_ops const& kind,
             std::source_location at) noexcept
      : waiter{kind, at}, queue_{queue}, line_{line} {}
  queue_wait(queue_wait const&) = delete;
  queue_wait& operator=(queue_wait const&) = delete;

  static bool cancel_wait(lowlevel::wait_node& node) noexcept;
  static void abandon_wait(lowlevel::wait_node& node) noexcept;

 protected:
  ~queue_wait() { leave(); }

  queue_core& queue_;
  waiter_line queue_core::* line_;
};

class get_wait : public queue_wait {
 public:
  get_wait(queue_core& queue, std::source_location at) noexcept;
  [[nodiscard]] bool await_ready() noexcept;
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> coroutine) {
    prepare(coroutine);
    return suspend();
  }

  queue_node* item = nullptr;

 protected:
  ~get_wait();
  /// Returns     The item; never null.
  [[nodiscard]] queue_node* finish();

 private:
  [[nodiscard]] bool suspend() noexcept;
};

class put_wait : public queue_wait {
 public:
  /// The node is the caller's until it was put.
  put_wait(queue_core& queue, queue_node& node, std::source_location at) noexcept;
  [[nodiscard]] bool await_ready() noexcept;
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> coroutine) {
    prepare(coroutine);
    return suspend();
  }

 protected:
  ~put_wait() = default;
  /// Throws when the node was not put.
  void finish();
  bool put_ = false;  // the node belongs to the queue

 private:
  [[nodiscard]] bool suspend() noexcept;
  bool refused_ = false;
  queue_node& node_;
};

class join_wait final : public queue_wait {
 public:
  join_wait(queue_core& queue, std::source_location at) noexcept;
  [[nodiscard]] bool await_ready() noexcept;
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> coroutine) {
    prepare(coroutine);
    return suspend();
  }
  void await_resume();

 private:
  [[nodiscard]] bool suspend() noexcept;
};

class [[nodiscard("co_await it to wait")]] join_operation {
 public:
  using skein_awaits = void;
  explicit join_operation(queue_core& queue) noexcept : queue_{&queue} {}
  [[nodiscard]] auto make_awaiter(std::source_location at) const { return join_wait{*queue_, at}; }

 private:
  queue_core* queue_;
};

[[noreturn]] void throw_queue_empty();
[[noreturn]] void throw_queue_full(std::size_t maxsize);
[[noreturn]] void throw_queue_shut_down();
[[noreturn]] void throw_task_done_too_often();

}  // namespace skein::detail
