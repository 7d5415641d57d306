// SPDX-License-Identifier: Apache-2.0
// watcher.cpp: subscribing to several futures and putting their completions in order.
#include "worker.hpp"

#include <skein/core/detail/watcher.hpp>

#include <algorithm>
#include <limits>
#include <utility>

namespace skein::detail {

link_ops const watcher::told_ops{&watcher::link_told, &watcher::link_lost, &watcher::behind_link};

watcher::watcher(std::size_t capacity) : links_{std::make_unique<link[]>(capacity)} {}

void watcher::watch(state_ref<> future) {
  link& l = links_[size_++];
  l.owner = this;
  l.counter = &completed_;
  retain();
  worker const* const here = this_thread().owner;
  loop_id const listener = here != nullptr ? here->id : future->loop();
  l.watch(std::move(future), listener);
}

void watcher::unwatch() noexcept {
  for (std::size_t i = 0; i < size_; ++i) {
    if (links_[i].unwatch()) {
      release();
    }
  }
}

void watcher::link_told(completion_link& l) noexcept {
  auto& self = static_cast<link&>(l);
  watcher& owner = *self.owner;
  owner.told(static_cast<std::size_t>(&self - owner.links_.get()));
  owner.release();
}

void watcher::link_lost(completion_link& l) noexcept { static_cast<link&>(l).owner->release(); }

state_ref<> watcher::behind_link(completion_link& l) noexcept {
  return static_cast<link&>(l).owner->bell.waiting_task();
}

std::vector<std::size_t> watcher::done() const {
  std::vector<std::pair<std::uint32_t, std::size_t>> order;
  for (std::size_t i = 0; i < size_; ++i) {
    if (links_[i].future().done()) {
      // One that is just being completed has no number yet: it is the last.
      std::uint32_t const number = links_[i].number();
      order.emplace_back(number != 0 ? number : std::numeric_limits<std::uint32_t>::max(), i);
    }
  }
  std::sort(order.begin(), order.end());
  std::vector<std::size_t> indices;
  indices.reserve(order.size());
  for (auto const& [number, index] : order) {
    indices.push_back(index);
  }
  return indices;
}

lowlevel::instant deadline_from_now(delay d) noexcept {
  return deadline_after(clock::now().time_since_epoch().count(), d.nanoseconds());
}

}  // namespace skein::detail
