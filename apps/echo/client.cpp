// SPDX-License-Identifier: Apache-2.0
// client.cpp: sends lines to an echo server and prints what comes back.
#include <skein/skein.hpp>

#include <fmt/core.h>
#include <CLI/CLI.hpp>

#include <cstdint>
#include <cstdio>
#include <exception>
#include <iostream>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace {

struct options {
  std::string host = "127.0.0.1";
  std::uint16_t port = 8888;
  std::vector<std::string> lines;
};

/// Returns     The next line of standard input, which blocks: called on a thread of the pool.
std::optional<std::string> next_input() {
  std::string line;
  return std::getline(std::cin, line) ? std::optional{std::move(line)} : std::nullopt;
}

skein::coro<> exchange(skein::connection& c, std::string line) {
  co_await c.writer.write(line + "\n");
  fmt::print("{}", co_await c.reader.readline());
  std::fflush(stdout);
}

skein::coro<> run_client(options o) {
  auto c = co_await skein::open_connection(o.host, o.port);
  for (std::string const& line : o.lines) {
    co_await exchange(c, line);
  }
  if (o.lines.empty()) {
    while (auto line = co_await skein::to_thread(next_input)) {
      co_await exchange(c, std::move(*line));
    }
  }
  c.writer.close();
  co_await c.writer.wait_closed();
}

}  // namespace

int main(int argc, char** argv) {
  options o;
  CLI::App app{"Sends lines to an echo server and prints what comes back."};
  app.add_option("--host", o.host, "the server's address or name")->capture_default_str();
  app.add_option("--port", o.port, "the server's port")->capture_default_str();
  app.add_option("lines", o.lines, "what to send; without any, the lines of standard input");
  CLI11_PARSE(app, argc, argv);
  try {
    skein::run(run_client(o), {.workers = 1});
  } catch (std::exception const& error) {
    fmt::print(stderr, "echo-client: {}\n", error.what());
    return 1;
  }
  return 0;
}
