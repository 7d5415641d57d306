// SPDX-License-Identifier: Apache-2.0
// wait.hpp: waiting for some of several futures or tasks, without taking their results.
#pragma once

#include <skein/core/coro.hpp>
#include <skein/core/detail/handle_list.hpp>
#include <skein/core/detail/watcher.hpp>
#include <skein/core/future.hpp>
#include <skein/core/task.hpp>

#include <concepts>
#include <cstddef>
#include <optional>
#include <ranges>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace skein {

/// When `wait` returns.
enum class return_when_t { first_completed, first_exception, all_completed };
inline constexpr auto first_completed = return_when_t::first_completed;
/// At the first error, or when all are done; being cancelled is no error.
inline constexpr auto first_exception = return_when_t::first_exception;
inline constexpr auto all_completed = return_when_t::all_completed;

/// How to wait.
struct wait_options {
  /// How long at most; nothing: for ever.
  std::optional<delay> timeout = {};
  return_when_t return_when = all_completed;
};

/// The handles that were given to `wait`, parted.
template <class F>
struct wait_result {
  /// In the order they were completed; those that were done before the wait come first, as they were given.
  std::vector<F> done;
  /// In the order they were given.
  std::vector<F> pending;
};

namespace detail {

/// Waits until the condition holds or the time is up.
///
/// Returns     The indices of those that are done, in the order they were completed.
/// Throws      `std::invalid_argument` when there are none, or for a return_when that is none.
[[nodiscard]] coro<std::vector<std::size_t>> wait_until_done(std::vector<state_ref<>> futures,
                                                             wait_options options);

template <class F>
coro<wait_result<F>> wait_for_handles(std::vector<F> handles, wait_options options) {
  drop_duplicates(handles);
  std::vector<std::size_t> const done = co_await wait_until_done(states_of(handles), options);
  wait_result<F> result;
  std::vector<bool> is_done(handles.size());
  for (std::size_t const i : done) {
    is_done[i] = true;
    result.done.push_back(handles[i]);
  }
  for (std::size_t i = 0; i < handles.size(); ++i) {
    if (!is_done[i]) {
      result.pending.push_back(handles[i]);
    }
  }
  co_return result;
}

template <class A>
inline constexpr bool is_task_handle =
    std::derived_from<std::remove_cvref_t<A>, task_part<std::remove_cvref_t<A>>>;

/// The type for handles of several types: their own when it is one, else without the type of the result.
template <class First, class... Rest>
struct joint_handle_of {
  static constexpr bool same = (std::is_same_v<First, Rest> && ...);
  static constexpr bool tasks = is_task_handle<First> && (is_task_handle<Rest> && ...);
  using type = std::conditional_t<same, First, std::conditional_t<tasks, any_task, any_future>>;
};
template <class... F>
using joint_handle = typename joint_handle_of<F...>::type;

/// Waits for the first n of the arguments; options, if any, stand behind them.
template <std::size_t... I, class... Args>
[[nodiscard]] auto wait_for_first(wait_options const& options, std::index_sequence<I...>,
                                  std::tuple<Args const&...> args) {
  using F = joint_handle<std::tuple_element_t<I, std::tuple<Args...>>...>;
  return wait_for_handles<F>(std::vector<F>{F{std::get<I>(args)}...}, options);
}

template <class... Args>
inline constexpr bool ends_with_options =
    std::is_same_v<std::tuple_element_t<sizeof...(Args) - 1, std::tuple<Args...>>, wait_options>;

}  // namespace detail

/// Waits until all of the futures and tasks are done, or as the options say. Takes no results: an error in
/// one of them is not thrown and does not count as retrieved, except one that ends the wait for the first
/// error while others are not done. A handle that is given twice is one.
///
/// Returns     The handles, parted into those that are done and those that are not. When the time is up the
///             rest is pending; that is no error.
/// Throws      `std::invalid_argument` when the range is empty, or return_when is no value of its type.
/// Cancelling  Nobody else is: the futures and tasks go on.
/// Threads     In a task; the futures may be completed on any thread.
/// Cost        One allocation for all, besides the two vectors.
/// Source      asyncio.wait; differs: coroutines do not compile, done has an order.
template <detail::range_of_handles R>
[[nodiscard]] auto wait(R&& handles, wait_options options)
    -> coro<wait_result<std::ranges::range_value_t<R>>> {
  using F = std::ranges::range_value_t<R>;
  return detail::wait_for_handles<F>(detail::handles_of<F>(std::forward<R>(handles)), options);
}
template <class... What>
  requires(detail::no_handle<What> || ...)
void wait(What&&...) = delete;  // waits for tasks and futures: create_task makes them of coroutines
/// As above, for all of them.
///
/// Cancelling  As above.
template <detail::range_of_handles R>
[[nodiscard]] auto wait(R&& handles) -> coro<wait_result<std::ranges::range_value_t<R>>> {
  return wait(std::forward<R>(handles), wait_options{});
}
/// As above: `wait(a, b, …)`.
///
/// Returns     Handles of their joint type: of different tasks `any_task`, else `any_future`.
/// Cancelling  As above.
template <detail::future_handle A, detail::future_handle B, detail::future_handle... More>
[[nodiscard]] auto wait(A const& a, B const& b, More const&... more) {
  return detail::wait_for_first(wait_options{}, std::index_sequence_for<A, B, More...>{},
                                std::tuple<A const&, B const&, More const&...>{a, b, more...});
}
/// As above: `wait(a, b, …, options)`.
///
/// Cancelling  As above.
template <detail::future_handle A, detail::future_handle B, class C, class... More>
  requires detail::ends_with_options<C, More...>
[[nodiscard]] auto wait(A const& a, B const& b, C const& c, More const&... more) {
  auto const args = std::tuple<A const&, B const&, C const&, More const&...>{a, b, c, more...};
  return detail::wait_for_first(std::get<sizeof...(More) + 2>(args),
                                std::make_index_sequence<sizeof...(More) + 2>{}, args);
}

}  // namespace skein
