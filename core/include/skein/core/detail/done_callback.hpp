// SPDX-License-Identifier: Apache-2.0
// done_callback.hpp: a function to be called on a loop when a future is done.
#pragma once

#include <skein/core/detail/future_state.hpp>
#include <skein/core/detail/scheduled_call.hpp>

#include <cstdint>
#include <optional>
#include <utility>

namespace skein::detail {

/// A callback: first in the future's list of waiters, then in the queue of its loop.
class done_callback : public completion_node, public scheduled_call {
 public:
  done_callback() noexcept : completion_node{&schedule} {}
  state_ref<> state;  // set when the future completes
  std::uint64_t id = 0;
  loop_id loop = 0;

  /// Returns     The callback that the node is part of, or null when it is another kind of waiter.
  [[nodiscard]] static done_callback* from(completion_node& node) noexcept {
    return node.completed == &schedule ? static_cast<done_callback*>(&node) : nullptr;
  }
  static void schedule_now(done_callback& callback, future_state& state) noexcept {
    schedule(callback, state);
  }

 private:
  static void schedule(completion_node& node, future_state& state) noexcept;
};

/// `Given` is what the user gave, for people.
template <class Given, class F>
class done_callback_of final : public done_callback {
 public:
  explicit done_callback_of(F&& f) : f_{std::move(f)} {}
  void call() override { (*f_)(std::move(state)); }
  [[nodiscard]] std::type_info const& function_type() const noexcept override { return typeid(Given); }
  void clear() noexcept override {
    f_.reset();
    state = {};
  }

 private:
  std::optional<F> f_;
};

std::uint64_t add_callback_node(future_state& state, call_ref callback);
std::size_t remove_callback(future_state& state, std::uint64_t id);

/// Adds a callback that runs in that context; null is a copy of the current one.
template <class Given, class F>
std::uint64_t add_callback(future_state& state, F f, context_cell* where) {
  call_ref callback = call_ref::adopt(new done_callback_of<Given, F>{std::move(f)});
  if (where != nullptr) {
    callback->own_context.enter(*where);
  } else {
    inherit_context(*callback);
  }
  return add_callback_node(state, std::move(callback));
}

}  // namespace skein::detail
