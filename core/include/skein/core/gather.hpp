// SPDX-License-Identifier: Apache-2.0
// gather.hpp: running awaitables concurrently and collecting all their results in one future.
#pragma once

#include <skein/core/create_task.hpp>
#include <skein/core/detail/gather_state.hpp>
#include <skein/core/future.hpp>
#include <skein/core/outcome.hpp>
#include <skein/core/when_all.hpp>

#include <ranges>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace skein {

/// Asks gather for outcomes instead of the first error.
struct return_exceptions_t {};
inline constexpr return_exceptions_t return_exceptions{};

namespace detail {

/// Takes a child's value: moved when nobody else can see it.
template <class T>
[[nodiscard]] mono<T> take_child(future_state& child) {
  slot<T>& result = result_slot<T>(child);
  if constexpr (std::is_void_v<T>) {
    return {};
  } else if constexpr (!std::is_reference_v<T>) {
    if (child.unique() || !std::is_copy_constructible_v<T>) {
      return std::move(result.value);
    }
    return copy_result<T>(child);
  } else {
    return copy_result<T>(child);
  }
}

template <class T>
[[nodiscard]] outcome<T> outcome_of(future_state& child) {
  if (std::exception_ptr error = error_of_done(child)) {
    return outcome<T>{std::move(error)};
  }
  return outcome<T>{take_child<T>(child)};
}

/// The future of a gather; Collect makes the result from the children.
template <class R, class Collect>
class gather_state final : public future_of<R>, public gatherer {
 public:
  gather_state(loop_id loop, std::vector<state_ref<>> children, bool with_errors)
      : future_of<R>{loop}, gatherer{*this, std::move(children), with_errors} {}

  bool cancel(std::string message) override { return gatherer::cancel(message); }

 private:
  void collect() override { set_value<R>(*this, Collect{}(children())); }
};

template <class R, class Collect>
[[nodiscard]] future<R> start_gather(std::vector<state_ref<>> children, bool with_errors) {
  loop_id const loop = loop_for_gather(children);
  auto* const state = new gather_state<R, Collect>{loop, std::move(children), with_errors};
  future<R> result{state_ref<>::adopt(state)};
  state->begin();
  return result;
}

template <class... T>
struct collect_tuple {
  std::tuple<mono<T>...> operator()(std::vector<state_ref<>> const& children) const {
    return [&]<std::size_t... I>(std::index_sequence<I...>) {
      return std::tuple<mono<T>...>{take_child<T>(*children[I])...};
    }(std::index_sequence_for<T...>{});
  }
};
template <class... T>
struct collect_outcomes {
  std::tuple<outcome<T>...> operator()(std::vector<state_ref<>> const& children) const {
    return [&]<std::size_t... I>(std::index_sequence<I...>) {
      return std::tuple<outcome<T>...>{outcome_of<T>(*children[I])...};
    }(std::index_sequence_for<T...>{});
  }
};
template <class T>
struct collect_vector {
  std::vector<mono<T>> operator()(std::vector<state_ref<>> const& children) const {
    std::vector<mono<T>> all;
    all.reserve(children.size());
    for (state_ref<> const& child : children) {
      all.push_back(take_child<T>(*child));
    }
    return all;
  }
};
template <class T>
struct collect_outcome_vector {
  std::vector<outcome<T>> operator()(std::vector<state_ref<>> const& children) const {
    std::vector<outcome<T>> all;
    all.reserve(children.size());
    for (state_ref<> const& child : children) {
      all.push_back(outcome_of<T>(*child));
    }
    return all;
  }
};

template <awaitable... A>
[[nodiscard]] std::vector<state_ref<>> children_of(A&&... operations) {
  std::vector<state_ref<>> children;
  children.reserve(sizeof...(A));
  (children.push_back(state_ref<>::share(ensure_future(std::forward<A>(operations)).shared_state())), ...);
  return children;
}
template <class R>
[[nodiscard]] std::vector<state_ref<>> children_of_range(R&& operations) {
  using A = std::ranges::range_value_t<R>;
  std::vector<state_ref<>> children;
  for (auto&& operation : operations) {
    if constexpr (is_future_handle<A>) {
      children.push_back(state_ref<>::share(operation.shared_state()));
    } else {
      children.push_back(state_ref<>::share(ensure_future(std::move(operation)).shared_state()));
    }
  }
  return children;
}

template <class R>
concept awaitable_range = std::ranges::range<R> && awaitable<std::ranges::range_value_t<R>>;

}  // namespace detail

/// Runs awaitables concurrently, each in a task of its own unless it is a future or task already. They are
/// scheduled when gather is called.
///
/// Returns     A future of the results in argument order: a tuple, `std::monostate` for void.
/// Throws      Awaiting it throws the first error as soon as it happens; the others keep running.
/// Cancelling  Cancelling the future cancels all children; it then ends when they do.
/// Threads     The children run on any worker.
/// Source      asyncio.gather; a handle that is given twice runs once.
template <awaitable... A>
auto gather(A&&... operations) -> future<std::tuple<detail::mono<await_result_t<A>>...>> {
  using R = std::tuple<detail::mono<await_result_t<A>>...>;
  return detail::start_gather<R, detail::collect_tuple<await_result_t<A>...>>(
      detail::children_of(std::forward<A>(operations)...), false);
}
/// The same for a range, whose elements are moved from, or copied when they are futures or tasks.
///
/// Returns     A future of a vector: n awaitables give n results in the same order.
/// Cancelling  As above.
template <detail::awaitable_range R>
auto gather(R&& operations) {
  using T = await_result_t<std::ranges::range_value_t<R>>;
  return detail::start_gather<std::vector<detail::mono<T>>, detail::collect_vector<T>>(
      detail::children_of_range(std::forward<R>(operations)), false);
}

/// As gather, but waits for all and never fails because of a child.
///
/// Returns     A future of an `outcome` for each.
/// Cancelling  As gather; ends after all children have.
template <awaitable... A>
auto gather(return_exceptions_t, A&&... operations) -> future<std::tuple<outcome<await_result_t<A>>...>> {
  using R = std::tuple<outcome<await_result_t<A>>...>;
  return detail::start_gather<R, detail::collect_outcomes<await_result_t<A>...>>(
      detail::children_of(std::forward<A>(operations)...), true);
}
/// The same for a range.
///
/// Returns     A future of a vector of outcomes in the same order.
/// Cancelling  As above.
template <detail::awaitable_range R>
auto gather(return_exceptions_t, R&& operations) {
  using T = await_result_t<std::ranges::range_value_t<R>>;
  return detail::start_gather<std::vector<outcome<T>>, detail::collect_outcome_vector<T>>(
      detail::children_of_range(std::forward<R>(operations)), true);
}

}  // namespace skein
