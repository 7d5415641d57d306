// SPDX-License-Identifier: Apache-2.0
// shield.hpp: waiting for something without cancelling it when the wait is cancelled.
#pragma once

#include <skein/core/create_task.hpp>
#include <skein/core/detail/completion_link.hpp>
#include <skein/core/future.hpp>

#include <string>
#include <type_traits>
#include <utility>

namespace skein {
namespace detail {

/// The outer future's end of a shield, without its type.
class shielder {
 public:
  explicit shielder(future_state& outer) noexcept : link_{*this}, outer_{outer} {}
  shielder(shielder const&) = delete;
  shielder& operator=(shielder const&) = delete;

  void begin(state_ref<> inner) noexcept;

 protected:
  ~shielder() = default;
  /// The outer future was cancelled: no longer listens, but sees to it that an error is reported.
  void outer_cancelled() noexcept;
  /// Completes the outer future with the inner one's value.
  virtual void copy_value(future_state& inner) = 0;

 private:
  struct inner_link : completion_link {
    explicit inner_link(shielder& s) noexcept : completion_link{told_ops}, owner{s} {}
    shielder& owner;
    bool reports = false;  // guarded by the inner future's lock
  };
  static link_ops const told_ops;
  static void told(completion_link& link) noexcept;
  static void lost(completion_link& link) noexcept;
  static state_ref<> behind(completion_link& link) noexcept;

  inner_link link_;
  future_state& outer_;
};

template <class T>
class shield_state final : public future_of<T>, public shielder {
 public:
  explicit shield_state(loop_id loop) noexcept
      : future_of<T>{loop}, shielder(static_cast<future_state&>(*this)) {}

  bool cancel(std::string message) override {
    if (!future_state::cancel(std::move(message))) {
      return false;
    }
    outer_cancelled();
    return true;
  }

 private:
  void copy_value(future_state& inner) override {
    if constexpr (std::is_void_v<T>) {
      static_cast<void>(set_value<T>(*this));
    } else {
      static_cast<void>(set_value<T>(*this, copy_result<T>(inner)));
    }
  }
};

}  // namespace detail

/// Protects an awaitable from being cancelled by who waits for it.
///
/// Returns     A future that ends as the inner one does; the inner one itself when that is done. A coroutine
///             is made a task at the call.
/// Throws      `no_running_loop_error` when a task has to be made outside of a loop.
/// Cancelling  Cancelling the future, or the task that awaits it, ends the future at once; the inner work
/// goes
///             on. If it then fails, the exception handler is told once: "exception in shielded future". When
///             the inner one is cancelled, so is the future.
/// Threads     As gather.
/// Lifetime    The loop owns an inner task, so it runs to its end even if nobody holds a handle.
/// Source      asyncio.shield (3.14); differs: a strong reference to the inner task is not needed.
template <awaitable A>
[[nodiscard]] auto shield(A&& operation) -> future<await_result_t<A>> {
  using T = await_result_t<A>;
  future<T> inner{ensure_future(std::forward<A>(operation))};
  if (!inner) {
    detail::throw_null_future();
  }
  if (inner.done()) {
    return inner;
  }
  auto* const outer = new detail::shield_state<T>{inner.shared_state()->loop()};
  future<T> result{detail::state_ref<>::adopt(outer)};
  outer->begin(detail::state_ref<>::share(inner.shared_state()));
  return result;
}

}  // namespace skein
