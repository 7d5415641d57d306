// SPDX-License-Identifier: Apache-2.0
// completion_link.hpp: being told that a future is done, in asyncio's turn.
#pragma once

#include <skein/core/detail/future_state.hpp>
#include <skein/core/lowlevel/work_item.hpp>

#include <utility>

namespace skein::detail {

class completion_link;

/// What is called when the future of a link is done.
struct link_ops {
  /// The future is done. The link may be destroyed by it.
  void (*told)(completion_link& link) noexcept;
  /// The loop was closed before the link could be told. The link may be destroyed by it.
  void (*lost)(completion_link& link) noexcept;
  /// For call graphs: the future or task that waits by means of the link; null when nobody does. Called with
  /// the lock of the link's future held.
  state_ref<> (*behind)(completion_link& link) noexcept;
};

/// A subscription to one future. With one worker it is told through the loop's queue, so that everything
/// that combines futures costs the same turns as in asyncio; with several where the future was completed.
///
/// Lifetime    From watch until it was told, lost, or unwatch returned true; the owner sees to it.
class completion_link : public completion_node, public lowlevel::work_item {
 public:
  explicit completion_link(link_ops const& ops) noexcept
      : completion_node{&completed}, work_item{queue_ops}, link_ops_{&ops} {}

  /// Subscribes. A future that is done already tells at once, or in the next turn.
  void watch(state_ref<> future, loop_id listener) noexcept;
  /// Returns     False when the link was told or is about to be.
  bool unwatch() noexcept { return future_->unsubscribe(*this); }

  [[nodiscard]] future_state& future() const noexcept { return *future_; }
  [[nodiscard]] link_ops const& told_by() const noexcept { return *link_ops_; }
  /// Returns     The link that the node is part of, or null when it is another kind of waiter.
  [[nodiscard]] static completion_link* from(completion_node& node) noexcept {
    return node.completed == &completed ? static_cast<completion_link*>(&node) : nullptr;
  }

  /// Counts completions, for who wants to know their order; set before watch.
  lowlevel::atomic<std::uint32_t>* counter = nullptr;
  /// Returns     The number of this completion among those of its counter, from 1; 0 before.
  [[nodiscard]] std::uint32_t number() const noexcept { return number_.load(lowlevel::memory_order_relaxed); }

 protected:
  ~completion_link() = default;

 private:
  static lowlevel::work_ops const queue_ops;
  static void completed(completion_node& node, future_state& state) noexcept;

  link_ops const* const link_ops_;
  state_ref<> future_;
  loop_id listener_ = 0;
  lowlevel::atomic<std::uint32_t> number_{0};
};

}  // namespace skein::detail
