// SPDX-License-Identifier: Apache-2.0
// await_chain.hpp: where a task waits: the awaits from the innermost to that of its first coroutine.
#pragma once

#include <skein/core/detail/thread_state.hpp>
#include <skein/core/lowlevel/flow.hpp>

#include <array>
#include <coroutine>
#include <cstddef>
#include <source_location>
#include <span>
#include <string>
#include <string_view>

namespace skein::detail {

/// A copy of the places, taken in one look during which the task cannot go on; it costs the task some hundred
/// nanoseconds, if it is about to.
class await_chain {
 public:
  /// Reads the chain of a flow; it is empty when the flow does not wait.
  explicit await_chain(lowlevel::flow& strand) noexcept;
  /// Reads the chain that ends in a wait which is held where it is (`flow::inspect`).
  explicit await_chain(lowlevel::wait_node const& innermost) noexcept;
  /// Reads the chain of the task that runs on this thread, from the coroutine that was resumed last.
  explicit await_chain(thread_state const& running) noexcept;

  /// Returns     The places, innermost first.
  [[nodiscard]] std::span<std::source_location const> places() const noexcept {
    return std::span{places_}.first(size_);
  }
  /// Returns     True when there were more than fit.
  [[nodiscard]] bool cut() const noexcept { return cut_; }

 private:
  static constexpr std::size_t places_max = 128;
  void read(lowlevel::wait_node const& innermost) noexcept;
  void climb(std::coroutine_handle<> coroutine) noexcept;
  void add(std::source_location const& place) noexcept;

  std::array<std::source_location, places_max> places_;
  std::size_t size_ = 0;
  bool cut_ = false;
};

/// Returns     The innermost place that is not inside skein; the innermost one when all are.
[[nodiscard]] std::source_location outside_of_skein(std::span<std::source_location const> places);

}  // namespace skein::detail
