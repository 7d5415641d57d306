// SPDX-License-Identifier: Apache-2.0
// takeover_test.cpp: sockets of a loop that a step holds up are served by its neighbours.
#include <io/support.hpp>

#include <core/stall_support.hpp>

#include <skein/core/create_task.hpp>

#include <atomic>
#include <utility>

using namespace std::chrono_literals;
using skein_test::compute_until;

namespace {

skein::run_options with_takeover() { return {.workers = 3, .stall_report = 0ms, .stall_takeover = 10ms}; }

/// A task that stays on the loop it is made on.
template <class F>
skein::task<void> pinned(F f) {
  return skein::create_task({.pin = &skein::get_running_loop()}, std::move(f));
}

/// A plain socket; the connection is made by the system, without the server's doing.
skein::owned_socket connected_to(std::uint16_t port) {
  skein::owned_socket client{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_port = htons(port);
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  REQUIRE(::connect(client.fileno(), reinterpret_cast<sockaddr*>(&at), sizeof at) == 0);
  return client;
}

}  // namespace

TEST_CASE("takeover: a stream of a loop that is held up is read in time", "[io][stall]") {
  bool read_meanwhile = false;
  skein::run(
      [&]() -> skein::coro<void> {
        auto pair = skein_test::connected_sockets();
        std::atomic<bool> waits{false};
        std::atomic<bool> got{false};
        auto reading = skein::create_task({.eager_start = true}, [&]() -> skein::coro<void> {
          auto connection = co_await skein::open_connection(std::move(pair.ours));
          waits.store(true);
          got.store(co_await connection.reader.readexactly(5) == "hello");
        });
        REQUIRE(waits.load());  // it has begun on this loop
        skein_test::send_all(pair.theirs, "hello");
        read_meanwhile = compute_until([&] { return got.load(); });
        co_await reading;
      },
      with_takeover());
  REQUIRE(read_meanwhile);
}

TEST_CASE("takeover: a server of a loop that is held up accepts and answers", "[io][stall]") {
  bool answered = false;
  skein::run(
      [&]() -> skein::coro<void> {
        co_await pinned([&]() -> skein::coro<void> {
          auto server = co_await skein::start_server(
              [](skein::stream_reader reader, skein::stream_writer writer) -> skein::coro<void> {
                co_await writer.write(co_await reader.readexactly(5));
                writer.close();
              },
              "127.0.0.1", 0);
          auto const client = connected_to(skein_test::port_of(server));
          skein_test::send_all(client, "hello");
          std::string answer(5, '\0');
          answered = compute_until([&] {
            return ::recv(client.fileno(), answer.data(), answer.size(), MSG_DONTWAIT | MSG_PEEK) == 5;
          });
          server.close();
          co_await server.wait_closed();
        });
      },
      with_takeover());
  REQUIRE(answered);
}
