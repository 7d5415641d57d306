// SPDX-License-Identifier: Apache-2.0
// completion_link.cpp: the way of a completion to whoever listens.
#include "runtime_core.hpp"
#include "worker.hpp"

#include <skein/core/detail/completion_link.hpp>

namespace skein::detail {

using lowlevel::memory_order_relaxed;

lowlevel::work_ops const completion_link::queue_ops{[](lowlevel::work_item& item) noexcept {
                                                      auto& link = static_cast<completion_link&>(item);
                                                      link.link_ops_->told(link);
                                                    },
                                                    [](lowlevel::work_item& item) noexcept {
                                                      auto& link = static_cast<completion_link&>(item);
                                                      link.link_ops_->lost(link);
                                                    },
                                                    nullptr, nullptr, "completion"};

void completion_link::watch(state_ref<> future, loop_id listener) noexcept {
  future_ = std::move(future);
  listener_ = listener;
  future_state& watched = *future_;
  if (!watched.subscribe(*this)) {
    completed(*this, watched);
  }
}

void completion_link::completed(completion_node& node, future_state&) noexcept {
  auto& link = static_cast<completion_link&>(node);
  if (link.counter != nullptr) {
    link.number_.store(link.counter->fetch_add(1, memory_order_relaxed) + 1, memory_order_relaxed);
  }
  worker* const here = this_thread().owner;
  if (here != nullptr && here->runtime.lone() && here->id == link.listener_) {
    here->push_ready(link);
    return;
  }
  link.link_ops_->told(link);
}

}  // namespace skein::detail
