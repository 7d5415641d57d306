// SPDX-License-Identifier: Apache-2.0
// queue.hpp: items from tasks to tasks, first in, first out.
#pragma once

#include <skein/sync/detail/queue_core.hpp>

#include <cstddef>
#include <memory>
#include <source_location>
#include <stdexcept>
#include <string>
#include <utility>

namespace skein {

/// `put_nowait` found no room.
struct queue_full : std::runtime_error {
  using std::runtime_error::runtime_error;
};
/// `get_nowait` found no item.
struct queue_empty : std::runtime_error {
  using std::runtime_error::runtime_error;
};
/// The queue was shut down.
struct queue_shut_down : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// A queue of items for tasks.
///
/// Threads     get, put and join are awaited in tasks of any loop; the rest may be called from any thread.
/// Lifetime    It outlives whoever waits for it. Items that are left are destroyed with it.
/// Source      asyncio.Queue; differs: usable from several threads; waiters are served strictly in turn, an
///             item is handed to the first of them.
template <class T>
class queue {
  struct node : detail::queue_node {
    explicit node(T&& v) : value{std::move(v)} {}
    T value;
  };
  using node_ptr = std::unique_ptr<node>;

  class get_awaiter final : public detail::get_wait {
   public:
    using get_wait::get_wait;
    T await_resume() {
      node_ptr const taken{static_cast<node*>(this->finish())};
      return std::move(taken->value);
    }
  };
  class put_awaiter final : public detail::put_wait {
   public:
    put_awaiter(detail::queue_core& queue, node_ptr item, std::source_location at)
        : put_wait{queue, *item, at}, item_{std::move(item)} {}
    ~put_awaiter() { release_if_put(); }
    void await_resume() {
      finish();
      release_if_put();
    }

   private:
    void release_if_put() noexcept {
      if (this->put_) {
        static_cast<void>(item_.release());
      }
    }
    node_ptr item_;
  };

  class [[nodiscard("co_await it to get an item")]] get_operation {
   public:
    using skein_awaits = T;
    explicit get_operation(detail::queue_core& q) noexcept : queue_{&q} {}
    [[nodiscard]] auto make_awaiter(std::source_location at) const { return get_awaiter{*queue_, at}; }

   private:
    detail::queue_core* queue_;
  };
  class [[nodiscard("co_await it to put the item")]] put_operation {
   public:
    using skein_awaits = void;
    put_operation(detail::queue_core& q, node_ptr item) noexcept : queue_{&q}, item_{std::move(item)} {}
    [[nodiscard]] auto make_awaiter(std::source_location at) {
      return put_awaiter{*queue_, std::move(item_), at};
    }

   private:
    detail::queue_core* queue_;
    node_ptr item_;
  };

 public:
  /// `maxsize`   How many items fit; 0 is no bound.
  explicit queue(std::size_t maxsize = 0) noexcept : core_{maxsize} {}
  queue(queue const&) = delete;
  queue& operator=(queue const&) = delete;
  ~queue() { destroy(core_.disband()); }

  /// Takes the oldest item, waiting until there is one.
  ///
  /// Returns     The item, moved out.
  /// Throws      `queue_shut_down` when the queue is shut down and drained.
  /// Cancelling  Loses no item: either it stays in the queue or this call returns it. The place in line is
  ///             lost.
  /// Order       Waiters are served first come, first served.
  [[nodiscard]] get_operation get() noexcept { return get_operation{core_}; }

  /// Puts an item, waiting until there is room.
  ///
  /// Throws      `queue_shut_down`; the item is destroyed.
  /// Cancelling  The item was not put, and is destroyed.
  /// Order       Waiters are served first come, first served.
  /// Cost        One allocation for the item.
  [[nodiscard]] put_operation put(T item) {
    return put_operation{core_, std::make_unique<node>(std::move(item))};
  }

  /// Throws      `queue_full`, `queue_shut_down`.
  void put_nowait(T item) {
    auto fresh = std::make_unique<node>(std::move(item));
    switch (core_.try_put(*fresh)) {
      case detail::queue_core::result::done:
        static_cast<void>(fresh.release());
        return;
      case detail::queue_core::result::not_now:
        detail::throw_queue_full(core_.maxsize());
      case detail::queue_core::result::shut_down:
        detail::throw_queue_shut_down();
    }
  }

  /// Throws      `queue_empty`, `queue_shut_down`.
  [[nodiscard]] T get_nowait() {
    detail::queue_node* taken = nullptr;
    switch (core_.try_get(taken)) {
      case detail::queue_core::result::done:
        break;
      case detail::queue_core::result::not_now:
        detail::throw_queue_empty();
      case detail::queue_core::result::shut_down:
        detail::throw_queue_shut_down();
    }
    node_ptr const owned{static_cast<node*>(taken)};
    return std::move(owned->value);
  }

  /// Says that the work on an item that was taken is done.
  ///
  /// Throws      `std::invalid_argument` when it is called more often than items were put.
  void task_done() {
    if (!core_.task_done()) {
      detail::throw_task_done_too_often();
    }
  }
  /// Waits until task_done was called for every item that was put.
  ///
  /// Cancelling  Nothing is lost.
  [[nodiscard]] detail::join_operation join() noexcept { return detail::join_operation{core_}; }

  /// Returns     A snapshot; an item that was handed to a waiting getter does not count.
  [[nodiscard]] std::size_t qsize() const noexcept { return core_.size(); }
  [[nodiscard]] bool empty() const noexcept { return core_.size() == 0; }
  [[nodiscard]] bool full() const noexcept { return core_.full(); }
  [[nodiscard]] std::size_t maxsize() const noexcept { return core_.maxsize(); }
  /// Returns     How many getters and putters wait; a snapshot.
  [[nodiscard]] std::size_t waiting() const noexcept { return core_.waiting(); }

  /// Refuses puts from now on, and gets when the queue is drained; whoever waits is told. With `immediate`
  /// the items are dropped and count as done.
  void shutdown(bool immediate = false) { destroy(core_.shut_down(immediate)); }

  /// Returns     `<queue maxsize=3 size=1 tasks=2>`.
  [[nodiscard]] std::string repr() const { return core_.repr(); }

 private:
  static void destroy(detail::queue_node* first) noexcept {
    while (first != nullptr) {
      node_ptr const owned{static_cast<node*>(std::exchange(first, first->next))};
    }
  }

  detail::queue_core core_;
};

}  // namespace skein
