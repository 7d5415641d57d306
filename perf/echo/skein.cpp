// SPDX-License-Identifier: Apache-2.0
// skein.cpp: echo on skein: a TCP server on a free port of 127.0.0.1 that ends when all clients have left.
#include "../runtimes/skein.hpp"

#include <atomic>
#include <cstddef>
#include <utility>

namespace perf {
namespace {

struct clients {
  std::atomic<unsigned> connected;
  std::atomic<std::uint64_t> bytes{0};
  skein::event all_left{};
};

auto serve(clients& c, skein::stream_reader reader, skein::stream_writer writer) -> skein::coro<void> {
  std::uint64_t bytes = 0;
  for (;;) {
    auto const message = co_await reader.read(4096);
    if (message.empty()) {
      break;
    }
    co_await writer.write(message);
    bytes += message.size();
  }
  writer.close();
  co_await writer.wait_closed();
  c.bytes.fetch_add(bytes, std::memory_order_relaxed);
  if (c.connected.fetch_sub(1, std::memory_order_acq_rel) == 1) {
    c.all_left.set();
  }
}

/// The answer is the number of bytes sent back.
auto work(request const& r, result& out) -> skein::coro<void> {
  clients c{.connected = r.connections};
  auto const handler = [&c](skein::stream_reader reader, skein::stream_writer writer) {
    return serve(c, std::move(reader), std::move(writer));
  };
  auto server = co_await skein::start_server(handler, "127.0.0.1", 0);
  announce_port(skein::endpoint_of(server.sockets().front()).port());
  co_await c.all_left.wait();
  server.close();
  co_await server.wait_closed();
  out.answer = c.bytes.load(std::memory_order_relaxed);
}

workload const scenario{"echo", [](request const& r) { return on_skein(r, work); }};

}  // namespace
}  // namespace perf
