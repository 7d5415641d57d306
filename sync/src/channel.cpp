// SPDX-License-Identifier: Apache-2.0
// channel.cpp: the capacity, the text and the error of a channel.
#include <skein/sync/channel.hpp>

#include <fmt/core.h>

#include <cstdint>

namespace skein::detail {

std::size_t channel_limit(std::size_t capacity) {
  if (capacity > static_cast<std::size_t>(PTRDIFF_MAX)) {
    throw std::invalid_argument{"the capacity of a channel must be >= 0; without a bound: skein::unbounded"};
  }
  return capacity;
}

std::string channel_repr(queue_core const& core) {
  auto const now = core.look();
  std::string text = core.limit() == queue_core::no_bound ? "<channel unbounded"
                                                          : fmt::format("<channel capacity={}", core.limit());
  if (now.size != 0) {
    text += fmt::format(" size={}", now.size);
  }
  if (now.getters != 0) {
    text += fmt::format(" receivers[{}]", now.getters);
  }
  if (now.putters != 0) {
    text += fmt::format(" senders[{}]", now.putters);
  }
  return text + (now.shut_down ? " closed>" : ">");
}

void throw_channel_closed() { throw channel_closed{"the channel is closed: nothing can be sent any more"}; }

}  // namespace skein::detail
