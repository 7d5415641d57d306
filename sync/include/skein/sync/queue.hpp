// SPDX-License-Identifier: Apache-2.0
// queue.hpp: items from tasks to tasks, first in, first out.
#pragma once

#include <skein/sync/detail/item_run.hpp>
#include <skein/sync/detail/queue_item.hpp>
#include <skein/sync/detail/queue_wait.hpp>
#include <skein/sync/detail/quick_wait.hpp>

#include <concepts>
#include <cstddef>
#include <memory>
#include <source_location>
#include <stdexcept>
#include <string>
#include <type_traits>
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

/// The order of a queue: first in, first out.
struct fifo_order {
  using node = detail::queue_node;
  static constexpr auto in_core = detail::item_order::oldest;
  static constexpr char const* name = "queue";

  /// Returns     The item for a share; null when all were dropped.
  [[nodiscard]] static detail::queue_node* take(detail::queue_core&, detail::queue_share& share) noexcept {
    return std::exchange(share.item, nullptr);
  }
  /// Returns     The items that were dropped.
  [[nodiscard]] static detail::queue_node* shut_down(detail::queue_core& core, bool immediate) noexcept {
    return core.shut_down(immediate);
  }
  /// Returns     All items that are left.
  [[nodiscard]] static detail::queue_node* disband(detail::queue_core& core) noexcept {
    return core.disband(name);
  }
};

/// Items from tasks to tasks, with a bound or without; first in, first out, or in another order: see
/// `priority_queue` and `lifo_queue`.
///
/// An item is moved into a block of its own when it is put and out of it when it is taken, never while the
/// queue is locked: what T's constructors and destructor do is up to T. If moving it out throws, it is lost.
/// Small items that are trivially copyable stand side by side in blocks of 512 bytes instead.
///
/// Threads     get, put and join are awaited in tasks of any loop of any runtime; the rest may be called from
///             any thread.
/// Lifetime    It outlives every await. Destroyed earlier, it leaves its waiters behind: they can only be
///             cancelled, and a debug build says so. Items that are left are destroyed with it.
/// Order       Items leave in the order in which they came, or as `Order` says; getters are served first
///             come, first served, and putters too.
/// Source      asyncio.Queue; differs: usable from several loops and threads; an item goes to the getter that
///             waits longest, and nobody can take it away before that one runs (notes/hand_over.md).
template <class T, class Order = fifo_order>
class queue {
  static_assert(std::is_object_v<T> && std::is_move_constructible_v<T>,
                "items are moved in and out: a pointer refers to something");

  using node = detail::queue_item<T, typename Order::node>;
  using node_ptr = std::unique_ptr<node>;
  static constexpr bool chooses = Order::in_core != detail::item_order::oldest;
  static constexpr bool in_runs = !chooses && detail::stands_in_runs<T>;
  using copy = detail::item_copy<T, in_runs>;

  class get_awaiter final : public detail::get_wait {
   public:
    get_awaiter(queue& q, std::source_location at) noexcept : get_wait{q.core_, at}, queue_{q} {
      this->share().into = copy_.place();
    }
    ~get_awaiter() {
      this->leave();  // first: it may give back
      if constexpr (chooses) {
        queue_.discard(this->leftover());
      } else {
        detail::discard_item<node>(queue_.core_, this->share());
      }
    }
    T await_resume() {
      if (!this->finish()) {
        detail::throw_queue_shut_down();
      }
      return queue_.take(this->share());
    }

   private:
    queue& queue_;
    [[no_unique_address]] copy copy_;
  };
  class put_awaiter final : public detail::put_wait {
   public:
    put_awaiter(detail::queue_core& queue, node_ptr item, std::source_location at) noexcept
        : put_wait{queue, *item, at}, item_{std::move(item)} {}
    ~put_awaiter() {
      this->leave();
      if (this->is_put()) {
        static_cast<void>(item_.release());
      }
    }
    void await_resume() {
      if (!this->finish()) {
        detail::throw_queue_shut_down();
      }
    }

   private:
    node_ptr item_;
  };

  class [[nodiscard("co_await it to get an item")]] get_operation {
   public:
    using skein_awaits = T;
    explicit get_operation(queue& q) noexcept : queue_{&q} {}
    [[nodiscard]] auto make_awaiter(std::source_location at) const {
      if constexpr (in_runs) {
        return detail::quick_get<T, get_awaiter, queue>{queue_->core_, *queue_, at};
      } else {
        return get_awaiter{*queue_, at};
      }
    }

   private:
    queue* queue_;
  };
  class [[nodiscard("co_await it to put the item")]] put_operation {
    using item = std::conditional_t<in_runs, T, node_ptr>;

   public:
    using skein_awaits = void;
    put_operation(detail::queue_core& q, item i) noexcept : queue_{&q}, item_{std::move(i)} {}
    [[nodiscard]] auto make_awaiter(std::source_location at) && {  // once: it carries the item
      if constexpr (in_runs) {
        return detail::quick_put<T, put_awaiter>{*queue_, std::move(item_), at};
      } else {
        return put_awaiter{*queue_, std::move(item_), at};
      }
    }

   private:
    detail::queue_core* queue_;
    item item_;
  };

 public:
  /// `maxsize`   How many items fit; 0, or a negative number that was converted, is no bound.
  explicit queue(std::size_t maxsize = 0)
      : core_{detail::queue_limit(maxsize), Order::in_core, in_runs ? sizeof(T) : 0} {}
  /// The same with what the order is made of: the comparison of a `priority_queue`.
  template <class Compare>
    requires std::constructible_from<Order, Compare>
  queue(std::size_t maxsize, Compare&& compare)
      : core_{detail::queue_limit(maxsize), Order::in_core}, order_{std::forward<Compare>(compare)} {}
  queue(queue const&) = delete;
  queue& operator=(queue const&) = delete;
  ~queue() { destroy(order_.disband(core_)); }

  /// Takes the next item, waiting until there is one.
  ///
  /// Returns     The item, moved out.
  /// Throws      `queue_shut_down` when the queue is shut down and drained.
  /// Cancelling  Loses no item: one that was handed over already, to a task that did not run yet, goes to the
  ///             next getter in line or to its old place. The place in line is lost.
  /// Threads     A task of any loop; elsewhere use `get_nowait`.
  /// Order       Getters are served first come, first served.
  /// Cost        No allocation.
  /// Source      asyncio.Queue.get.
  [[nodiscard]] get_operation get() noexcept { return get_operation{*this}; }

  /// Puts an item, waiting until there is room.
  ///
  /// Throws      `queue_shut_down`; the item is destroyed.
  /// Cancelling  The item was not put, and is destroyed. The place in line is lost; room that was promised
  ///             goes to the next in line at once.
  /// Threads     A task of any loop; elsewhere use `put_nowait`.
  /// Order       Putters are served first come, first served.
  /// Cost        One block for the item, from the frame allocator, made by the call itself; for items that
  ///             stand side by side a block for many of them, or if they wait, when they begin to.
  /// Source      asyncio.Queue.put.
  [[nodiscard]] put_operation put(T item) {
    if constexpr (in_runs) {
      return put_operation{core_, std::move(item)};
    } else {
      return put_operation{core_, std::make_unique<node>(std::move(item))};
    }
  }

  /// Puts an item if there is room.
  ///
  /// Throws      `queue_full`, `queue_shut_down`; the item is destroyed.
  /// Threads     Any.
  /// Source      asyncio.Queue.put_nowait.
  void put_nowait(T item) {
    if constexpr (in_runs) {
      if (detail::runs_of<T>::put(core_, item)) {
        return;
      }
    }
    auto fresh = std::make_unique<node>(std::move(item));
    switch (core_.try_put(*fresh)) {
      case detail::queue_core::result::done:
        static_cast<void>(fresh.release());
        return;
      case detail::queue_core::result::not_now:
        detail::throw_queue_full(maxsize());
      case detail::queue_core::result::shut_down:
        detail::throw_queue_shut_down();
    }
  }

  /// Takes the next item if there is one.
  ///
  /// Returns     The item, moved out.
  /// Throws      `queue_empty`; `queue_shut_down` when it is shut down and drained, and no item is on its way
  ///             to a getter that may be cancelled yet.
  /// Threads     Any.
  /// Source      asyncio.Queue.get_nowait.
  T get_nowait() {
    [[maybe_unused]] copy copied;
    if constexpr (in_runs) {
      if (detail::runs_of<T>::take(core_, copied.place())) {
        return copy::item_at(copied.place());
      }
    }
    detail::queue_share share{.into = copied.place()};
    switch (core_.try_get(share)) {
      case detail::queue_core::result::done:
        break;
      case detail::queue_core::result::not_now:
        detail::throw_queue_empty();
      case detail::queue_core::result::shut_down:
        detail::throw_queue_shut_down();
    }
    if constexpr (chooses) {
      try {
        return take(share);
      } catch (...) {  // of the comparison
        discard(share);
        throw;
      }
    } else {
      return take(share);
    }
  }

  /// Says that the work on an item that was taken is done.
  ///
  /// Throws      `std::invalid_argument` "task_done() called too many times".
  /// Threads     Any.
  /// Source      asyncio.Queue.task_done.
  void task_done() {
    if (!core_.task_done()) {
      detail::throw_task_done_too_often();
    }
  }
  /// Waits until task_done was called for every item that was put; returns at once when it was.
  ///
  /// Cancelling  Nothing is lost.
  /// Threads     A task of any loop.
  /// Cost        No allocation.
  /// Source      asyncio.Queue.join.
  [[nodiscard]] detail::join_operation join() noexcept { return detail::join_operation{core_}; }

  /// Returns     How many items get_nowait could take; a snapshot. One that was handed to a getter which did
  ///             not run yet is not among them, but still takes room.
  [[nodiscard]] std::size_t qsize() const noexcept { return core_.size(); }
  /// Returns     True when get_nowait would throw; a snapshot.
  [[nodiscard]] bool empty() const noexcept { return core_.size() == 0; }
  /// Returns     True when put_nowait would throw; a snapshot.
  [[nodiscard]] bool full() const noexcept { return core_.full(); }
  [[nodiscard]] std::size_t maxsize() const noexcept {
    return core_.limit() == detail::queue_core::no_bound ? 0 : core_.limit();
  }
  /// Returns     How many getters and putters are in line; a snapshot.
  [[nodiscard]] std::size_t waiting() const noexcept { return core_.waiting(); }

  /// Refuses puts from now on, and gets when the queue is drained; whoever waits is told. With `immediate`
  /// the items are destroyed and count as done; one that was handed to a getter already stays the getter's.
  ///
  /// Threads     Any.
  /// Source      asyncio.Queue.shutdown.
  void shutdown(bool immediate = false) { destroy(order_.shut_down(core_, immediate)); }

  /// Returns     `<queue maxsize=3 size=1 _getters[2] _putters[1] tasks=4 shutdown>`, without what is zero;
  ///             with the name of the order.
  [[nodiscard]] std::string repr() const { return detail::queue_repr(core_, Order::name); }

 private:
  [[nodiscard]] T take(detail::queue_share& share) {
    if constexpr (in_runs) {
      if (std::exchange(share.copied, false)) {
        return copy::item_at(share.into);
      }
    }
    node_ptr const owned{static_cast<node*>(order_.take(core_, share))};
    if constexpr (chooses) {
      if (owned == nullptr) {
        detail::throw_queue_shut_down();  // all items were dropped since it was called
      }
    }
    return std::move(owned->value);
  }
  // A claim that nobody uses.
  void discard(detail::queue_share& share) noexcept {
    if (std::exchange(share.claim, false)) {
      core_.give_back_claim();
    }
  }
  static void destroy(detail::queue_node* first) noexcept { detail::destroy_items<node>(first); }

  detail::queue_core core_;
  [[no_unique_address]] Order order_;
};

}  // namespace skein
