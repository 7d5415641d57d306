// SPDX-License-Identifier: Apache-2.0
// address.hpp: socket addresses, and the looking up of names.
#pragma once

#include <skein/io/connect.hpp>
#include <skein/io/endpoint.hpp>

#include <skein/core/coro.hpp>

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace skein::detail {

/// An IPv4 or IPv6 address with a port.
class address {
 public:
  address() noexcept : v6_{} {}
  /// Returns     Nothing for an address of another family.
  [[nodiscard]] static std::optional<address> from(sockaddr const* raw) noexcept;
  [[nodiscard]] static std::optional<address> of_peer(int fd) noexcept;
  [[nodiscard]] static std::optional<address> of_socket(int fd) noexcept;

  [[nodiscard]] sockaddr const* raw() const noexcept { return reinterpret_cast<sockaddr const*>(&v6_); }
  [[nodiscard]] socklen_t size() const noexcept {
    return family() == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6);
  }
  [[nodiscard]] int family() const noexcept { return raw()->sa_family; }
  [[nodiscard]] std::uint16_t port() const noexcept {
    return ntohs(v6_.sin6_port);
  }  // the same place in both
  void set_port(std::uint16_t port) noexcept { v6_.sin6_port = htons(port); }
  [[nodiscard]] endpoint to_endpoint() const;

 private:
  sockaddr_in6 v6_;  // large enough for both
};

/// What the addresses are wanted for.
enum class purpose { to_connect, to_listen };

/// Looks a host up: an address at once, a name on the default executor.
///
/// `host`      Empty, to listen: every address of the machine.
///
/// Returns     At least one address.
/// Throws      `std::system_error` when there is none.
/// Cancelling  The look-up goes on, its result is dropped.
[[nodiscard]] coro<std::vector<address>> resolve(std::string host, std::uint16_t port, address_family family,
                                                 purpose what_for);

}  // namespace skein::detail
