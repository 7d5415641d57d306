// SPDX-License-Identifier: Apache-2.0
// race.hpp: the first of several awaitables to end.
#pragma once

#include <skein/core/coro.hpp>
#include <skein/core/create_task.hpp>
#include <skein/core/gather.hpp>

#include <cstddef>
#include <exception>
#include <optional>
#include <ranges>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace skein {

/// Who won a `race`, and with what.
template <class T>
struct race_result {
  std::size_t index = 0;
  T value;
};

namespace detail {

/// Waits for the first to end, cancels the others and waits for them too. With an error, nobody wins: all are
/// cancelled, and it is thrown when they have ended.
///
/// Returns     The index of the first.
/// Throws      `cancelled_error`, after all have ended.
[[nodiscard]] coro<std::size_t> run_race(std::vector<state_ref<>> racers, std::exception_ptr error);

/// Starts one racer.
///
/// Throws      `invalid_state_error` for a null handle.
template <class A>
[[nodiscard]] state_ref<> start_racer(A&& operation) {
  future<await_result_t<A>> const started{ensure_future(std::forward<A>(operation))};
  if (!started) {
    throw_null_future();
  }
  return state_ref<>::share(started.shared_state());
}

/// The value of a race: a T when all racers give one, else a variant by index.
template <class First, class... Rest>
struct race_value {
  static constexpr bool same = (std::is_same_v<First, Rest> && ...);
  using type = std::conditional_t<same, mono<First>, std::variant<mono<First>, mono<Rest>...>>;
};

template <class V, class T, std::size_t I>
void take_winner(std::optional<V>& value, std::size_t winner, future_state& racer) {
  if (winner != I) {
    return;
  }
  racer.throw_unless_finished();
  if constexpr (std::is_same_v<V, mono<T>>) {
    value.emplace(take_child<T>(racer));
  } else {
    value.emplace(std::in_place_index<I>, take_child<T>(racer));
  }
}

template <class... A>
coro<race_result<typename race_value<await_result_t<A>...>::type>> race_kept(std::tuple<A...> operations) {
  using V = typename race_value<await_result_t<A>...>::type;
  std::vector<state_ref<>> racers;
  std::exception_ptr error;
  try {
    racers.reserve(sizeof...(A));
    std::apply([&](A&... each) { (racers.push_back(start_racer(std::move(each))), ...); }, operations);
  } catch (...) {
    error = std::current_exception();
  }
  std::size_t const winner = co_await run_race(racers, error);
  std::optional<V> value;
  [&]<std::size_t... I>(std::index_sequence<I...>) {
    (take_winner<V, await_result_t<A>, I>(value, winner, *racers[I]), ...);
  }(std::index_sequence_for<A...>{});
  co_return race_result<V>{winner, std::move(*value)};
}

template <class A>
coro<race_result<mono<await_result_t<A>>>> race_range(std::vector<A> operations) {
  using T = await_result_t<A>;
  std::vector<state_ref<>> racers;
  std::exception_ptr error;
  try {
    racers.reserve(operations.size());
    for (A& each : operations) {
      racers.push_back(start_racer(std::move(each)));
    }
  } catch (...) {
    error = std::current_exception();
  }
  std::size_t const winner = co_await run_race(racers, error);
  future_state& first = *racers[winner];
  first.throw_unless_finished();
  co_return race_result<mono<T>>{winner, take_child<T>(first)};
}

}  // namespace detail

/// Runs awaitables concurrently until the first ends, each in a task of its own unless it is a future or task
/// already; then cancels the others and waits until they have ended. They start when the race is awaited.
///
/// Returns     The index of the first, and its value: a T when all give one, else a `std::variant` by index;
///             `std::monostate` for void. What others give or throw afterwards is dropped.
/// Throws      What the first throws, if it ends so.
/// Cancelling  Cancels all, each time, and throws `cancelled_error` when they have ended.
/// Threads     The racers run on any worker.
/// Source      Ours; like select in Go, but structured.
template <awaitable A, awaitable... More>
[[nodiscard]] auto race(A&& first, More&&... more) {
  static_assert(detail::given_away<A> && (detail::given_away<More> && ...),
                "a coro is given away: write std::move(c)");
  return detail::race_kept<std::decay_t<A>, std::decay_t<More>...>(
      std::tuple<std::decay_t<A>, std::decay_t<More>...>{std::forward<A>(first),
                                                         std::forward<More>(more)...});
}
/// The same for a range, whose elements are moved from, or copied when they are futures or tasks.
///
/// Throws      `std::invalid_argument` when it is empty.
/// Cancelling  As above.
template <detail::awaitable_range R>
[[nodiscard]] auto race(R&& operations) {
  using A = std::ranges::range_value_t<R>;
  std::vector<A> kept;
  for (auto&& operation : operations) {
    if constexpr (detail::is_future_handle<A>) {
      kept.push_back(operation);
    } else {
      kept.push_back(std::move(operation));
    }
  }
  return detail::race_range<A>(std::move(kept));
}

}  // namespace skein
