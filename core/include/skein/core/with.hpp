// SPDX-License-Identifier: Apache-2.0
// with.hpp: entering a resource, running a body, and leaving the resource whatever happened.
#pragma once

#include <skein/core/coro.hpp>
#include <skein/core/create_task.hpp>
#include <skein/core/detail/held_result.hpp>
#include <skein/core/detail/shielded.hpp>

#include <concepts>
#include <exception>
#include <functional>
#include <type_traits>
#include <utility>

namespace skein {

/// What `with` takes: `aenter()` and `aexit(std::exception_ptr)`, both awaitable. The pointer is null when
/// the body gave a value; an exit that gives true swallows the error.
template <class R>
concept async_resource = requires(std::remove_reference_t<R>& resource, std::exception_ptr error) {
  { resource.aenter() } -> awaitable;
  { resource.aexit(error) } -> awaitable;
};

namespace detail {

template <class F, class R>
concept body_with_resource = coro_callable<std::decay_t<F>&, std::remove_reference_t<R>&>;
template <class F, class R>
concept body_alone =
    !std::invocable<std::decay_t<F>&, std::remove_reference_t<R>&> && coro_callable<std::decay_t<F>&>;

template <class F, class R>
[[nodiscard]] auto call_body(F& body, R& resource) {
  if constexpr (body_with_resource<F, R>) {
    return std::invoke(body, resource);
  } else {
    return std::invoke(body);
  }
}
template <class F, class R>
using body_result = await_result_t<decltype(call_body(std::declval<std::decay_t<F>&>(),
                                                      std::declval<std::remove_reference_t<R>&>()))>;

/// Leaves a resource: shielded, unless the resource deals with requests itself, as timeouts and groups do.
///
/// Returns     True when the error is swallowed.
template <class R>
[[nodiscard]] auto leave_resource(R& resource, std::exception_ptr error) {
  if constexpr (requires { R::exit_sees_cancel; }) {
    return resource.aexit(std::move(error));
  } else {
    return shielded(as_coro(resource.aexit(std::move(error))));
  }
}

// R is a reference for a resource that is used in place.
template <class T, class R, class F>
coro<T> with_resource(R resource, F body) {
  co_await resource.aenter();
  std::exception_ptr error;
  held_result<T> value;
  try {
    if constexpr (std::is_void_v<T>) {
      co_await call_body(body, resource);
    } else {
      value.set(co_await call_body(body, resource));
    }
  } catch (...) {
    error = std::current_exception();
  }
  bool swallowed = false;
  if constexpr (std::is_void_v<await_result_t<decltype(leave_resource(resource, error))>>) {
    co_await leave_resource(resource, error);
  } else {
    swallowed = co_await leave_resource(resource, error);
  }
  if (error != nullptr && !(swallowed && std::is_void_v<T>)) {
    std::rethrow_exception(std::move(error));
  }
  co_return value.take();
}

}  // namespace detail

/// Enters the resource, runs the body and leaves the resource: `co_await with(timeout(2s), [&]() -> coro<>
/// {…})`. The body takes the resource by reference, or nothing. A resource given as an lvalue is used in
/// place, an rvalue is kept as long as needed, and so is the body with its captures.
///
/// Returns     What the body returns.
/// Throws      What entering throws: then neither the body nor the exit runs. What leaving throws. Else what
///             the body throws, unless the exit swallows it; of a body that returns a value it is thrown all
///             the same, because there is no value.
/// Cancelling  Reaches the entering and the body. The exit always runs to its end: a request that comes
///             meanwhile is held back and thrown at the next wait after it; a task that does not wait again
///             ends cancelled. Timeouts and groups see requests in their exit, as asyncio's do.
/// Threads     Any task.
/// Lifetime    An lvalue resource outlives the await. g++ 12 breaks a closure that is made inside a co_await
///             expression and captures copies of objects with destructors: capture by reference, or name it
///             first (notes/compilers.md).
/// Source      Python's `async with`.
template <async_resource R, class F>
  requires(detail::body_with_resource<F, R> || detail::body_alone<F, R>)
[[nodiscard]] auto with(R&& resource, F&& body) -> coro<detail::body_result<F, R>> {
  return detail::with_resource<detail::body_result<F, R>, R, std::decay_t<F>>(std::forward<R>(resource),
                                                                              std::forward<F>(body));
}
template <class R, class F>
void with(R&&, F&&) = delete;  // the resource has aenter() and aexit(exception_ptr), the body returns a coro

}  // namespace skein
