// SPDX-License-Identifier: Apache-2.0
// once_cell.hpp: a value that the first who needs it makes, while the others wait.
//
// What       A lock lets one initialiser run; who waits for it waits for the lock, and looks again.
// Source     tokio::sync::OnceCell.
// Threads    Any.
// Progress   get is wait-free, and get_or_init too when there is a value.
// Lifetime   Outlives every await of it; references to the value are valid as long as the cell.
//
// Invariants
//   I1  value_ is written by the holder of lock_, once, before [A].
//
// Orders     [tag] stands at the line that carries the order.
//   [A] publish, store, release   pairs with [B]: who sees the flag sees the value.
//   [B] get, load, acquire.
//
// Checked    tests/sync/once_cell_test.cpp, under ThreadSanitizer.
#pragma once

#include <skein/sync/lock.hpp>
#include <skein/sync/scoped_permit.hpp>

#include <skein/core/awaitable.hpp>
#include <skein/core/coro.hpp>
#include <skein/core/lowlevel/atomic.hpp>

#include <concepts>
#include <cstddef>
#include <functional>
#include <optional>
#include <type_traits>
#include <utility>

namespace skein {

/// A value that is made once, when it is needed for the first time.
///
///     skein::once_cell<pool> connections;
///     pool& p = co_await connections.get_or_init([&] { return connect_all(addresses); });
///
/// Threads     get_or_init is awaited in tasks of any loop of any runtime; the rest may be called from any
///             thread. The value is shared: what is done with it at the same time is up to T.
/// Lifetime    It outlives every await, and all references to its value.
/// Source      tokio::sync::OnceCell; asyncio has none.
template <class T>
class once_cell {
  static_assert(std::is_object_v<T>, "the cell keeps the value");

 public:
  /// Empty.
  once_cell() noexcept = default;
  once_cell(once_cell const&) = delete;
  once_cell& operator=(once_cell const&) = delete;
  ~once_cell() = default;

  /// Gives the value; when there is none, makes it of what init() returns, or of what awaiting that gives.
  /// While one task does that the others wait.
  ///
  /// Returns     The value in the cell.
  /// Throws      What init throws, to the task that called it; the next one in line calls its own.
  /// Cancelling  A cancelled initialiser leaves the cell empty, and the next one in line calls its own. A
  ///             task that waits loses its place.
  /// Threads     A task of any loop. From within init, the same cell would wait for itself.
  /// Order       Initialisers are tried first come, first served.
  /// Cost        One atomic load when there is a value, and the frame of a coroutine.
  template <class Init>
    requires std::invocable<Init&>
  [[nodiscard]] coro<T&> get_or_init(Init init) {
    if (T* const there = get()) {
      co_return *there;
    }
    auto const permit = co_await lock_.scoped();
    if (T* const there = get()) {
      co_return *there;
    }
    if constexpr (awaitable<std::invoke_result_t<Init&>>) {
      co_return publish(co_await std::invoke(init));
    } else {
      co_return publish(std::invoke(init));
    }
  }

  /// Returns     The value; null while there is none.
  [[nodiscard]] T* get() noexcept {
    return full_.load(lowlevel::memory_order_acquire) ? &*value_ : nullptr;  // [B]
  }
  [[nodiscard]] T const* get() const noexcept {
    return full_.load(lowlevel::memory_order_acquire) ? &*value_ : nullptr;  // [B]
  }
  /// Puts a value into an empty cell. Never waits.
  ///
  /// Returns     False when there is one, or an initialiser runs or is about to; `value` is destroyed then.
  /// Threads     Any.
  bool set(T value) {
    if (!lock_.try_acquire()) {
      return false;
    }
    scoped_permit const permit{&lock_, [](void* held) noexcept { static_cast<lock*>(held)->release(); }};
    if (get() != nullptr) {
      return false;
    }
    publish(std::move(value));
    return true;
  }

  /// Returns     How many wait for an initialiser; a snapshot.
  [[nodiscard]] std::size_t waiting() const noexcept { return lock_.waiting(); }

 private:
  // With lock_ held.
  template <class U>
  T& publish(U&& value) {
    value_.emplace(std::forward<U>(value));
    full_.store(true, lowlevel::memory_order_release);  // [A]
    return *value_;
  }

  lock lock_;
  std::optional<T> value_;
  lowlevel::atomic<bool> full_{false};
};

}  // namespace skein
