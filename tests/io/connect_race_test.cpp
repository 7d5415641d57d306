// SPDX-License-Identifier: Apache-2.0
// connect_race_test.cpp: the order in which addresses are tried, who wins, and that losers are closed.
#include <io/support.hpp>

#include <connect_race.hpp>

#include <skein/core/sleep.hpp>

#include <arpa/inet.h>
#include <netinet/in.h>

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

using namespace std::chrono_literals;
using skein::detail::address;
using skein_test::connected_sockets;
using skein_test::port_of;

namespace {

using words = std::vector<std::string>;
using made_stream = skein::coro<std::shared_ptr<skein::detail::stream>>;

address v4(std::uint16_t port) {
  sockaddr_in raw{};
  raw.sin_family = AF_INET;
  raw.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  raw.sin_port = htons(port);
  return *address::from(reinterpret_cast<sockaddr const*>(&raw));
}

address v6(std::uint16_t port) {
  sockaddr_in6 raw{};
  raw.sin6_family = AF_INET6;
  raw.sin6_addr = in6addr_loopback;
  raw.sin6_port = htons(port);
  return *address::from(reinterpret_cast<sockaddr const*>(&raw));
}

std::vector<address> four() { return {v6(1), v6(2), v4(1), v4(2)}; }

words texts_of(std::vector<address> const& addresses) {
  words texts;
  for (address const& a : addresses) {
    texts.push_back(a.to_endpoint().repr());
  }
  return texts;
}

/// A connector without a network: what it does depends on the port.
class scripted {
 public:
  /// 1: refuses. 2: answers. 3: never does anything, with a socket open.
  made_stream operator()(address const& to) {
    {
      std::lock_guard const guard{mutex_};
      tried_.push_back(to.to_endpoint().repr());
    }
    if (to.port() == 1) {
      throw std::system_error{ECONNREFUSED, std::generic_category(), to.to_endpoint().repr()};
    }
    auto pair = connected_sockets();
    auto made = std::make_shared<skein::detail::stream>(std::move(pair.ours), 16, std::optional<address>{to},
                                                        nullptr);
    {
      std::lock_guard const guard{mutex_};
      (to.port() == 2 ? of_the_winner_ : of_losers_).push_back(std::move(pair.theirs));
    }
    if (to.port() != 2) {
      co_await skein::sleep(1000h);
    }
    co_return made;
  }
  [[nodiscard]] words tried() {
    std::lock_guard const guard{mutex_};
    return tried_;
  }
  [[nodiscard]] skein::owned_socket const& peer() const { return of_the_winner_.at(0); }
  /// How many sockets of losers were closed.
  [[nodiscard]] int closed() const {
    int count = 0;
    char byte = 0;
    for (skein::owned_socket const& loser : of_losers_) {
      count += ::recv(loser.fileno(), &byte, 1, MSG_DONTWAIT) == 0 ? 1 : 0;
    }
    return count;
  }

 private:
  std::mutex mutex_;
  // The other ends; all guarded by mutex_.
  words tried_;
  std::vector<skein::owned_socket> of_the_winner_;
  std::vector<skein::owned_socket> of_losers_;
};

}  // namespace

TEST_CASE("interleaved: the families take turns, after a head of the first one (STAG-008)", "[io][connect]") {
  using skein::detail::interleaved;
  REQUIRE(texts_of(interleaved(four(), 1)) == words{"[::1]:1", "127.0.0.1:1", "[::1]:2", "127.0.0.1:2"});
  REQUIRE(texts_of(interleaved(four(), 2)) == words{"[::1]:1", "[::1]:2", "127.0.0.1:1", "127.0.0.1:2"});
  REQUIRE(texts_of(interleaved({v4(1), v4(2), v6(1)}, 1)) == words{"127.0.0.1:1", "[::1]:1", "127.0.0.1:2"});
  REQUIRE(texts_of(interleaved({v4(1), v6(1)}, 9)) == words{"127.0.0.1:1", "[::1]:1"});
  REQUIRE(interleaved({}, 1).empty());
}

SKEIN_TEST_CASE(
    "open_connection: when all addresses fail the error has the texts of all, in order (STAG-008)",
    "[io][connect]") {
  for (std::optional<skein::delay> const head_start :
       std::vector<std::optional<skein::delay>>{std::nullopt, skein::delay{1000h}}) {
    scripted network;
    std::vector<address> const all{v6(1), v4(1)};
    std::string text;
    std::error_code code;
    try {
      co_await skein::detail::connect_to_one_of(all, head_start, std::ref(network));
    } catch (std::system_error const& error) {
      text = error.what();
      code = error.code();
    }
    REQUIRE(code == std::errc::connection_refused);
    REQUIRE(text.find("Multiple exceptions: [::1]:1") == 0);
    REQUIRE(text.find(", 127.0.0.1:1") != std::string::npos);
    REQUIRE(network.tried() == words{"[::1]:1", "127.0.0.1:1"});
  }
}

SKEIN_TEST_CASE("open_connection: a slow address loses to the next one, and its socket is closed (STAG-008)",
                "[io][connect]") {
  scripted network;
  std::vector<address> const all{v6(3), v6(1), v4(3), v4(2)};
  auto winner = co_await skein::detail::connect_to_one_of(skein::detail::interleaved(all, 1),
                                                          skein::delay{1ms}, std::ref(network));
  REQUIRE(network.tried() == words{"[::1]:3", "127.0.0.1:3", "[::1]:1", "127.0.0.1:2"});
  REQUIRE(::send(network.peer().fileno(), "x", 1, MSG_NOSIGNAL) == 1);
  REQUIRE(co_await winner->fetch());
  REQUIRE(winner->input.size() == 1);
  REQUIRE(network.closed() == 2);
}

SKEIN_TEST_CASE("open_connection: with a head start it connects to a real server too (STAG-008)",
                "[io][connect]") {
  auto const greets = [](skein::stream_reader, skein::stream_writer writer) -> skein::coro<> {
    co_await writer.write("hello\n");
  };
  auto server = co_await skein::start_server(greets, "", 0);  // on both families
  skein::connect_options const options{.happy_eyeballs_delay = skein::delay{1h}, .interleave = 1};
  auto [reader, writer] = co_await skein::open_connection("localhost", port_of(server), options);
  auto const line = co_await reader.readline();
  REQUIRE(line == "hello\n");
  writer.close();
  co_await writer.wait_closed();
  server.close();
  co_await server.wait_closed();
}
