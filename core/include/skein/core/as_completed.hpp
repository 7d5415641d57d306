// SPDX-License-Identifier: Apache-2.0
// as_completed.hpp: going through futures in the order they complete.
#pragma once

#include <skein/core/create_task.hpp>
#include <skein/core/detail/completion_queue.hpp>
#include <skein/core/detail/handle_list.hpp>
#include <skein/core/gather.hpp>

#include <optional>
#include <ranges>
#include <source_location>
#include <utility>
#include <vector>

namespace skein {
namespace detail {

template <class F>
class next_awaiter : public next_wait {
 public:
  using next_wait::next_wait;
  std::optional<F> await_resume() {
    state_ref<> state = finish();
    if (!state) {
      return std::nullopt;
    }
    return F{std::move(state)};
  }
};

template <class F>
class [[nodiscard("co_await it")]] next_operation {
 public:
  using skein_awaits = std::optional<F>;
  explicit next_operation(state_ref<completion_queue> queue) noexcept : queue_{std::move(queue)} {}
  [[nodiscard]] auto make_awaiter(std::source_location where) const { return next_awaiter<F>{queue_, where}; }

 private:
  state_ref<completion_queue> queue_;
};

/// A handle as it is; a task for anything else.
template <class A>
struct handle_for {
  using type = task<await_result_t<A>>;
};
template <future_handle A>
struct handle_for<A> {
  using type = A;
};

}  // namespace detail

/// Goes through futures and tasks in the order they complete:
/// `auto it = as_completed(tasks); while (auto t = co_await it.next()) {…}`.
///
/// Threads     Several tasks may call next; each future is handed out to one of them.
/// Lifetime    Movable. Destroyed before the end, it leaves the futures alone. It outlives the calls of next.
template <class F>
class completion_iterator {
 public:
  completion_iterator(completion_iterator&&) noexcept = default;
  completion_iterator& operator=(completion_iterator&&) = delete;
  completion_iterator(completion_iterator const&) = delete;
  completion_iterator& operator=(completion_iterator const&) = delete;
  ~completion_iterator() {
    if (queue_) {
      queue_->stop();
    }
  }

  /// Waits for the next one to complete.
  ///
  /// Returns     The handle that was given, which is done, whether it has a value or an error; nothing after
  ///             the last.
  /// Throws      `timeout_error`, once for each that was not done when the time was up.
  /// Cancelling  Loses none: what this call would have returned goes to the next one.
  /// Order       Callers are served first come, first served.
  [[nodiscard]] detail::next_operation<F> next() const { return detail::next_operation<F>{queue_}; }

  /// For skein itself.
  explicit completion_iterator(detail::state_ref<detail::completion_queue> queue) noexcept
      : queue_{std::move(queue)} {}

 private:
  detail::state_ref<detail::completion_queue> queue_;
};

/// Starts to listen to futures and tasks; coroutines are made tasks at the call. A handle that is given twice
/// is one.
///
/// `timeout`   How long at most, counted from the call; nothing: for ever. What is left then goes on.
/// Returns     The iterator: of the handles that were given, or of the new tasks.
/// Throws      `invalid_state_error` for a null handle; `no_running_loop_error`.
/// Source      asyncio.as_completed, as an asynchronous iterator (3.13).
template <detail::awaitable_range R>
[[nodiscard]] auto as_completed(R&& operations, std::optional<delay> timeout) {
  using A = std::ranges::range_value_t<R>;
  using F = typename detail::handle_for<A>::type;
  std::vector<F> handles;
  for (auto&& operation : operations) {
    if constexpr (detail::future_handle<A>) {
      handles.push_back(operation);
    } else {
      handles.push_back(create_task(std::move(operation)));
    }
  }
  detail::drop_duplicates(handles);
  auto states = detail::states_of(handles);
  auto queue =
      detail::state_ref<detail::completion_queue>::adopt(new detail::completion_queue{states.size()});
  queue->begin(std::move(states), timeout);
  return completion_iterator<F>{std::move(queue)};
}
/// As above, without a limit.
template <detail::awaitable_range R>
[[nodiscard]] auto as_completed(R&& operations) {
  return as_completed(std::forward<R>(operations), std::nullopt);
}

}  // namespace skein
