// SPDX-License-Identifier: Apache-2.0
// queue_wait.hpp: waiting for an item, for room, for the end of the work.
#pragma once

#include <skein/sync/detail/queue_core.hpp>

#include <coroutine>
#include <source_location>

namespace skein::detail {

/// The wait of queue::get. The destructor of the typed side calls leave(), before it destroys what is left.
class get_wait : public waiter {
 public:
  get_wait(queue_core& queue, std::source_location at) noexcept : waiter{ops, at}, queue_{queue} {}

  [[nodiscard]] bool await_ready() noexcept;
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> coroutine) {
    prepare(coroutine);
    return suspend();
  }

 protected:
  ~get_wait() = default;
  /// Returns     False when the queue was shut down; else share() is the caller's.
  [[nodiscard]] bool finish();
  [[nodiscard]] queue_share& share() noexcept { return share_; }
  /// What is left of it after leave(), for the destructor of the typed side: nobody else can have it.
  [[nodiscard]] queue_share& leftover() noexcept {
    share_.claim = share_.claim && !orphaned();
    return share_;
  }

 private:
  friend class queue_core;
  static lowlevel::work_ops const ops;
  static void give_back(waiter& from, wake_chain& chain) noexcept;
  [[nodiscard]] bool suspend() noexcept;
  void arrived() noexcept;

  queue_core& queue_;
  queue_share share_;
};

/// The wait of queue::put. The destructor of the typed side calls leave(), before it lets go of the node.
class put_wait : public waiter {
 public:
  /// The node is the caller's until it was put.
  put_wait(queue_core& queue, queue_node& node, std::source_location at) noexcept
      : waiter{ops, at}, queue_{queue}, node_{node} {}

  [[nodiscard]] bool await_ready() noexcept;
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> coroutine) {
    prepare(coroutine);
    return suspend();
  }

 protected:
  ~put_wait() = default;
  /// Returns     False when the node was not put because the queue was shut down.
  [[nodiscard]] bool finish();
  /// Returns     True when the node belongs to the queue, or to who took it.
  [[nodiscard]] bool is_put() const noexcept { return put_; }

 private:
  friend class queue_core;
  static lowlevel::work_ops const ops;
  static void give_back(waiter& from, wake_chain& chain) noexcept;
  [[nodiscard]] bool suspend() noexcept;
  void arrived() noexcept;

  queue_core& queue_;
  queue_node& node_;
  bool put_ = false;
};

/// The wait of queue::join.
class join_wait final : public waiter {
 public:
  join_wait(queue_core& queue, std::source_location at) noexcept : waiter{ops, at}, queue_{queue} {}
  ~join_wait() { leave(); }

  [[nodiscard]] bool await_ready() const noexcept { return false; }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> coroutine) {
    prepare(coroutine);
    return suspend();
  }
  void await_resume() {
    if (ended()) [[unlikely]] {
      lowlevel::throw_cancelled();
    }
  }

 private:
  static lowlevel::work_ops const ops;
  [[nodiscard]] bool suspend() noexcept;

  queue_core& queue_;
};

/// What queue::join returns.
class [[nodiscard("co_await it to wait")]] join_operation {
 public:
  using skein_awaits = void;
  explicit join_operation(queue_core& queue) noexcept : queue_{&queue} {}
  [[nodiscard]] auto make_awaiter(std::source_location at) const { return join_wait{*queue_, at}; }

 private:
  queue_core* queue_;
};

}  // namespace skein::detail
