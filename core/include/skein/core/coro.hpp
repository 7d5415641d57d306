// SPDX-License-Identifier: Apache-2.0
// coro.hpp: coro<T>, the lazy coroutine, and what it means to await one.
#pragma once

#include <skein/core/awaitable.hpp>
#include <skein/core/detail/debug_mode.hpp>
#include <skein/core/detail/foreign_awaiter.hpp>
#include <skein/core/detail/join.hpp>
#include <skein/core/detail/promise_base.hpp>

#include <concepts>
#include <coroutine>
#include <exception>
#include <source_location>
#include <type_traits>
#include <utility>

#if defined(__clang__)
#define SKEIN_TRIVIAL_ABI [[clang::trivial_abi]]
#else
#define SKEIN_TRIVIAL_ABI
#endif

namespace skein {

template <class T = void>
class coro;

namespace detail {

template <class T>
class coro_awaiter;

template <class T>
inline constexpr bool is_coro = false;
template <class T>
inline constexpr bool is_coro<coro<T>> = true;
/// False for a coro that its owner keeps: it cannot be awaited, or put into a task.
template <class A>
inline constexpr bool given_away = !(std::is_lvalue_reference_v<A> && is_coro<std::remove_cvref_t<A>>);

/// What every promise of skein understands in a co_await.
class awaiting_promise : public promise_base {
 public:
  template <class U>
  [[gnu::always_inline]] auto await_transform(coro<U>&& child,
                                              std::source_location where = std::source_location::current()) {
    return coro_awaiter<U>{child.release(), where};
  }

  template <class U>
  void await_transform(coro<U> const&) = delete;  // a coro is given away: co_await std::move(c)

  template <lowlevel_operation A>
  [[gnu::always_inline]] auto await_transform(A&& operation,
                                              std::source_location where = std::source_location::current()) {
    return std::forward<A>(operation).make_awaiter(where);
  }

  template <class A>
    requires(!lowlevel_operation<A> && foreign_awaitable<A>)
  auto await_transform(A&& operation, std::source_location where = std::source_location::current()) {
    return foreign_awaiter<A>{std::forward<A>(operation), where};
  }

  template <class A>
    requires(!awaitable<A>)
  void await_transform(A&&) = delete;  // what is awaited is a coro, task, future, operation, or has co_await
};

template <class T>
class promise : public awaiting_promise {
 public:
  [[gnu::always_inline]] coro<T> get_return_object() noexcept;

  template <class U = T>
    requires std::convertible_to<U&&, T>
  [[gnu::always_inline]] void return_value(U&& value) {
    auto& result = static_cast<detail::slot<T>&>(*slot);
    if constexpr (std::is_reference_v<T>) {
      ::new (&result.value) stored_t<T>(std::addressof(static_cast<T>(value)));
    } else {
      ::new (&result.value) T(static_cast<T>(std::forward<U>(value)));  // explicit: the caller's conversion
    }
  }

  [[gnu::cold]] void unhandled_exception() noexcept {
    auto& result = static_cast<detail::slot<T>&>(*slot);
    ::new (&result.error) std::exception_ptr(std::current_exception());
    mark_failed(result);
  }
};

template <>
class promise<void> : public awaiting_promise {
 public:
  [[gnu::always_inline]] coro<void> get_return_object() noexcept;
  [[gnu::always_inline]] void return_void() const noexcept {}
  [[gnu::cold]] void unhandled_exception() noexcept {
    auto& result = static_cast<detail::slot<void>&>(*slot);
    ::new (&result.error) std::exception_ptr(std::current_exception());
    mark_failed(result);
  }
};

}  // namespace detail

/// A coroutine that has not started: calling a coroutine function makes one, awaiting it runs it.
///
/// `co_await f()` runs f inside the task of the caller, by a nested call: nothing is queued or allocated
/// besides f's frame, and if f never has to wait the caller is never suspended. To run it concurrently, give
/// it to `create_task`, `gather` or `when_all`.
///
/// Throws      What the coroutine throws comes out of the co_await. Awaiting a moved-from or already awaited
///             coro throws `std::runtime_error`, "coroutine is being awaited already".
/// Cancelling  A request reaches whatever the coroutine waits for, and travels out as `cancelled_error`.
/// Threads     Made on any thread, awaited in a task. It may be resumed by another worker after each wait.
/// Lifetime    Owns its frame until it is awaited or given away; a coro that is destroyed unawaited never
///             runs, its parameters are destroyed. In debug mode the log says so: "coroutine 'f' was never
///             awaited", and where it was made; not when it goes because of an error, or because
///             the task that had it failed or was cancelled.
/// Source      The coroutine object of Python.
template <class T>
class [[nodiscard(
    "a coroutine does nothing until it is awaited or given to create_task")]] SKEIN_TRIVIAL_ABI coro {
 public:
  using promise_type = detail::promise<T>;
  using skein_awaits = T;
  using handle = std::coroutine_handle<promise_type>;

  /// For the promise only.
  [[gnu::always_inline]] explicit coro(handle h) noexcept : handle_{h} {}
  [[gnu::always_inline]] coro(coro&& other) noexcept : handle_{std::exchange(other.handle_, nullptr)} {}
  coro& operator=(coro&& other) noexcept {
    if (this != &other) {
      reset();
      handle_ = std::exchange(other.handle_, nullptr);
    }
    return *this;
  }
  coro(coro const&) = delete;  // there is one owner: std::move(c)
  coro& operator=(coro const&) = delete;
  [[gnu::always_inline]] ~coro() {
    if (handle_) [[unlikely]] {
      reset();
    }
  }

  /// Gives the frame away.
  ///
  /// Throws      `std::runtime_error` when there is none any more.
  [[gnu::always_inline]] handle release() {
    void* frame = handle_.address();
    if (frame == nullptr) [[unlikely]] {
      detail::throw_awaited_already();
    }
    asm("" : "+r"(frame));
    handle_ = nullptr;
    return handle::from_address(frame);
  }

  /// Returns     False after it was awaited, given away or moved from.
  [[nodiscard]] explicit operator bool() const noexcept { return static_cast<bool>(handle_); }

 private:
  [[gnu::noinline]] void reset() noexcept {
    if (handle_) {
      detail::drop_unawaited(std::exchange(handle_, nullptr));
    }
  }

  handle handle_;
};

namespace detail {

template <class T>
inline coro<T> promise<T>::get_return_object() noexcept {
  return coro<T>{std::coroutine_handle<promise>::from_promise(*this)};
}
inline coro<void> promise<void>::get_return_object() noexcept {
  return coro<void>{std::coroutine_handle<promise>::from_promise(*this)};
}

/// The co_await of a coro: runs it by a nested resume and suspends only when it is out.
template <class T>
class coro_awaiter {
 public:
  [[gnu::always_inline]] coro_awaiter(typename coro<T>::handle child, std::source_location where) noexcept
      : join_{where}, child_{child} {}
  coro_awaiter(coro_awaiter const&) = delete;
  coro_awaiter& operator=(coro_awaiter const&) = delete;
  [[gnu::always_inline]] ~coro_awaiter() {
    if (path_ != await_path::finished) [[unlikely]] {
      abandon();
    }
    if constexpr (!slot<T>::trivial) {
      slot_.clear();
    }
  }

  [[gnu::always_inline]] bool await_ready() {
    slot_.open(&join_, slot_kind::child);
    child_.promise().slot = &slot_;
    if (stack_low(this_thread())) [[unlikely]] {
      path_ = await_path::spilled;
      return false;
    }
    if (run_inline(child_, slot_)) [[likely]] {
      path_ = await_path::finished;
      return true;
    }
    path_ = await_path::waiting;
    return slot_.state() == slot_status::failed;
  }

  template <class Promise>
  [[gnu::noinline]] bool await_suspend(std::coroutine_handle<Promise> parent) {
    return suspend_for_child(parent.promise(), parent, join_, any_coroutine::from_address(child_.address()),
                             path_ == await_path::spilled);
  }

  [[gnu::always_inline]] T await_resume() {
    if (path_ != await_path::finished) [[unlikely]] {
      path_ = await_path::finished;
      if (slot_.has_error()) {
        rethrow(slot_);
      }
    }
    return slot_.take();
  }

 private:
  [[gnu::noinline]] void abandon() noexcept {
    if (slot_.unfinished()) {
      destroy_unfinished(child_);
    } else {
      slot_.clear();
    }
    slot_.status.store(slot_status::empty, lowlevel::memory_order_relaxed);
  }

  join join_;
  typename coro<T>::handle child_;
  slot<T> slot_;
  await_path path_ = await_path::fresh;
};

}  // namespace detail
}  // namespace skein
