// SPDX-License-Identifier: Apache-2.0
// owned_socket_test.cpp: who closes a descriptor, and when.
#include <support/test_case.hpp>

#include <skein/io/owned_socket.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <type_traits>
#include <utility>

static_assert(!std::is_copy_constructible_v<skein::owned_socket>);
static_assert(std::is_nothrow_move_constructible_v<skein::owned_socket>);

namespace {

int fresh() { return ::fcntl(0, F_DUPFD_CLOEXEC, 3); }
bool is_open(int fd) { return ::fcntl(fd, F_GETFD) >= 0; }

}  // namespace

TEST_CASE("owned_socket: the last owner closes it, once", "[io][owned_socket]") {
  int const fd = fresh();
  {
    skein::owned_socket first{fd};
    skein::owned_socket second{std::move(first)};
    REQUIRE_FALSE(static_cast<bool>(first));
    REQUIRE(first.fileno() == -1);
    REQUIRE(second.fileno() == fd);
    REQUIRE(is_open(fd));
  }
  REQUIRE_FALSE(is_open(fd));
}

TEST_CASE("owned_socket: assigning closes what was owned before", "[io][owned_socket]") {
  skein::owned_socket a{fresh()};
  int const old = a.fileno();
  skein::owned_socket b{fresh()};
  int const kept = b.fileno();
  a = std::move(b);
  REQUIRE_FALSE(is_open(old));
  REQUIRE(a.fileno() == kept);
  auto& same = a;
  a = std::move(same);
  REQUIRE(is_open(kept));
}

TEST_CASE("owned_socket: detach gives it away", "[io][owned_socket]") {
  int fd = -1;
  {
    skein::owned_socket owner{fresh()};
    fd = owner.detach();
    REQUIRE(owner.fileno() == -1);
  }
  REQUIRE(is_open(fd));
  ::close(fd);
}
