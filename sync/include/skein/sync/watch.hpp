// SPDX-License-Identifier: Apache-2.0
// watch.hpp: one value that changes, and those who want to know its latest state.
#pragma once

#include <skein/sync/channel.hpp>
#include <skein/sync/detail/bulletin.hpp>

#include <cstddef>
#include <memory>
#include <mutex>
#include <source_location>
#include <type_traits>
#include <utility>

namespace skein {

/// A value that one side sets and others look at. A receiver learns that it changed, not how often.
///
///     skein::watch<config>::receiver mine = current.subscribe();
///     while (co_await mine.changed()) { apply(mine.get()); }
///
/// Everybody gets a copy of the value; copies of one watch are never made at the same time, so a copy
/// constructor need not be safe for that.
///
/// Threads     Any number of senders on any thread. A receiver belongs to one task at a time.
/// Lifetime    Receivers may outlive it: its destructor closes it, and the last value stays.
/// Order       Those who wait become ready in the order in which they came.
/// Source      tokio::sync::watch; asyncio has none.
template <class T>
class watch {
  static_assert(std::is_object_v<T> && std::is_copy_constructible_v<T>, "everybody gets a copy");

 public:
  class receiver;

  explicit watch(T initial) : value_{std::make_shared<detail::bulletin>(1)} { send(std::move(initial)); }
  watch(watch const&) = delete;
  watch& operator=(watch const&) = delete;
  ~watch() { close(); }

  /// Sets the value and tells all who wait. Never waits.
  ///
  /// Throws      `channel_closed`.
  /// Threads     Any.
  /// Cost        One block for the value. Linear in the number of those who wait.
  void send(T value) {
    auto const keep = value_;  // who is woken may destroy this object
    if (!keep->post(std::make_shared<T const>(std::move(value)))) {
      detail::throw_channel_closed();
    }
  }
  /// Returns     A copy of the latest value.
  /// Threads     Any.
  [[nodiscard]] T get() const { return copy_newest(*value_); }
  /// Returns     A receiver that has seen the value as it is now.
  /// Threads     Any.
  [[nodiscard]] receiver subscribe() const { return receiver{value_}; }
  /// No value will be set any more: receivers that have seen the latest one are told.
  ///
  /// Threads     Any.
  void close() noexcept {
    auto const keep = value_;
    keep->close();
  }
  [[nodiscard]] bool closed() const noexcept { return value_->closed(); }
  /// Returns     How many receivers there are; a snapshot.
  [[nodiscard]] std::size_t receivers() const noexcept { return value_->readers(); }
  /// Returns     How many receivers wait; a snapshot.
  [[nodiscard]] std::size_t waiting() const noexcept { return value_->waiting(); }

 private:
  [[nodiscard]] static T copy_newest(detail::bulletin& value) {
    detail::bulletin::message const newest = value.newest();
    std::lock_guard const guard{value.copying()};
    return *static_cast<T const*>(newest.get());
  }

  std::shared_ptr<detail::bulletin> value_;
};

/// One who watches, and which version it has seen. Destroying it unsubscribes.
template <class T>
class watch<T>::receiver {
  class changed_awaiter final : public detail::bulletin_wait {
   public:
    changed_awaiter(receiver& r, std::source_location at) noexcept
        : bulletin_wait{r.place_.from(), r.place_.next, at}, receiver_{r} {}
    ~changed_awaiter() { this->leave(); }
    bool await_resume() {
      this->finish();
      return receiver_.see();
    }

   private:
    receiver& receiver_;
  };
  class [[nodiscard("co_await it to wait for a change")]] changed_operation {
   public:
    using skein_awaits = bool;
    explicit changed_operation(receiver& r) noexcept : receiver_{&r} {}
    [[nodiscard]] auto make_awaiter(std::source_location at) const { return changed_awaiter{*receiver_, at}; }

   private:
    receiver* receiver_;
  };

 public:
  /// Waits until there is a version that this receiver has not seen, and marks it as seen.
  ///
  /// Returns     False when there is none and the watch is closed.
  /// Cancelling  Loses nothing: the version is not marked as seen.
  /// Threads     The task that owns the receiver, on any loop.
  /// Lifetime    The receiver stays where it is during the await.
  /// Cost        No allocation.
  [[nodiscard]] changed_operation changed() noexcept { return changed_operation{*this}; }
  /// Returns     Whether changed would return true at once; a snapshot.
  [[nodiscard]] bool has_changed() const noexcept { return place_.next != place_.from().end(); }
  /// Returns     A copy of the latest value; does not mark it as seen.
  /// Threads     Any, one at a time.
  [[nodiscard]] T get() const { return copy_newest(place_.from()); }
  /// Marks the latest version as seen.
  ///
  /// Returns     A copy of that version, or of one that came after.
  /// Threads     Any, one at a time.
  [[nodiscard]] T get_and_update() {
    place_.next = place_.from().end();
    return get();
  }

 private:
  friend class watch;
  explicit receiver(std::shared_ptr<detail::bulletin> value) noexcept : place_{std::move(value)} {}

  [[nodiscard]] bool see() noexcept {
    auto const seen = std::exchange(place_.next, place_.from().end());
    return seen != place_.next;
  }

  detail::bulletin_reader place_;
};

}  // namespace skein
