// SPDX-License-Identifier: Apache-2.0
// address.cpp: addresses as the system and as people write them; names by the resolver of the C library.
#include "address.hpp"

#include <skein/core/executor.hpp>

#include <arpa/inet.h>
#include <fmt/core.h>
#include <netdb.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <system_error>

namespace skein {

std::string endpoint::repr() const {
  return host_.find(':') == std::string::npos ? fmt::format("{}:{}", host_, port_)
                                              : fmt::format("[{}]:{}", host_, port_);
}

namespace detail {
namespace {

class resolver_category final : public std::error_category {
 public:
  [[nodiscard]] char const* name() const noexcept override { return "getaddrinfo"; }
  [[nodiscard]] std::string message(int code) const override { return ::gai_strerror(code); }
};

std::error_category const& resolver() {
  static resolver_category const category;
  return category;
}

int number_of(address_family family) noexcept {
  switch (family) {
    case address_family::any:
      return AF_UNSPEC;
    case address_family::ipv4:
      return AF_INET;
    case address_family::ipv6:
      return AF_INET6;
  }
  return AF_UNSPEC;
}

struct lookup {
  int error = 0;
  int system_error = 0;
  std::vector<address> found;
};

lookup look_up(std::string const& host, std::uint16_t port, int family, int flags) {
  addrinfo wanted{};
  wanted.ai_family = family;
  wanted.ai_socktype = SOCK_STREAM;
  wanted.ai_flags = flags | AI_NUMERICSERV;
  addrinfo* list = nullptr;
  lookup result;
  result.error =
      ::getaddrinfo(host.empty() ? nullptr : host.c_str(), std::to_string(port).c_str(), &wanted, &list);
  result.system_error = errno;
  std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> const owned{list, &::freeaddrinfo};
  if (result.error == 0) {
    for (addrinfo const* entry = list; entry != nullptr; entry = entry->ai_next) {
      if (auto const one = address::from(entry->ai_addr)) {
        result.found.push_back(*one);
      }
    }
  }
  return result;
}

}  // namespace

std::optional<address> address::from(sockaddr const* raw) noexcept {
  if (raw->sa_family != AF_INET && raw->sa_family != AF_INET6) {
    return std::nullopt;
  }
  address a;
  std::memcpy(&a.v6_, raw, raw->sa_family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6));
  return a;
}

namespace {

template <class Call>
std::optional<address> ask(Call call, int fd) noexcept {
  sockaddr_storage storage{};
  socklen_t length = sizeof storage;
  auto* const raw = reinterpret_cast<sockaddr*>(&storage);
  return call(fd, raw, &length) == 0 ? address::from(raw) : std::nullopt;
}

}  // namespace

std::optional<address> address::of_peer(int fd) noexcept { return ask(&::getpeername, fd); }
std::optional<address> address::of_socket(int fd) noexcept { return ask(&::getsockname, fd); }

endpoint address::to_endpoint() const {
  std::array<char, INET6_ADDRSTRLEN> text{};
  void const* const bits =
      family() == AF_INET ? static_cast<void const*>(&reinterpret_cast<sockaddr_in const*>(raw())->sin_addr)
                          : static_cast<void const*>(&v6_.sin6_addr);
  ::inet_ntop(family(), bits, text.data(), text.size());
  return {text.data(), port()};
}

coro<std::vector<address>> resolve(std::string host, std::uint16_t port, address_family family,
                                   purpose what_for) {
  int const wanted = number_of(family);
  int const flags = what_for == purpose::to_listen ? AI_PASSIVE : 0;
  lookup result = look_up(host, port, wanted, flags | AI_NUMERICHOST);  // asks nobody
  if (result.error == EAI_NONAME) {
    auto asked = to_thread(look_up, host, port, wanted, flags);
    result = co_await std::move(asked);
  }
  if (result.error == EAI_SYSTEM) {
    throw std::system_error{result.system_error, std::generic_category(),
                            fmt::format("getaddrinfo: '{}'", host)};
  }
  if (result.error != 0 || result.found.empty()) {
    throw std::system_error{result.error != 0 ? result.error : EAI_NONAME, resolver(),
                            fmt::format("getaddrinfo: no address for '{}'", host)};
  }
  co_return std::move(result.found);
}

}  // namespace detail

endpoint endpoint_of(owned_socket const& socket) {
  sockaddr_storage storage{};
  socklen_t length = sizeof storage;
  auto* const raw = reinterpret_cast<sockaddr*>(&storage);
  if (::getsockname(socket.fileno(), raw, &length) != 0) {
    throw std::system_error{errno, std::generic_category(), "getsockname"};
  }
  auto const found = detail::address::from(raw);
  if (!found) {
    throw std::invalid_argument{
        fmt::format("endpoint_of: descriptor {} is no Internet socket", socket.fileno())};
  }
  return found->to_endpoint();
}

}  // namespace skein
