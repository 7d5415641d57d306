// SPDX-License-Identifier: Apache-2.0
// completion_queue.hpp: futures in the order they complete, handed out one by one to whoever asks.
#pragma once

#include <skein/core/detail/watcher.hpp>
#include <skein/core/handle.hpp>
#include <skein/core/lowlevel/spinlock.hpp>
#include <skein/core/lowlevel/wait_node.hpp>

#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <source_location>
#include <utility>
#include <vector>

namespace skein::detail {

class next_wait;

/// What an as_completed iterator is made of.
///
/// Threads     next: any number of tasks. stop: the iterator's owner.
/// Lifetime    Counted, as every watcher; who waits holds a reference.
class completion_queue final : public watcher {
 public:
  explicit completion_queue(std::size_t count) : watcher{count}, left_{count} {}

  /// Starts to listen, for so long at most.
  void begin(std::vector<state_ref<>> futures, std::optional<delay> limit);
  /// Stops to listen.
  void stop() noexcept;

 private:
  friend class next_wait;

  void told(std::size_t index) noexcept override;
  void time_is_up() noexcept;
  [[nodiscard]] next_wait* take_waiter_to_end() noexcept;
  void give_back(std::optional<std::size_t> index) noexcept;

  timer_handle timer_;  // constant after begin
  lowlevel::atomic<std::size_t> untold_{0};
  lowlevel::spinlock lock_;
  // Guarded by lock_.
  std::deque<std::size_t> ready_;
  lowlevel::wait_list waiters_;
  std::size_t left_;  // neither handed out, nor refused for want of time
  bool late_ = false;
};

/// One call of next.
class next_wait : public lowlevel::wait_node {
 public:
  next_wait(state_ref<completion_queue> queue, std::source_location at) noexcept
      : wait_node{ops, at}, queue_{std::move(queue)} {}
  next_wait(next_wait const&) = delete;
  next_wait& operator=(next_wait const&) = delete;

  [[nodiscard]] bool await_ready() const noexcept { return false; }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> coroutine) {
    prepare(coroutine);
    return suspend();
  }

 protected:
  ~next_wait() { leave(); }
  /// Returns     The future that was handed out; null at the end.
  /// Throws      `timeout_error`, `cancelled_error`.
  [[nodiscard]] state_ref<> finish();

 private:
  friend class completion_queue;
  enum class outcome : std::uint8_t { end, item, late };

  static lowlevel::work_ops const ops;
  static bool cancel_wait(lowlevel::wait_node& node) noexcept;
  static void abandon_wait(lowlevel::wait_node& node) noexcept;
  [[nodiscard]] bool suspend() noexcept;

  state_ref<completion_queue> queue_;
  // Guarded by the queue's lock while linked.
  bool linked_ = false;
  outcome outcome_ = outcome::end;
  std::size_t index_ = 0;
};

}  // namespace skein::detail
