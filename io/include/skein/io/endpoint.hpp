// SPDX-License-Identifier: Apache-2.0
// endpoint.hpp: the address of one end of a connection.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

namespace skein {

/// An Internet address and a port.
///
/// Source      The address pairs of asyncio: `("127.0.0.1", 8888)`.
class endpoint {
 public:
  /// `host`      An IPv4 or IPv6 address in its usual text form.
  endpoint(std::string host, std::uint16_t port) : host_{std::move(host)}, port_{port} {}

  [[nodiscard]] std::string host() const { return host_; }
  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
  /// Returns     `127.0.0.1:8888`, `[::1]:8888`.
  [[nodiscard]] std::string repr() const;

  friend bool operator==(endpoint const&, endpoint const&) = default;

 private:
  std::string host_;
  std::uint16_t port_;
};

class owned_socket;

/// Returns     The address that a TCP socket is bound to: a server's port, when the system has chosen it.
/// Throws      `std::system_error` when it is closed; `std::invalid_argument` when it is no Internet socket.
[[nodiscard]] endpoint endpoint_of(owned_socket const& socket);

}  // namespace skein
