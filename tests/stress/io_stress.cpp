// SPDX-License-Identifier: Apache-2.0
// io_stress.cpp: many connections on several workers, closed and cancelled at any moment, with every byte
// counted.
#include <io/support.hpp>

#include <skein/core/create_task.hpp>
#include <skein/core/gather.hpp>
#include <skein/core/sleep.hpp>

#include <atomic>
#include <chrono>
#include <random>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

using namespace std::chrono_literals;

namespace {

skein::coro<> echo(skein::stream_reader reader, skein::stream_writer writer) {
  for (;;) {
    auto const data = co_await reader.read(1000);
    if (data.empty()) {
      co_return;
    }
    co_await writer.write(data);
  }
}

/// Sends numbered lines and expects them back in order.
skein::coro<long> talk(std::uint16_t port, int lines) {
  auto [reader, writer] = co_await skein::open_connection("127.0.0.1", port);
  for (int i = 0; i < lines; ++i) {
    std::string const line = std::to_string(i) + std::string(static_cast<std::size_t>(i % 300), '.') + "\n";
    writer.write_nowait(line);
    if (i % 4 != 0) {
      continue;
    }
    co_await writer.drain();
  }
  writer.write_eof();
  long right = 0;
  for (int i = 0; i < lines; ++i) {
    auto const line = co_await reader.readline();
    right += std::stoi(line) == i ? 1 : 0;
  }
  REQUIRE((co_await reader.read()).empty());
  co_return right;
}

}  // namespace

TEST_CASE("io stress: lines of many connections come back whole and in order on every core", "[stress][io]") {
  skein::run(
      []() -> skein::coro<> {
        auto server = co_await skein::start_server(echo, "127.0.0.1", 0);
        std::vector<skein::coro<long>> clients;
        for (int i = 0; i < 64; ++i) {
          clients.push_back(talk(skein_test::port_of(server), 200));
        }
        auto const right = co_await skein::gather(std::move(clients));
        for (long const r : right) {
          REQUIRE(r == 200);
        }
        server.close();
        co_await server.wait_closed();
      },
      {.workers = 4});
}

TEST_CASE("io stress: connections that are closed, aborted and cancelled at any moment leave nothing behind",
          "[stress][io]") {
  std::size_t const before = skein_test::open_descriptors();
  skein::run(
      []() -> skein::coro<> {
        auto server = co_await skein::start_server(
            [](skein::stream_reader r, skein::stream_writer w) -> skein::coro<> {
              try {
                co_await echo(std::move(r), std::move(w));
              } catch (std::system_error const&) {  // the client has left
              }
            },
            "127.0.0.1", 0);
        auto const port = skein_test::port_of(server);
        std::mt19937 random{7};
        for (int round = 0; round < 300; ++round) {
          auto connection = co_await skein::open_connection("127.0.0.1", port);
          auto& reader = connection.reader;
          auto& writer = connection.writer;
          auto reading = skein::create_task(reader.read());
          auto writing = skein::create_task([&writer]() -> skein::coro<> {
            std::string const much(200'000, 'x');
            try {
              for (;;) {
                co_await writer.write(much);
              }
            } catch (std::system_error const&) {  // closed below
            }
          });
          for (unsigned turns = random() % 4; turns > 0; --turns) {
            co_await skein::sleep(0s);
          }
          std::thread other;
          switch (random() % 4) {
            case 0:
              reading.cancel();
              break;
            case 1:
              writing.cancel();
              break;
            case 2:
              writer.abort();
              break;
            default:
              other = std::thread{[&writer] { writer.abort(); }};
              break;
          }
          writer.abort();
          try {
            co_await reading;
          } catch (skein::cancelled_error const&) {
            REQUIRE(reading.cancelled());
          } catch (std::system_error const&) {
            REQUIRE(writer.is_closing());
          }
          try {
            co_await writing;
          } catch (skein::cancelled_error const&) {
            REQUIRE(writing.cancelled());
          }
          if (other.joinable()) {
            other.join();
          }
        }
        server.close();
        server.abort_clients();
        co_await server.wait_closed();
      },
      {.workers = 4});
  REQUIRE(skein_test::open_descriptors() == before);
}

TEST_CASE("io stress: a message is passed around a ring of connections between loops", "[stress][io]") {
  skein::run(
      []() -> skein::coro<> {
        constexpr std::size_t stations = 16;
        constexpr int rounds = 100;
        std::vector<skein::connection> left;
        std::vector<skein::connection> right;
        for (std::size_t i = 0; i < stations; ++i) {
          auto pair = skein_test::connected_sockets();
          left.push_back(co_await skein::open_connection(std::move(pair.ours)));
          right.push_back(co_await skein::open_connection(std::move(pair.theirs)));
        }
        std::vector<skein::task<>> tasks;
        for (std::size_t i = 0; i < stations; ++i) {
          tasks.push_back(skein::create_task([&, i]() -> skein::coro<> {
            for (int r = 0; r < rounds; ++r) {
              auto const message = co_await right[i].reader.readline();
              co_await left[(i + 1) % stations].writer.write(std::to_string(std::stol(message) + 1) + "\n");
            }
          }));
        }
        co_await left[0].writer.write("0\n");
        for (auto const& task : tasks) {
          co_await task;
        }
        REQUIRE(co_await right[0].reader.readline() == std::to_string(stations * rounds) + "\n");
      },
      {.workers = 4});
}
