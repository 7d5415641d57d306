// SPDX-License-Identifier: Apache-2.0
// server.cpp: a TCP server that sends back what it receives.
#include <skein/skein.hpp>

#include <fmt/core.h>
#include <CLI/CLI.hpp>

#include <atomic>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <string>

namespace {

struct options {
  std::string host = "127.0.0.1";
  std::uint16_t port = 8888;
  unsigned workers = 0;
  unsigned clients = 0;
};

class echo {
 public:
  explicit echo(unsigned clients) : clients_{clients} {}

  skein::coro<> serve(skein::stream_reader reader, skein::stream_writer writer) {
    try {
      for (;;) {
        auto const data = co_await reader.read(64 * 1024);
        if (data.empty()) {
          break;
        }
        co_await writer.write(data);
      }
      writer.close();
      co_await writer.wait_closed();
    } catch (std::system_error const& error) {
      fmt::print(stderr, "echo-server: a client was lost: {}\n", error.what());
    }
    if (clients_ != 0 && left_.fetch_add(1, std::memory_order_relaxed) + 1 == clients_) {
      all_left_.set();
    }
  }

  auto all_left() { return all_left_.wait(); }

 private:
  unsigned const clients_;
  std::atomic<unsigned> left_{0};
  skein::event all_left_;
};

skein::coro<> run_server(options o) {
  echo service{o.clients};
  skein::server_options many{.backlog = 1024};
  auto server = co_await skein::start_server(
      [&service](skein::stream_reader reader, skein::stream_writer writer) {
        return service.serve(std::move(reader), std::move(writer));
      },
      o.host, o.port, many);
  fmt::print("listening on {}:{}\n", o.host, skein::endpoint_of(server.sockets().front()).port());
  std::fflush(stdout);
  co_await service.all_left();
  server.close();
  co_await server.wait_closed();
}

}  // namespace

int main(int argc, char** argv) {
  options o;
  CLI::App app{"A TCP server that sends back what it receives."};
  app.add_option("--host", o.host, "address to listen on")->capture_default_str();
  app.add_option("--port", o.port, "port; 0: a free one, which is printed")->capture_default_str();
  app.add_option("--workers", o.workers, "threads; 0: one for each core")->capture_default_str();
  app.add_option("--clients", o.clients, "end after so many clients have left; 0: never")
      ->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  try {
    skein::run(run_server(o), {.workers = o.workers});
  } catch (std::exception const& error) {
    fmt::print(stderr, "echo-server: {}\n", error.what());
    return 1;
  }
  return 0;
}
