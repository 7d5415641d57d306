// SPDX-License-Identifier: Apache-2.0
// handle_list.hpp: ranges of futures and tasks as lists of handles, each once.
#pragma once

#include <skein/core/create_task.hpp>
#include <skein/core/future.hpp>

#include <algorithm>
#include <cstddef>
#include <ranges>
#include <utility>
#include <vector>

namespace skein::detail {

template <class A>
concept future_handle = is_future_handle<A>;

template <class R>
concept range_of_handles = std::ranges::input_range<R> && future_handle<std::ranges::range_value_t<R>>;

/// What is taken for a handle by mistake: a coroutine, or a range of them.
template <class A>
concept no_handle = is_coro<std::remove_cvref_t<A>> ||
                    (std::ranges::input_range<A> && is_coro<std::ranges::range_value_t<A>>);

/// Returns     The states of the handles.
/// Throws      `invalid_state_error` when one is null.
template <class F>
[[nodiscard]] std::vector<state_ref<>> states_of(std::vector<F> const& handles) {
  std::vector<state_ref<>> states;
  states.reserve(handles.size());
  for (any_future const& handle : handles) {
    if (!handle) {
      throw_null_future();
    }
    states.push_back(state_ref<>::share(handle.shared_state()));
  }
  return states;
}

/// Drops all but the first handle to each future.
template <class F>
void drop_duplicates(std::vector<F>& handles) {
  std::vector<std::pair<future_state*, std::size_t>> order;
  order.reserve(handles.size());
  for (F const& handle : handles) {
    order.emplace_back(handle.shared_state(), order.size());
  }
  std::sort(order.begin(), order.end());
  std::vector<bool> again(handles.size());
  for (std::size_t i = 1; i < order.size(); ++i) {
    again[order[i].second] = order[i].first == order[i - 1].first;
  }
  std::size_t index = 0;
  std::erase_if(handles, [&](F const&) { return again[index++]; });
}

template <class F, class R>
[[nodiscard]] std::vector<F> handles_of(R&& range) {
  std::vector<F> handles;
  for (auto&& handle : range) {
    handles.push_back(handle);
  }
  return handles;
}

}  // namespace skein::detail
