// SPDX-License-Identifier: Apache-2.0
// support.hpp: pairs of connected sockets and streams, for the tests of io.
#pragma once

#include <support/test_case.hpp>

#include <skein/io/connect.hpp>
#include <skein/io/server.hpp>

#include <arpa/inet.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace skein_test {

struct socket_pair {
  skein::owned_socket ours;
  skein::owned_socket theirs;
};

/// Two connected stream sockets; ours is non-blocking once it is a stream, theirs blocks.
inline socket_pair connected_sockets() {
  std::array<int, 2> fds{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds.data()) != 0) {
    throw std::system_error{errno, std::generic_category(), "socketpair"};
  }
  return {skein::owned_socket{fds[0]}, skein::owned_socket{fds[1]}};
}

/// Sends all of it from a blocking socket; it must fit the socket's buffer.
inline void send_all(skein::owned_socket const& to, std::string_view data) {
  while (!data.empty()) {
    ssize_t const sent = ::send(to.fileno(), data.data(), data.size(), MSG_NOSIGNAL);
    if (sent < 0) {
      throw std::system_error{errno, std::generic_category(), "send"};
    }
    data.remove_prefix(static_cast<std::size_t>(sent));
  }
}

/// Receives until n bytes are there or the peer has ended.
inline std::string receive(skein::owned_socket const& from, std::size_t n) {
  std::string all(n, '\0');
  std::size_t got = 0;
  while (got < n) {
    ssize_t const more = ::recv(from.fileno(), all.data() + got, n - got, 0);
    if (more < 0) {
      throw std::system_error{errno, std::generic_category(), "recv"};
    }
    if (more == 0) {
      break;
    }
    got += static_cast<std::size_t>(more);
  }
  all.resize(got);
  return all;
}

/// Sets the size of a socket's buffers as low as the system allows.
inline void shrink_buffers(skein::owned_socket const& socket) {
  int const least = 1;
  ::setsockopt(socket.fileno(), SOL_SOCKET, SO_SNDBUF, &least, sizeof least);
  ::setsockopt(socket.fileno(), SOL_SOCKET, SO_RCVBUF, &least, sizeof least);
}

inline std::uint16_t port_of(skein::server const& server) {
  return skein::endpoint_of(server.sockets().front()).port();
}

/// How many descriptors this process has open.
inline std::size_t open_descriptors() {
  std::size_t count = 0;
  for (int fd = 0; fd < 4096; ++fd) {
    count += ::fcntl(fd, F_GETFD) >= 0 ? 1U : 0U;
  }
  return count;
}

}  // namespace skein_test
