// SPDX-License-Identifier: Apache-2.0
// gather_state.hpp: the future that gather returns, without the types of its children.
#pragma once

#include <skein/core/detail/completion_link.hpp>
#include <skein/core/detail/future_state.hpp>
#include <skein/core/outcome.hpp>

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace skein::detail {

/// Waits for a number of futures on behalf of one.
class gatherer {
 public:
  gatherer(future_state& outer, std::vector<state_ref<>> children, bool return_exceptions);
  gatherer(gatherer const&) = delete;
  gatherer& operator=(gatherer const&) = delete;

  /// Starts to wait; with no children it completes at once.
  void begin();

  /// Cancels all children that are not done.
  ///
  /// Returns     False when all were.
  bool cancel(std::string const& message);

  [[nodiscard]] std::vector<state_ref<>> const& children() const noexcept { return children_; }

 protected:
  ~gatherer() = default;

  /// Builds the result from the children, all of which are done.
  virtual void collect() = 0;

 private:
  struct child_link : completion_link {
    child_link() noexcept : completion_link{told_ops} {}
    gatherer* owner = nullptr;
  };
  static link_ops const told_ops;
  static void child_told(completion_link& link) noexcept;
  static void child_lost(completion_link& link) noexcept;
  static state_ref<> behind_child(completion_link& link) noexcept;
  void child_done(future_state& child) noexcept;
  void complete() noexcept;

  // Constant after begin.
  future_state& outer_;
  std::vector<state_ref<>> children_;
  std::unique_ptr<child_link[]> links_;
  bool const return_exceptions_;
  // Any thread.
  lowlevel::atomic<std::size_t> left_;
  lowlevel::atomic<bool> cancel_requested_{false};
};

/// Fails a future that is not done; does nothing when it is.
void fail_future(future_state& state, std::exception_ptr error) noexcept;

/// Returns     The error of a done child, a cancellation included; null when it has a value.
[[nodiscard]] std::exception_ptr error_of_done(future_state& state) noexcept;

/// The number of the loop a gather belongs to: the running one, or that of the first child.
[[nodiscard]] loop_id loop_for_gather(std::span<state_ref<> const> children);

}  // namespace skein::detail
