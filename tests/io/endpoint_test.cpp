// SPDX-License-Identifier: Apache-2.0
// endpoint_test.cpp: addresses as people see them.
#include <support/test_case.hpp>

#include <skein/io/endpoint.hpp>
#include <skein/io/owned_socket.hpp>

#include <arpa/inet.h>
#include <sys/socket.h>

TEST_CASE("endpoint: it is a host and a port", "[io][endpoint]") {
  skein::endpoint const e{"127.0.0.1", 8888};
  REQUIRE(e.host() == "127.0.0.1");
  REQUIRE(e.port() == 8888);
  REQUIRE(e == skein::endpoint{"127.0.0.1", 8888});
  REQUIRE(e != skein::endpoint{"127.0.0.1", 8889});
}

TEST_CASE("endpoint: its text has brackets around an IPv6 address", "[io][endpoint]") {
  REQUIRE(skein::endpoint{"127.0.0.1", 80}.repr() == "127.0.0.1:80");
  REQUIRE(skein::endpoint{"::1", 80}.repr() == "[::1]:80");
}

TEST_CASE("endpoint_of: tells where a socket is bound, and refuses what has no address", "[io][endpoint]") {
  skein::owned_socket const tcp{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  REQUIRE(::bind(tcp.fileno(), reinterpret_cast<sockaddr*>(&at), sizeof at) == 0);
  REQUIRE(skein::endpoint_of(tcp).host() == "127.0.0.1");
  REQUIRE(skein::endpoint_of(tcp).port() != 0);
  skein::owned_socket const local{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  REQUIRE_THROWS_AS(skein::endpoint_of(local), std::invalid_argument);
  REQUIRE_THROWS_AS(skein::endpoint_of(skein::owned_socket{}), std::system_error);
}
