// SPDX-License-Identifier: Apache-2.0
// connect.cpp: trying the addresses of a host until one answers.
#include "address.hpp"
#include "connect_race.hpp"
#include "stream.hpp"

#include <skein/io/connect.hpp>

#include <fmt/core.h>
#include <sys/socket.h>

#include <cerrno>
#include <stdexcept>
#include <system_error>
#include <utility>
#include <vector>

namespace skein {
namespace detail {
namespace {

void check_limit(std::size_t limit) {
  if (limit == 0) {
    throw std::invalid_argument{"Limit cannot be <= 0: give the longest line in bytes"};
  }
}

[[noreturn]] void fail(int error, std::string const& what) {
  throw std::system_error{error, std::generic_category(), what};
}

// An address to connect from, of the same family as the one to connect to.
void bind_to(owned_socket const& socket, std::vector<address> const& from, int family) {
  for (address const& own : from) {
    if (own.family() != family) {
      continue;
    }
    if (::bind(socket.fileno(), own.raw(), own.size()) != 0) {
      fail(errno, fmt::format("error while attempting to bind on address {}", own.to_endpoint().repr()));
    }
    return;
  }
  if (!from.empty()) {
    fail(EADDRNOTAVAIL,
         fmt::format("local_addr {} is of another address family", from[0].to_endpoint().repr()));
  }
}

coro<std::shared_ptr<stream>> connect_to(address to, std::vector<address> const& from, std::size_t limit) {
  std::string const what = fmt::format("Connect call failed: {}", to.to_endpoint().repr());
  owned_socket socket{::socket(to.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP)};
  if (!socket) {
    fail(errno, what);
  }
  bind_to(socket, from, to.family());
  int const fd = socket.fileno();
  int const refused = ::connect(fd, to.raw(), to.size()) == 0 ? 0 : errno;
  if (refused != 0 && refused != EINPROGRESS && refused != EINTR) {
    fail(refused, what);
  }
  auto made = std::make_shared<stream>(std::move(socket), limit, to, nullptr);
  if (refused != 0) {
    co_await made->connected(what);
  }
  co_return made;
}

connection halves_of(std::shared_ptr<stream> const& s, lowlevel::made_at made) {
  s->made = std::move(made);
  return {stream_reader{s}, stream_writer{s}};
}

coro<connection> connect_to_host(std::string host, std::uint16_t port, connect_options options) {
  auto caller = lowlevel::made_here(lowlevel::debug_here());
  check_limit(options.limit);
  if (host.empty()) {
    throw std::invalid_argument{"open_connection: the host is empty: give a name or an address"};
  }
  auto addresses = co_await resolve(host, port, options.family, purpose::to_connect);
  std::vector<address> from;
  if (options.local_addr) {
    from = co_await resolve(options.local_addr->host(), options.local_addr->port(), options.family,
                            purpose::to_connect);
  }
  if (options.happy_eyeballs_delay || options.interleave) {
    addresses = interleaved(addresses, options.interleave.value_or(1));
  }
  auto const connect = [&](address const& to) { return connect_to(to, from, options.limit); };
  auto const made = co_await connect_to_one_of(std::move(addresses), options.happy_eyeballs_delay, connect);
  co_return halves_of(made, std::move(caller));
}

coro<connection> connect_with(owned_socket socket, connect_options options) {
  check_limit(options.limit);
  int type = 0;
  socklen_t length = sizeof type;
  if (::getsockopt(socket.fileno(), SOL_SOCKET, SO_TYPE, &type, &length) != 0 || type != SOCK_STREAM) {
    throw std::invalid_argument{
        fmt::format("open_connection: a stream socket was expected, descriptor {} is none", socket.fileno())};
  }
  auto const peer = address::of_peer(socket.fileno());
  co_return halves_of(std::make_shared<stream>(std::move(socket), options.limit, peer, nullptr),
                      lowlevel::made_here(lowlevel::debug_here()));
}

}  // namespace
}  // namespace detail

coro<connection> open_connection(std::string host, std::uint16_t port) {
  return detail::connect_to_host(std::move(host), port, {});
}
coro<connection> open_connection(std::string host, std::uint16_t port, connect_options options) {
  return detail::connect_to_host(std::move(host), port, std::move(options));
}
coro<connection> open_connection(owned_socket socket) { return detail::connect_with(std::move(socket), {}); }
coro<connection> open_connection(owned_socket socket, connect_options options) {
  return detail::connect_with(std::move(socket), std::move(options));
}

}  // namespace skein
