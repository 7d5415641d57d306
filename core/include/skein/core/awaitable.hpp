// SPDX-License-Identifier: Apache-2.0
// awaitable.hpp: the concept of what may be awaited, and what awaiting it gives.
#pragma once

#include <concepts>
#include <coroutine>
#include <source_location>
#include <type_traits>
#include <utility>

namespace skein {
namespace detail {

/// Everything that skein itself makes names what awaiting it gives.
template <class A>
concept own_awaitable = requires { typename std::remove_cvref_t<A>::skein_awaits; };

/// An operation of skein: makes its awaiter where the compiler wants it, in the frame.
template <class A>
concept lowlevel_operation = own_awaitable<A> && requires(A&& a, std::source_location where) {
  std::forward<A>(a).make_awaiter(where);
};

template <class W>
concept awaiter_like = requires(W& w, std::coroutine_handle<> h) {
  { w.await_ready() } -> std::convertible_to<bool>;
  w.await_suspend(h);
  w.await_resume();
};
template <class A>
concept has_member_co_await = requires(A&& a) { std::forward<A>(a).operator co_await(); };
template <class A>
concept has_free_co_await = requires(A&& a) { operator co_await(std::forward<A>(a)); };

template <class A>
[[nodiscard]] decltype(auto) get_awaiter(A&& a) {
  if constexpr (has_member_co_await<A>) {
    return std::forward<A>(a).operator co_await();
  } else if constexpr (has_free_co_await<A>) {
    return operator co_await(std::forward<A>(a));
  } else {
    return std::forward<A>(a);
  }
}

/// An awaitable of somebody else: `operator co_await`, or an awaiter.
template <class A>
concept foreign_awaitable = !own_awaitable<A> && requires(A&& a) {
  { get_awaiter(std::forward<A>(a)) } -> awaiter_like;
};

template <class A>
struct await_result;
template <own_awaitable A>
struct await_result<A> {
  using type = typename std::remove_cvref_t<A>::skein_awaits;
};
template <foreign_awaitable A>
struct await_result<A> {
  using type = decltype(get_awaiter(std::declval<A>()).await_resume());
};

}  // namespace detail

/// What `co_await` takes inside a skein coroutine: `coro`, `task`, `future`, what operations such as
/// `sleep(…)` return, and any type with `operator co_await` or the three awaiter functions.
///
/// Cancelling  What skein makes throws `cancelled_error` where it waits. A foreign awaitable cannot be
///             interrupted: the request is delivered when it ends.
template <class A>
concept awaitable = detail::own_awaitable<A> || detail::foreign_awaitable<A>;

/// The type that `co_await` of an A gives.
template <awaitable A>
using await_result_t = typename detail::await_result<A>::type;

namespace detail {

template <class F, class... Args>
using coro_result = await_result_t<std::invoke_result_t<F, Args...>>;

/// Something to be called that returns an awaitable.
template <class F, class... Args>
concept coro_callable =
    !awaitable<F> && std::invocable<F, Args...> && awaitable<std::invoke_result_t<F, Args...>>;

/// What loops call: it returns nothing that somebody would have to await. F and Args are kept decayed.
template <class F, class... Args>
concept callback = std::invocable<std::decay_t<F>&, std::decay_t<Args>&...> &&
                   !awaitable<std::invoke_result_t<std::decay_t<F>&, std::decay_t<Args>&...>>;

// Deleted overloads say what to write instead, in the line that compilers show (tests/compile_fail).

/// A coroutine, or what returns one, where a callback is wanted.
template <class F, class... Args>
concept no_callback = awaitable<F> || coro_callable<std::decay_t<F>&, std::decay_t<Args>&...>;

}  // namespace detail
}  // namespace skein
