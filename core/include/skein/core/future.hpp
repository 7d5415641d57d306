// SPDX-License-Identifier: Apache-2.0
// future.hpp: future<T>, a result that comes later, and any_future, the same without its type.
#pragma once

#include <skein/core/awaitable.hpp>
#include <skein/core/clock.hpp>
#include <skein/core/context.hpp>
#include <skein/core/detail/await_future.hpp>
#include <skein/core/detail/done_callback.hpp>
#include <skein/core/detail/future_state.hpp>
#include <skein/core/detail/repr.hpp>
#include <skein/core/detail/task_state.hpp>

#include <concepts>
#include <cstdint>
#include <exception>
#include <source_location>
#include <string>
#include <type_traits>
#include <utility>

namespace skein {

class event_loop;
using callback_id = std::uint64_t;

/// A handle to a future or task of any type; null when default-made. Handles are equal when they are handles
/// to the same object.
///
/// Threads     All functions: any thread.
/// Lifetime    The result lives as long as a handle, also after its loop is closed.
/// Source      asyncio.Future.
class any_future {
 public:
  any_future() noexcept = default;

  [[nodiscard]] explicit operator bool() const noexcept { return static_cast<bool>(state_); }
  /// Returns     True when there is a result, an error or a cancellation.
  [[nodiscard]] bool done() const noexcept { return state_ && state_->done(); }
  [[nodiscard]] bool cancelled() const noexcept {
    return state_ && state_->status() == detail::future_status::cancelled;
  }
  /// Returns     The error, or null when there is a value. The error then counts as retrieved.
  /// Throws      `invalid_state_error` when it is not done, `cancelled_error` when it was cancelled.
  [[nodiscard]] std::exception_ptr exception() const { return checked().exception(); }
  /// Cancels a future at once; sends a cancel request to a task, which it sees at its next wait.
  ///
  /// Returns     False when it was done already.
  bool cancel() const { return checked().cancel({}); }
  /// As above; the text comes with the `cancelled_error`.
  bool cancel(std::string message) const { return checked().cancel(std::move(message)); }
  /// Returns     A line for people, such as `<future finished result=1>`.
  [[nodiscard]] std::string repr() const;
  /// Throws      `loop_closed_error` when the loop is gone.
  [[nodiscard]] event_loop& get_loop() const;
  /// Takes a callback back.
  ///
  /// Returns     1, or 0 when there is none of that id or it was scheduled already.
  std::size_t remove_done_callback(callback_id id) const;

  friend bool operator==(any_future const& a, any_future const& b) noexcept {
    return a.state_.get() == b.state_.get();
  }

  /// For skein itself.
  [[nodiscard]] detail::future_state* shared_state() const noexcept { return state_.get(); }
  explicit any_future(detail::state_ref<> state) noexcept : state_{std::move(state)} {}

 protected:
  [[nodiscard]] detail::future_state& checked() const {
    if (!state_) [[unlikely]] {
      detail::throw_null_future();
    }
    return *state_;
  }

  detail::state_ref<> state_;
};

/// A result that somebody sets once and any number of tasks and threads wait for.
///
/// Threads     All functions: any thread. Awaited in tasks of the runtime it belongs to.
/// Lifetime    A shared handle: copies refer to the same result.
/// Source      asyncio.Future; differs: usable from several threads, `get` blocks plain threads.
template <class T = void>
class future : public any_future {
 public:
  using skein_awaits = T;

  future() noexcept = default;

  /// Returns     A copy of the value.
  /// Throws      `invalid_state_error` when it is not done, `cancelled_error`, or the error that was set.
  T result() const {
    checked().throw_unless_finished();
    return detail::copy_result<T>(*state_);
  }

  /// Completes the future.
  ///
  /// Throws      `invalid_state_error` when it is done already; `std::runtime_error` when it is a task.
  template <class... U>
    requires(sizeof...(U) == (std::is_void_v<T> ? 0 : 1))
  void set_result(U&&... value) const {
    if (!try_set_result(std::forward<U>(value)...)) {
      detail::throw_invalid_state(checked());
    }
  }

  /// As set_result.
  ///
  /// Returns     False when it is done already, or somebody else is just completing it.
  template <class... U>
    requires(sizeof...(U) == (std::is_void_v<T> ? 0 : 1))
  bool try_set_result(U&&... value) const {
    return detail::set_value<T>(checked(), std::forward<U>(value)...);
  }

  /// Completes the future with an error: an `exception_ptr` or any object to be thrown.
  ///
  /// Throws      `invalid_state_error` when it is done already; `std::invalid_argument` for a null pointer.
  void set_exception(std::exception_ptr error) const { detail::set_error(checked(), std::move(error)); }
  template <class E>
    requires(!std::same_as<std::remove_cvref_t<E>, std::exception_ptr>)
  void set_exception(E&& error) const {
    detail::set_error(checked(), std::make_exception_ptr(std::forward<E>(error)));
  }

  /// Calls f(future<T>) or f() when the future is done, on the loop that runs now, or else on the future's,
  /// in its next turn, in a copy of the current context; callbacks of one future run in the order they were
  /// added. What it throws goes to that loop's exception handler.
  ///
  /// Returns     An id for remove_done_callback.
  template <class F>
    requires(detail::callback<F, future> || detail::callback<F>)
  callback_id add_done_callback(F&& f) const {
    return detail::add_callback<std::decay_t<F>>(checked(), as_callback(std::forward<F>(f)), nullptr);
  }
  /// As above, in that very context.
  template <class F>
    requires(detail::callback<F, future> || detail::callback<F>)
  callback_id add_done_callback(with_context where, F&& f) const {
    return detail::add_callback<std::decay_t<F>>(checked(), as_callback(std::forward<F>(f)),
                                                 &where.get().inner());
  }
  template <class F>
    requires(detail::no_callback<F, future> || detail::no_callback<F>)
  callback_id add_done_callback(F&&) const = delete;  // the function may call create_task

  /// Blocks a plain thread, or a thread of an executor, until the result is there.
  ///
  /// Returns     The value, as `result`.
  /// Throws      As `result`; `std::runtime_error` on the thread of a loop, which must not block:
  ///             await there.
  T get() const {
    detail::block_until_done(checked(), delay{std::chrono::hours{24 * 365 * 300}});
    return result();
  }
  /// As get, for so long at most.
  ///
  /// Throws      `timeout_error` when it is not done by then.
  T get_for(delay d) const {
    detail::block_until_done(checked(), d);
    return result();
  }

  /// `co_await f` waits and gives a copy of the value, `co_await std::move(f)` moves it out when this is the
  /// only handle, or when T can only be moved: then it can be taken once.
  ///
  /// Throws      As `result`; `std::runtime_error` when it belongs to another runtime, or is the task that
  ///             awaits.
  /// Cancelling  Cancels what is awaited: the future, or the task, which then decides (rule G5). `shield`
  ///             stops that.
  [[nodiscard]] auto make_awaiter(std::source_location where) const& {
    return detail::future_awaiter<T, false>{checked(), where};
  }
  [[nodiscard]] auto make_awaiter(std::source_location where) && {
    return detail::future_awaiter<T, true>{checked(), where};
  }
  [[nodiscard]] auto operator co_await() const { return make_awaiter(std::source_location::current()); }

  /// For skein itself.
  explicit future(detail::state_ref<> state) noexcept : any_future{std::move(state)} {}

 private:
  template <class F>
  static auto as_callback(F&& f) {
    return [f = std::forward<F>(f)](detail::state_ref<> state) mutable {
      if constexpr (std::invocable<std::decay_t<F>&, future<T>>) {
        f(future<T>{std::move(state)});
      } else {
        f();
      }
    };
  }
};

}  // namespace skein
