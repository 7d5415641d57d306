// SPDX-License-Identifier: Apache-2.0
// broadcast.cpp: the capacity, the text and the error of a broadcast.
#include <skein/sync/broadcast.hpp>

#include <fmt/core.h>

#include <cstdint>

namespace skein {

lagged_error::lagged_error(std::uint64_t missed)
    : std::runtime_error{fmt::format("the receiver was too slow: {} message(s) were overwritten", missed)},
      missed_{missed} {}

namespace detail {

std::size_t broadcast_capacity(std::size_t capacity) {
  if (capacity == 0 || capacity > static_cast<std::size_t>(PTRDIFF_MAX)) {
    throw std::invalid_argument{"the capacity of a broadcast must be > 0"};
  }
  return capacity;
}

std::string broadcast_repr(bulletin const& messages) {
  std::string text = fmt::format("<broadcast capacity={} sent={} receivers={}", messages.capacity(),
                                 messages.end(), messages.readers());
  if (std::size_t const waiters = messages.waiting(); waiters != 0) {
    text += fmt::format(" waiters:{}", waiters);
  }
  return text + (messages.closed() ? " closed>" : ">");
}

}  // namespace detail
}  // namespace skein
