// SPDX-License-Identifier: Apache-2.0
// connect_test.cpp: opening connections: addresses, errors, cancelling.
#include <io/support.hpp>

#include <skein/core/create_task.hpp>
#include <skein/core/sleep.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <system_error>
#include <utility>

using namespace std::chrono_literals;
using skein_test::connected_sockets;
using skein_test::open_descriptors;
using skein_test::port_of;

namespace {

skein::coro<> answer(skein::stream_reader reader, skein::stream_writer writer) {
  while (true) {
    auto const line = co_await reader.readline();
    if (line.empty()) {
      break;
    }
    co_await writer.write("you said: " + line);
  }
}

/// A port on which nobody listens: it is bound, but not listened on.
class quiet_port {
 public:
  quiet_port() : socket_{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)} {
    sockaddr_in any{};
    any.sin_family = AF_INET;
    any.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ::bind(socket_.fileno(), reinterpret_cast<sockaddr*>(&any), sizeof any);
    socklen_t length = sizeof any;
    ::getsockname(socket_.fileno(), reinterpret_cast<sockaddr*>(&any), &length);
    number = ntohs(any.sin_port);
  }
  std::uint16_t number;

 private:
  skein::owned_socket socket_;
};

}  // namespace

SKEIN_TEST_CASE("open_connection: talks to a server, by address and by name", "[io][connect]") {
  auto server = co_await skein::start_server(answer, "127.0.0.1", 0);
  for (std::string const host : {"127.0.0.1", "localhost"}) {
    auto [reader, writer] = co_await skein::open_connection(host, port_of(server));
    co_await writer.write("hello\n");
    REQUIRE(co_await reader.readline() == "you said: hello\n");
    writer.close();
    co_await writer.wait_closed();
  }
  server.close();
  co_await server.wait_closed();
}

SKEIN_TEST_CASE("open_connection: both ends know their addresses", "[io][connect]") {
  std::optional<skein::endpoint> seen;
  auto server = co_await skein::start_server(
      [&](skein::stream_reader, skein::stream_writer w) { seen = w.get_extra_info("peername"); }, "127.0.0.1",
      0);
  auto [reader, writer] = co_await skein::open_connection("127.0.0.1", port_of(server));
  auto const peer = writer.get_extra_info("peername");
  auto const own = writer.get_extra_info("sockname");
  REQUIRE(peer == skein::endpoint{"127.0.0.1", port_of(server)});
  REQUIRE_FALSE(writer.get_extra_info("cipher").has_value());
  REQUIRE(co_await reader.read() == "");
  server.close();
  co_await server.wait_closed();  // for the handler; ThreadSanitizer does not see what a socket orders
  REQUIRE(seen == own);
}

SKEIN_TEST_CASE("open_connection: nobody listens: the error names the address (SOCK-009)", "[io][connect]") {
  quiet_port const port;
  try {
    static_cast<void>(co_await skein::open_connection("127.0.0.1", port.number));
    FAIL("it connected");
  } catch (std::system_error const& e) {
    REQUIRE(e.code() == std::errc::connection_refused);
    REQUIRE(std::string{e.what()}.find("127.0.0.1:" + std::to_string(port.number)) != std::string::npos);
  }
}

SKEIN_TEST_CASE("open_connection: a name that nobody knows is an error that names it (SOCK-009)",
                "[io][connect]") {
  REQUIRE_THROWS_WITH(co_await skein::open_connection("no-such-host.invalid", 1),
                      Catch::Contains("no-such-host.invalid"));
  REQUIRE_THROWS_AS(co_await skein::open_connection("no-such-host.invalid", 1), std::system_error);
}

SKEIN_TEST_CASE("open_connection: bad arguments are refused (SOCK-009)", "[io][connect]") {
  REQUIRE_THROWS_AS(co_await skein::open_connection("", 1), std::invalid_argument);
  skein::connect_options no_limit{.limit = 0};
  REQUIRE_THROWS_AS(co_await skein::open_connection("127.0.0.1", 1, no_limit), std::invalid_argument);
  auto const not_a_stream = [] {
    return skein::open_connection(skein::owned_socket{::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)});
  };
  REQUIRE_THROWS_AS(co_await not_a_stream(), std::invalid_argument);
  REQUIRE_THROWS_AS(co_await skein::open_connection(skein::owned_socket{}), std::invalid_argument);
}

SKEIN_TEST_CASE("open_connection: from an address of one's own", "[io][connect]") {
  auto server = co_await skein::start_server(answer, "127.0.0.1", 0);
  skein::connect_options from{.local_addr = skein::endpoint{"127.0.0.2", 0}};
  auto [reader, writer] = co_await skein::open_connection("127.0.0.1", port_of(server), from);
  REQUIRE(writer.get_extra_info("sockname")->host() == "127.0.0.2");
  skein::connect_options other_family{.local_addr = skein::endpoint{"::1", 0}};
  REQUIRE_THROWS_AS(co_await skein::open_connection("127.0.0.1", port_of(server), other_family),
                    std::system_error);
}

SKEIN_TEST_CASE("open_connection: a socket that is connected becomes a connection", "[io][connect]") {
  auto sockets = connected_sockets();
  auto ours = co_await skein::open_connection(std::move(sockets.ours));
  auto theirs = co_await skein::open_connection(std::move(sockets.theirs));
  co_await ours.writer.write("over a pair");
  ours.writer.write_eof();
  REQUIRE(co_await theirs.reader.read() == "over a pair");
  REQUIRE_FALSE(ours.writer.get_extra_info("peername").has_value());
}

SKEIN_TEST_CASE("open_connection: cancelled while it connects, it leaves nothing behind (E2, T1)",
                "[io][connect]") {
  // A full backlog: the system answers no further connect.
  skein::owned_socket listening{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  REQUIRE(::bind(listening.fileno(), reinterpret_cast<sockaddr*>(&at), sizeof at) == 0);
  REQUIRE(::listen(listening.fileno(), 0) == 0);
  socklen_t length = sizeof at;
  ::getsockname(listening.fileno(), reinterpret_cast<sockaddr*>(&at), &length);
  std::uint16_t const port = ntohs(at.sin_port);
  std::vector<skein::connection> accepted_by_the_system;
  auto connecting = skein::create_task(skein::open_connection("127.0.0.1", port));
  for (;;) {
    co_await all_tasks_blocked();
    if (!connecting.done()) {
      break;
    }
    accepted_by_the_system.push_back(co_await std::move(connecting));
    connecting = skein::create_task(skein::open_connection("127.0.0.1", port));
  }
  std::size_t const before = open_descriptors();
  connecting.cancel();
  REQUIRE_THROWS_AS(co_await connecting, skein::cancelled_error);
  REQUIRE(open_descriptors() == before - 1);
}
