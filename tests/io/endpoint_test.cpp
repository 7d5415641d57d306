// SPDX-License-Identifier: Apache-2.0
// endpoint_test.cpp: addresses as people see them.
#include <support/test_case.hpp>

#include <skein/io/endpoint.hpp>

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
