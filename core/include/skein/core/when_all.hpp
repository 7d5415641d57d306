// SPDX-License-Identifier: Apache-2.0
// when_all.hpp: structured fork-join: children that end before the await returns.
#pragma once

#include <skein/core/coro.hpp>
#include <skein/core/detail/join.hpp>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <ranges>
#include <source_location>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace skein {
namespace detail {

template <class T>
using mono = std::conditional_t<std::is_void_v<T>, std::monostate, T>;

/// Runs one branch inline.
///
/// Returns     0 when it ended with a value, else what fork_join::not_done says.
[[nodiscard, gnu::always_inline]] inline std::int32_t run_branch(thread_state& thread, fork_join& fork,
                                                                 std::coroutine_handle<> child,
                                                                 slot_base& slot) {
  thread.flow = &flow_of_branch(slot);
  if (run_inline(child, slot)) [[likely]] {
    return 0;
  }
  return fork.not_done(slot);
}

template <class T>
[[nodiscard, gnu::always_inline]] inline mono<T> take_branch(slot<T>& s) {
  if constexpr (std::is_void_v<T>) {
    return {};
  } else {
    return s.take();
  }
}

/// Decides, after the children that could run inline have run, whether the parent goes on.
[[nodiscard, gnu::always_inline]] inline bool settle(fork_join& fork, std::int32_t out) {
  if (out == 0) [[likely]] {
    fork.path = await_path::finished;
    return true;
  }
  fork.path = (out & (fork_join::one_failed - 1)) == 0 ? await_path::failed : await_path::waiting;
  return fork.path == await_path::failed;
}

template <class... T>
class when_all_awaiter : public fork_join {
 public:
  static constexpr std::size_t count = sizeof...(T);
  using handles = std::tuple<typename coro<T>::handle...>;

  [[gnu::always_inline]] when_all_awaiter(handles&& frames, std::source_location at) noexcept
      : fork_join{&visit_children, at}, children_{frames} {}
  [[gnu::always_inline]] ~when_all_awaiter() {
    if (path != await_path::finished) [[unlikely]] {
      abandon();
    }
    if constexpr (!(slot<T>::trivial && ...)) {
      std::apply([](auto&... b) { (b.slot.clear(), ...); }, branches_);
    }
  }

  [[gnu::always_inline]] bool await_ready() {
    if constexpr (count == 0) {
      path = await_path::finished;
      return true;
    } else {
      thread_state& thread = this_thread();
      parent_flow = thread.flow;
      task = thread.task();
      open(std::make_index_sequence<count>{});
      auto& forks = *thread.forks;
      auto const base = forks.mark();
      if (!forks.room(base, count) || stack_low(thread)) [[unlikely]] {
        path = await_path::spilled;
        return false;
      }
      put(forks, base, std::make_index_sequence<count - 1>{});
      if (count > 1 && forks.publish(base + static_cast<lowlevel::fork_deque::index>(count - 1)))
          [[unlikely]] {
        fork_offered(thread);
      }
      std::int32_t out = run<count - 1>(thread);
      if constexpr (count > 1) {
        out = run_rest<count - 2>(thread, base, out);
      }
      thread.flow = parent_flow;
      out_ = out;
      return settle(*this, out);
    }
  }

  template <class Promise>
  [[gnu::noinline]] bool await_suspend(std::coroutine_handle<Promise> parent) {
    if (path == await_path::spilled) {
      spill(parent.promise(), parent);
      return true;
    }
    return suspend(parent.promise(), parent, out_ & (one_failed - 1));
  }

  [[gnu::always_inline]] std::tuple<mono<T>...> await_resume() {
    if (path != await_path::finished) [[unlikely]] {
      rejoin();
    }
    return take(std::make_index_sequence<count>{});
  }

 private:
  template <std::size_t... I>
  [[gnu::always_inline]] void open(std::index_sequence<I...>) {
    ((std::get<I>(branches_).slot.open(this, slot_kind::branch),
      std::get<I>(children_).promise().slot = &std::get<I>(branches_).slot),
     ...);
  }
  template <std::size_t... I>
  [[gnu::always_inline]] void put(lowlevel::fork_deque& forks, lowlevel::fork_deque::index base,
                                  std::index_sequence<I...>) {
    (forks.put(base + static_cast<lowlevel::fork_deque::index>(I), std::get<I>(children_).address()), ...);
  }
  template <std::size_t... I>
  [[gnu::always_inline]] std::tuple<mono<T>...> take(std::index_sequence<I...>) {
    return std::tuple<mono<T>...>{take_branch<T>(std::get<I>(branches_).slot)...};
  }

  template <std::size_t I>
  [[gnu::always_inline]] std::int32_t run(thread_state& thread) {
    return run_branch(thread, *this, std::get<I>(children_), std::get<I>(branches_).slot);
  }

  // Takes child I back and runs it, then the older ones; when it was stolen, so were they.
  template <std::size_t I>
  [[gnu::always_inline]] std::int32_t run_rest(thread_state& thread, lowlevel::fork_deque::index base,
                                               std::int32_t out) {
    answer_knock(thread);
    if (!thread.forks->pop(base + static_cast<lowlevel::fork_deque::index>(I))) [[unlikely]] {
      return out + static_cast<std::int32_t>(I + 1);
    }
    if (out >= one_failed) [[unlikely]] {
      skip(ref<I>());
    } else {
      out += run<I>(thread);
    }
    if constexpr (I > 0) {
      return run_rest<I - 1>(thread, base, out);
    } else {
      return out;
    }
  }

  template <std::size_t I>
  [[nodiscard]] child_ref ref() noexcept {
    return {any_coroutine::from_address(std::get<I>(children_).address()), &std::get<I>(branches_).slot};
  }

  static void visit_children(fork_join& fork, void (*visit)(child_ref const&, void*), void* context) {
    auto& self = static_cast<when_all_awaiter&>(fork);
    [&]<std::size_t... I>(std::index_sequence<I...>) {
      (visit(self.template ref<I>(), context), ...);
    }(std::make_index_sequence<count>{});
  }

  handles children_;
  std::tuple<branch_slot<T>...> branches_;
  std::int32_t out_ = 0;
};

/// The same for a number of children that is known at run time. They are forked in groups, so that any number
/// fits the deque.
template <class T>
class when_all_range_awaiter : public fork_join {
 public:
  when_all_range_awaiter(std::vector<coro<T>>&& owners, std::source_location at)
      : fork_join{&visit_children, at}, branches_{std::make_unique<branch_slot<T>[]>(owners.size())} {
    children_.reserve(owners.size());
    for (coro<T>& child : owners) {
      children_.push_back(child.release());
      slot<T>& result = branches_[children_.size() - 1].slot;
      result.open(this, slot_kind::branch);
      children_.back().promise().slot = &result;
    }
  }
  ~when_all_range_awaiter() {
    if (path != await_path::finished) {
      abandon();
    }
    for (std::size_t i = 0; i < children_.size(); ++i) {
      branches_[i].slot.clear();
    }
  }

  bool await_ready() {
    thread_state& thread = this_thread();
    parent_flow = thread.flow;
    task = thread.task();
    if (children_.empty()) {
      path = await_path::finished;
      return true;
    }
    if (!thread.forks->room(thread.forks->mark(), group) || stack_low(thread)) {
      path = await_path::spilled;
      return false;
    }
    std::int32_t failed = 0;
    for (std::size_t first = 0; first < children_.size(); first += group) {
      std::size_t const last = std::min(first + group, children_.size());
      failed = run_group(thread, first, last, failed);
    }
    thread.flow = parent_flow;
    return settle(*this, out_ + failed);
  }

  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> parent) {
    if (path == await_path::spilled) {
      spill(parent.promise(), parent);
      return true;
    }
    return suspend(parent.promise(), parent, out_);
  }

  std::vector<mono<T>> await_resume() {
    if (path != await_path::finished) {
      rejoin();
    }
    std::vector<mono<T>> results;
    results.reserve(children_.size());
    for (std::size_t i = 0; i < children_.size(); ++i) {
      results.push_back(take_branch<T>(branches_[i].slot));
    }
    return results;
  }

 private:
  static constexpr std::size_t group = 512;

  // Runs [first, last): forks all but the last, runs that, then takes the others back. Counts in out_.
  std::int32_t run_group(thread_state& thread, std::size_t first, std::size_t last, std::int32_t failed) {
    auto& forks = *thread.forks;
    auto const base = forks.mark();
    for (std::size_t i = first; i + 1 < last; ++i) {
      forks.put(base + static_cast<lowlevel::fork_deque::index>(i - first), children_[i].address());
    }
    if (last - first > 1 &&
        forks.publish(base + static_cast<lowlevel::fork_deque::index>(last - 1 - first))) {
      fork_offered(thread);
    }
    for (std::size_t i = last; i-- > first;) {
      answer_knock(thread);
      if (i + 1 < last && !forks.pop(base + static_cast<lowlevel::fork_deque::index>(i - first))) {
        out_ += static_cast<std::int32_t>(i - first + 1);
        return failed;
      }
      if (failed != 0) {
        skip(ref(i));
        continue;
      }
      std::int32_t const one = run_branch(thread, *this, children_[i], branches_[i].slot);
      failed |= one & one_failed;
      out_ += one & 1;
    }
    return failed;
  }

  [[nodiscard]] child_ref ref(std::size_t i) noexcept {
    return {any_coroutine::from_address(children_[i].address()), &branches_[i].slot};
  }

  static void visit_children(fork_join& fork, void (*visit)(child_ref const&, void*), void* context) {
    auto& self = static_cast<when_all_range_awaiter&>(fork);
    for (std::size_t i = 0; i < self.children_.size(); ++i) {
      visit(self.ref(i), context);
    }
  }

  std::vector<typename coro<T>::handle> children_;
  std::unique_ptr<branch_slot<T>[]> branches_;
  std::int32_t out_ = 0;
};

/// What when_all returns. It owns the children until it is awaited.
template <class... T>
class [[nodiscard("co_await it to run the children")]] when_all_operation {
 public:
  using skein_awaits = std::tuple<mono<T>...>;
  [[gnu::always_inline]] explicit when_all_operation(coro<T>&&... children) noexcept
      : children_{std::move(children)...} {}
  [[nodiscard, gnu::always_inline]] auto make_awaiter(std::source_location where) {
    return std::apply(
        [&](coro<T>&... children) {
          return when_all_awaiter<T...>{std::tuple<typename coro<T>::handle...>{children.release()...},
                                        where};
        },
        children_);
  }

 private:
  std::tuple<coro<T>...> children_;
};

template <class T>
class [[nodiscard("co_await it to run the children")]] when_all_range_operation {
 public:
  using skein_awaits = std::vector<mono<T>>;
  explicit when_all_range_operation(std::vector<coro<T>>&& children) noexcept
      : children_{std::move(children)} {}
  [[nodiscard]] auto make_awaiter(std::source_location where) {
    return when_all_range_awaiter<T>{std::move(children_), where};
  }

 private:
  std::vector<coro<T>> children_;
};

}  // namespace detail

/// Runs coroutines as children of this one, on any core, and waits for all of them. No task objects are made:
/// what no other worker takes runs as plain nested calls, and costs a few nanoseconds.
///
/// Returns     A tuple of the results in argument order; `std::monostate` for void.
/// Throws      The first error of a child, after all children ended; the others are asked to stop, and those
///             that did not start never run.
/// Cancelling  Goes to all children; throws what comes of it after all ended.
/// Threads     Children run on any worker of the runtime, concurrently with each other.
/// Lifetime    Children end before the await returns, so references to the caller's locals are safe.
/// Cost        No allocation besides the children's frames.
template <class... T>
[[nodiscard, gnu::always_inline]] inline detail::when_all_operation<T...> when_all(coro<T>... children) {
  return detail::when_all_operation<T...>{std::move(children)...};
}

/// The same for a range of coroutines.
///
/// Returns     A vector: n coroutines give n results in the same order.
/// Cancelling  As above.
template <std::ranges::input_range R>
  requires detail::is_coro<std::ranges::range_value_t<R>>
[[nodiscard]] auto when_all(R&& children) {
  using T = await_result_t<std::ranges::range_value_t<R>>;
  std::vector<coro<T>> taken;
  for (auto&& child : children) {
    taken.push_back(std::move(child));
  }
  return detail::when_all_range_operation<T>{std::move(taken)};
}

}  // namespace skein
