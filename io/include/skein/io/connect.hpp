// SPDX-License-Identifier: Apache-2.0
// connect.hpp: opening a connection to a server.
#pragma once

#include <skein/io/owned_socket.hpp>
#include <skein/io/stream_reader.hpp>
#include <skein/io/stream_writer.hpp>

#include <skein/core/clock.hpp>
#include <skein/core/coro.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace skein {

/// Which addresses of a name to use.
enum class address_family { any, ipv4, ipv6 };

/// The longest line, in bytes without its separator, that readline and readuntil accept.
inline constexpr std::size_t default_stream_limit = 65536;  // as asyncio's

/// How to connect.
struct connect_options {
  /// Bytes; at least 1. See `default_stream_limit`.
  std::size_t limit = default_stream_limit;
  address_family family = address_family::any;
  /// The address to connect from; any when empty.
  std::optional<endpoint> local_addr = {};
  /// How long an address is tried alone before the next one is tried beside it (RFC 8305 says 250 ms);
  /// nothing: until it has failed.
  std::optional<delay> happy_eyeballs_delay = {};
  /// The families take turns, after so many addresses of the first one; nothing: as they were looked up, or
  /// 1 with a happy_eyeballs_delay.
  std::optional<std::size_t> interleave = {};
};

/// Both halves of a connection.
///
///     auto [reader, writer] = co_await skein::open_connection("127.0.0.1", 8888);
struct connection {
  stream_reader reader;
  stream_writer writer;
};

/// Connects to a server over TCP, trying all addresses of the host in turn.
///
/// `host`      A name or an address. Names are looked up on the default executor.
///
/// Throws      `std::system_error` when no address answers: of the first one, with the texts of all;
///             `std::invalid_argument` for an empty host or a limit of 0.
/// Cancelling  At any moment; no descriptor is left behind.
/// Threads     A task of any loop.
/// Lifetime    Both halves may be kept, also apart from each other.
/// Source      asyncio.open_connection.
[[nodiscard]] coro<connection> open_connection(std::string host, std::uint16_t port);
[[nodiscard]] coro<connection> open_connection(std::string host, std::uint16_t port, connect_options options);

/// Makes a connection of a stream socket that is connected already. It is made non-blocking.
///
/// Throws      `std::invalid_argument` when it is no stream socket, or for a limit of 0.
/// Cancelling  Does not wait.
[[nodiscard]] coro<connection> open_connection(owned_socket socket);
[[nodiscard]] coro<connection> open_connection(owned_socket socket, connect_options options);

}  // namespace skein
