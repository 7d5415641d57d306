// SPDX-License-Identifier: Apache-2.0
// broadcast.hpp: every message to every subscriber, as far as the history reaches.
#pragma once

#include <skein/sync/channel.hpp>
#include <skein/sync/detail/bulletin.hpp>

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <source_location>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>

namespace skein {

/// A receiver of a broadcast was so slow that messages were overwritten before it read them. The next receive
/// gives the oldest one that is left.
class lagged_error : public std::runtime_error {
 public:
  explicit lagged_error(std::uint64_t missed);
  /// Returns     How many messages it did not get.
  [[nodiscard]] std::uint64_t missed() const noexcept { return missed_; }

 private:
  std::uint64_t missed_;
};

namespace detail {

/// Throws      `std::invalid_argument` for 0, and for a negative number that was converted.
[[nodiscard]] std::size_t broadcast_capacity(std::size_t capacity);
[[nodiscard]] std::string broadcast_repr(bulletin const& messages);

}  // namespace detail

/// Messages to all who have subscribed. A send never waits: it overwrites the oldest message when the history
/// is full, and a receiver that did not read that one yet is told how many it missed.
///
///     skein::broadcast<price>::receiver mine = prices.subscribe();
///     while (std::optional<price> next = co_await mine.receive()) { show(*next); }
///
/// A message is kept until it is overwritten. Each receiver gets a copy of its own; copies of one broadcast
/// are never made at the same time, so a copy constructor need not be safe for that.
///
/// Threads     Any number of senders on any thread. A receiver belongs to one task at a time.
/// Lifetime    Receivers may outlive it: its destructor closes it.
/// Order       All receivers get the messages in the same order. Those who wait become ready in the order in
///             which they came.
/// Source      tokio::sync::broadcast; asyncio has none.
template <class T>
class broadcast {
  static_assert(std::is_object_v<T> && std::is_copy_constructible_v<T>, "every receiver gets a copy");

 public:
  class receiver;

  /// `capacity`  How many messages are kept for slow receivers.
  ///
  /// Throws      `std::invalid_argument` for 0, and for a negative number that was converted.
  explicit broadcast(std::size_t capacity)
      : messages_{std::make_shared<detail::bulletin>(detail::broadcast_capacity(capacity))} {}
  broadcast(broadcast const&) = delete;
  broadcast& operator=(broadcast const&) = delete;
  ~broadcast() { close(); }

  /// Sends a message to all who have subscribed until now. Never waits.
  ///
  /// Returns     How many receivers there were; a snapshot.
  /// Throws      `channel_closed`.
  /// Threads     Any.
  /// Cost        One block for the message. Linear in the number of those who wait.
  std::size_t send(T message) {
    auto const keep = messages_;  // who is woken may destroy this object
    if (!keep->post(std::make_shared<T const>(std::move(message)))) {
      detail::throw_channel_closed();
    }
    return keep->readers();
  }
  /// Returns     A receiver of all that is sent from now on.
  /// Threads     Any.
  [[nodiscard]] receiver subscribe() const { return receiver{messages_}; }
  /// Ends the stream: receivers read what is there, and then get nothing.
  ///
  /// Threads     Any.
  void close() noexcept {
    auto const keep = messages_;
    keep->close();
  }
  [[nodiscard]] bool closed() const noexcept { return messages_->closed(); }
  /// Returns     How many receivers there are; a snapshot.
  [[nodiscard]] std::size_t receivers() const noexcept { return messages_->readers(); }
  /// Returns     How many receivers wait; a snapshot.
  [[nodiscard]] std::size_t waiting() const noexcept { return messages_->waiting(); }
  /// Returns     `<broadcast capacity=8 sent=3 receivers=2 waiters:1>`, with `closed`.
  [[nodiscard]] std::string repr() const { return detail::broadcast_repr(*messages_); }

 private:
  std::shared_ptr<detail::bulletin> messages_;
};

/// One subscriber of a broadcast, and where it stands in the stream. Destroying it unsubscribes.
template <class T>
class broadcast<T>::receiver {
  class receive_awaiter final : public detail::bulletin_wait {
   public:
    receive_awaiter(receiver& r, std::source_location at) noexcept
        : bulletin_wait{r.place_.from(), r.place_.next, at}, receiver_{r} {}
    ~receive_awaiter() { this->leave(); }
    std::optional<T> await_resume() {
      this->finish();
      return receiver_.read();
    }

   private:
    receiver& receiver_;
  };
  class [[nodiscard("co_await it to receive a message")]] receive_operation {
   public:
    using skein_awaits = std::optional<T>;
    explicit receive_operation(receiver& r) noexcept : receiver_{&r} {}
    [[nodiscard]] auto make_awaiter(std::source_location at) const { return receive_awaiter{*receiver_, at}; }

   private:
    receiver* receiver_;
  };

 public:
  /// Waits for the next message.
  ///
  /// Returns     A copy; nothing when the broadcast is closed and all was read.
  /// Throws      `lagged_error` when messages were overwritten; what copying throws, and then it is still the
  ///             next message.
  /// Cancelling  Loses no message: the next receive gives it.
  /// Threads     The task that owns the receiver, on any loop.
  /// Lifetime    The receiver stays where it is during the await.
  /// Cost        No allocation but what the copy makes.
  [[nodiscard]] receive_operation receive() noexcept { return receive_operation{*this}; }
  /// Takes the next message if it is there.
  ///
  /// Returns     A copy, or nothing.
  /// Throws      As receive.
  /// Threads     Any, one at a time.
  [[nodiscard]] std::optional<T> try_receive() { return read(); }

 private:
  friend class broadcast;
  explicit receiver(std::shared_ptr<detail::bulletin> messages) noexcept : place_{std::move(messages)} {}

  [[nodiscard]] std::optional<T> read() {
    detail::bulletin::message message;
    std::uint64_t missed = 0;
    switch (place_.from().look(place_.next, message, missed)) {
      case detail::bulletin::found::lagging:
        throw lagged_error{missed};
      case detail::bulletin::found::message:
        break;
      case detail::bulletin::found::nothing:
      case detail::bulletin::found::end:
        return std::nullopt;
    }
    std::lock_guard const guard{place_.from().copying()};
    std::optional<T> copy{std::in_place, *static_cast<T const*>(message.get())};
    ++place_.next;
    return copy;
  }

  detail::bulletin_reader place_;
};

}  // namespace skein
