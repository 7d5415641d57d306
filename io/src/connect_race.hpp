// SPDX-License-Identifier: Apache-2.0
// connect_race.hpp: in which order the addresses of a host are tried, and how many of them at once.
#pragma once

#include "stream.hpp"

#include <skein/core/clock.hpp>
#include <skein/core/coro.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

namespace skein::detail {

/// Takes the families in turn, each in its own order; the first `head` addresses are of the first family.
///
/// Source      base_events._interleave_addrinfos.
[[nodiscard]] std::vector<address> interleaved(std::vector<address> const& addresses, std::size_t head);

/// Connects to one address.
using connector = std::function<coro<std::shared_ptr<stream>>(address const&)>;

/// Tries all addresses in their order until one answers.
///
/// `head_start`   How long each is tried alone, then the next one too; nothing: until it has failed.
///
/// Returns     The first connection. All others are closed.
/// Throws      `std::system_error` when no address answers: of the first one, with the texts of all.
/// Cancelling  Cancels those that are being tried, and leaves no descriptor behind.
[[nodiscard]] coro<std::shared_ptr<stream>> connect_to_one_of(std::vector<address> addresses,
                                                              std::optional<delay> head_start,
                                                              connector connect);

}  // namespace skein::detail
