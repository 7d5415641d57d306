// SPDX-License-Identifier: Apache-2.0
// staggered_race.hpp: trying candidates one after the other, each with a head start over the next.
#pragma once

#include <skein/core/clock.hpp>
#include <skein/core/coro.hpp>
#include <skein/core/create_task.hpp>
#include <skein/core/gather.hpp>

#include <cstddef>
#include <exception>
#include <functional>
#include <optional>
#include <ranges>
#include <utility>
#include <vector>

namespace skein {

/// How a `staggered_race` ended.
template <class T>
struct staggered_result {
  /// The winner's value, if there was one.
  std::optional<detail::mono<T>> winner;
  std::optional<std::size_t> index;
  /// One for each candidate that was started; null: the winner.
  std::vector<std::exception_ptr> exceptions;
};

namespace detail {

/// Starts candidates by number.
class candidate_list {
 public:
  candidate_list(candidate_list const&) = delete;
  candidate_list& operator=(candidate_list const&) = delete;
  [[nodiscard]] virtual state_ref<> start(std::size_t index) = 0;

 protected:
  candidate_list() = default;
  ~candidate_list() = default;
};

/// Runs the race.
///
/// Returns     The index of the winner, if there is one.
/// Throws      `cancelled_error`, after all have ended.
[[nodiscard]] coro<std::optional<std::size_t>> run_staggered(candidate_list& candidates, std::size_t count,
                                                             std::optional<delay> head_start,
                                                             std::vector<std::exception_ptr>& exceptions);

template <class T, class F>
class candidates_of final : public candidate_list {
 public:
  explicit candidates_of(std::vector<F>& callables) : callables_{callables} {}
  [[nodiscard]] state_ref<> start(std::size_t index) override {
    started_.push_back(create_task(call(&callables_[index])));
    return state_ref<>::share(started_.back().shared_state());
  }
  [[nodiscard]] mono<T> value(std::size_t index) { return take_child<T>(*started_[index].shared_state()); }

 private:
  static coro<T> call(F* f) { co_return co_await std::invoke(*f); }

  std::vector<F>& callables_;
  std::vector<task<T>> started_;
};

template <class T, class F>
coro<staggered_result<T>> staggered_race_of(std::vector<F> callables, std::optional<delay> head_start) {
  staggered_result<T> result;
  candidates_of<T, F> candidates{callables};
  result.index = co_await run_staggered(candidates, callables.size(), head_start, result.exceptions);
  if (result.index) {
    result.winner.emplace(candidates.value(*result.index));
  }
  co_return result;
}

}  // namespace detail

/// Calls the first candidate; the next one when the last that was started fails, or when the head start is
/// over; until one gives a value. Then the others are cancelled and awaited. Happy Eyeballs (RFC 8305) is
/// this.
///
/// `head_start`  Nothing: the next candidate starts only when the last one has failed.
/// Returns     The winner, if there was one, and the errors of the others that were started, in their order.
/// Throws      Nothing of the candidates'.
/// Cancelling  Cancels all that run, each time, and throws `cancelled_error` when they have ended.
/// Threads     Each candidate is called in a task of its own.
/// Source      asyncio.staggered.staggered_race.
template <std::ranges::input_range R>
  requires detail::coro_callable<std::ranges::range_value_t<R>&>
[[nodiscard]] auto staggered_race(R&& candidates, std::optional<delay> head_start)
    -> coro<staggered_result<detail::coro_result<std::ranges::range_value_t<R>&>>> {
  using F = std::ranges::range_value_t<R>;
  std::vector<F> callables;
  for (auto&& candidate : candidates) {
    if constexpr (std::is_lvalue_reference_v<R>) {
      callables.push_back(candidate);
    } else {
      callables.push_back(std::move(candidate));
    }
  }
  return detail::staggered_race_of<detail::coro_result<F&>, F>(std::move(callables), head_start);
}
template <class R>
void staggered_race(R&&, std::optional<delay>) = delete;  // the candidates are callables that return a coro

}  // namespace skein
