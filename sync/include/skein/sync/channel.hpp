// SPDX-License-Identifier: Apache-2.0
// channel.hpp: items from senders to receivers, until it is closed.
#pragma once

#include <skein/sync/detail/item_run.hpp>
#include <skein/sync/detail/queue_item.hpp>
#include <skein/sync/detail/queue_wait.hpp>
#include <skein/sync/detail/quick_wait.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <source_location>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>

namespace skein {

/// A send found the channel closed.
struct channel_closed : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// For a channel without a bound: `skein::channel<int> c{skein::unbounded}`.
struct unbounded_t {
  explicit unbounded_t() = default;
};
inline constexpr unbounded_t unbounded{};

namespace detail {

/// Throws      `std::invalid_argument` for a negative number that was converted.
[[nodiscard]] std::size_t channel_limit(std::size_t capacity);
[[nodiscard]] std::string channel_repr(queue_core const& core);
[[noreturn]] void throw_channel_closed();

}  // namespace detail

/// Items from any number of senders to any number of receivers, first in, first out, each to one of them.
/// Closing it is the end of the stream: receivers take what is there, and then get nothing.
///
///     while (std::optional<job> next = co_await jobs.receive()) {
///       work_on(*next);
///     }
///
/// With capacity 0 an item goes from hand to hand: a sender waits for a receiver. If that one is cancelled
/// after it got the item and before it ran, the item waits in the channel for the next receiver.
///
/// An item is moved into a block of its own when it is sent and out of it when it is received, never while
/// the channel is locked. If moving it out throws, it is lost. Small items that are trivially copyable stand
/// side by side in blocks of 512 bytes instead.
///
/// Threads     send and receive are awaited in tasks of any loop of any runtime; the rest may be called from
///             any thread.
/// Lifetime    It outlives every await. Destroyed earlier, it leaves its waiters behind: they can only be
///             cancelled, and a debug build says so. Items that are left are destroyed with it.
/// Order       Items leave in the order in which they came; senders are served first come, first served, and
///             receivers too.
/// Source      tokio::sync::mpsc and crossbeam's channels, with several receivers; asyncio has `queue`.
template <class T>
class channel {
  static_assert(std::is_object_v<T> && std::is_move_constructible_v<T>,
                "items are moved in and out: a pointer refers to something");

  using node = detail::queue_item<T>;
  using node_ptr = std::unique_ptr<node>;
  static constexpr bool in_runs = detail::stands_in_runs<T>;
  static constexpr std::size_t item_size = in_runs ? sizeof(T) : 0;
  using copy = detail::item_copy<T, in_runs>;

  class receive_awaiter final : public detail::get_wait {
   public:
    receive_awaiter(detail::queue_core& core, std::source_location at) noexcept
        : get_wait{core, at}, core_{core} {
      this->share().into = copy_.place();
    }
    ~receive_awaiter() {
      this->leave();  // first: it may give the item back
      detail::discard_item<node>(core_, this->leftover());
    }
    std::optional<T> await_resume() { return this->finish() ? take(this->share()) : std::nullopt; }

   private:
    detail::queue_core& core_;
    [[no_unique_address]] copy copy_;
  };
  class send_awaiter final : public detail::put_wait {
   public:
    send_awaiter(detail::queue_core& core, node_ptr item, std::source_location at) noexcept
        : put_wait{core, *item, at}, item_{std::move(item)} {}
    ~send_awaiter() {
      this->leave();
      if (this->is_put()) {
        static_cast<void>(item_.release());
      }
    }
    void await_resume() {
      if (!this->finish()) {
        detail::throw_channel_closed();
      }
    }

   private:
    node_ptr item_;
  };

  class [[nodiscard("co_await it to receive an item")]] receive_operation {
   public:
    using skein_awaits = std::optional<T>;
    explicit receive_operation(detail::queue_core& core) noexcept : core_{&core} {}
    [[nodiscard]] auto make_awaiter(std::source_location at) const {
      if constexpr (in_runs) {
        return detail::quick_get<T, receive_awaiter, detail::queue_core>{*core_, *core_, at};
      } else {
        return receive_awaiter{*core_, at};
      }
    }

   private:
    detail::queue_core* core_;
  };
  class [[nodiscard("co_await it to send the item")]] send_operation {
    using item = std::conditional_t<in_runs, T, node_ptr>;

   public:
    using skein_awaits = void;
    send_operation(detail::queue_core& core, item i) noexcept : core_{&core}, item_{std::move(i)} {}
    [[nodiscard]] auto make_awaiter(std::source_location at) && {  // once: it carries the item
      if constexpr (in_runs) {
        return detail::quick_put<T, send_awaiter>{*core_, std::move(item_), at};
      } else {
        return send_awaiter{*core_, std::move(item_), at};
      }
    }

   private:
    detail::queue_core* core_;
    item item_;
  };

 public:
  /// `capacity`  How many items fit; with 0 a send waits for a receiver.
  ///
  /// Throws      `std::invalid_argument` for a negative number that was converted.
  explicit channel(std::size_t capacity)
      : core_{detail::channel_limit(capacity), detail::item_order::oldest, item_size} {}
  /// With room for any number: a send never waits.
  explicit channel(unbounded_t) noexcept
      : core_{detail::queue_core::no_bound, detail::item_order::oldest, item_size} {}
  channel(channel const&) = delete;
  channel& operator=(channel const&) = delete;
  ~channel() { detail::destroy_items<node>(core_.disband("channel")); }

  /// Sends an item, waiting until there is room, or a receiver if the capacity is 0.
  ///
  /// Throws      `channel_closed`, also when it is closed meanwhile; the item is destroyed.
  /// Cancelling  The item was not sent, and is destroyed. When a receiver has taken it already (capacity 0)
  ///             the send ends as usual, and the next wait of the task throws. The place in line is lost;
  ///             room that was promised goes to the next in line at once.
  /// Threads     A task of any loop; elsewhere use `try_send`.
  /// Order       Senders are served first come, first served.
  /// Cost        One block for the item, from the frame allocator, made by the call itself; for items that
  ///             stand side by side a block for many of them, or if they wait, when they begin to.
  [[nodiscard]] send_operation send(T item) {
    if constexpr (in_runs) {
      return send_operation{core_, std::move(item)};
    } else {
      return send_operation{core_, std::make_unique<node>(std::move(item))};
    }
  }

  /// Sends an item if there is room, or a receiver waits if the capacity is 0.
  ///
  /// Returns     Whether it was sent; if not, the item is as it was.
  /// Throws      `channel_closed`.
  /// Threads     Any.
  [[nodiscard]] bool try_send(T&& item)
    requires std::is_move_assignable_v<T>
  {
    if constexpr (in_runs) {
      if (detail::runs_of<T>::put(core_, item)) {
        return true;
      }
    }
    auto fresh = std::make_unique<node>(std::move(item));
    auto const result = core_.try_put(*fresh);
    if (result != detail::queue_core::result::done) {
      item = std::move(fresh->value);
    }
    return was_sent(result, fresh);
  }
  [[nodiscard]] bool try_send(T const& item)
    requires std::is_copy_constructible_v<T>
  {
    if constexpr (in_runs) {
      if (detail::runs_of<T>::put(core_, item)) {
        return true;
      }
    }
    auto fresh = std::make_unique<node>(T{item});
    return was_sent(core_.try_put(*fresh), fresh);
  }

  /// Takes the oldest item, waiting until there is one.
  ///
  /// Returns     The item, moved out; nothing when the channel is closed and drained.
  /// Cancelling  Loses no item: one that was handed over already, to a task that did not run yet, goes to the
  ///             next receiver in line or to its old place. The place in line is lost.
  /// Threads     A task of any loop; elsewhere use `try_receive`.
  /// Order       Receivers are served first come, first served.
  /// Cost        No allocation.
  [[nodiscard]] receive_operation receive() noexcept { return receive_operation{core_}; }

  /// Takes the oldest item if there is one, or that of a waiting sender if the capacity is 0.
  ///
  /// Returns     The item, moved out, or nothing; `closed()` says whether to come again.
  /// Threads     Any.
  [[nodiscard]] std::optional<T> try_receive() {
    [[maybe_unused]] copy copied;
    if constexpr (in_runs) {
      if (detail::runs_of<T>::take(core_, copied.place())) {
        return copy::item_at(copied.place());
      }
    }
    detail::queue_share share{.into = copied.place()};
    if (core_.try_get(share) != detail::queue_core::result::done) {
      return std::nullopt;
    }
    return take(share);
  }

  /// Refuses what is sent from now on. Senders that wait fail; receivers take what is there, and those that
  /// wait get nothing, as soon as no item can come back from one that was called. Closing it again does
  /// nothing.
  ///
  /// Threads     Any.
  void close() noexcept { static_cast<void>(core_.shut_down(false)); }
  /// Returns     Whether it was closed. There may be items in it still; a snapshot.
  [[nodiscard]] bool closed() const noexcept { return core_.is_shut_down(); }
  /// Returns     How many items try_receive could take, without those of waiting senders; a snapshot. One
  ///             that was handed to a receiver which did not run yet is not among them, but still takes room.
  [[nodiscard]] std::size_t size() const noexcept { return core_.size(); }
  /// Returns     How many senders and receivers are in line; a snapshot.
  [[nodiscard]] std::size_t waiting() const noexcept { return core_.waiting(); }
  /// Returns     `<channel capacity=3 size=1 receivers[2] senders[1] closed>`, without what is zero;
  ///             `<channel unbounded>`.
  [[nodiscard]] std::string repr() const { return detail::channel_repr(core_); }

 private:
  [[nodiscard]] static std::optional<T> take(detail::queue_share& share) {
    if constexpr (in_runs) {
      if (std::exchange(share.copied, false)) {
        return std::optional<T>{copy::item_at(share.into)};
      }
    }
    node_ptr const owned{static_cast<node*>(std::exchange(share.item, nullptr))};
    return std::optional<T>{std::move(owned->value)};
  }
  [[nodiscard]] static bool was_sent(detail::queue_core::result result, node_ptr& item) {
    if (result == detail::queue_core::result::shut_down) {
      detail::throw_channel_closed();
    }
    if (result == detail::queue_core::result::done) {
      static_cast<void>(item.release());
      return true;
    }
    return false;
  }

  detail::queue_core core_;
};

}  // namespace skein
