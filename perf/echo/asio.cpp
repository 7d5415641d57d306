// SPDX-License-Identifier: Apache-2.0
// asio.cpp: echo on Asio: a coroutine for each connection; ends when all clients have left.
#include "../runtimes/asio.hpp"

#include <asio/buffer.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/write.hpp>

#include <array>
#include <numeric>

namespace perf {
namespace {

using tcp = asio::ip::tcp;
using socket_type = asio::basic_stream_socket<tcp, executor>;
using acceptor_type = asio::basic_socket_acceptor<tcp, executor>;

/// Returns     The number of bytes sent back.
coro<std::uint64_t> serve(socket_type connection) {
  std::array<char, 4096> buffer;
  std::uint64_t bytes = 0;
  for (;;) {
    asio::error_code error;
    std::size_t const n =
        co_await connection.async_read_some(asio::buffer(buffer), asio::redirect_error(use_coro, error));
    if (error) {
      co_return bytes;  // the client has left
    }
    co_await asio::async_write(connection, asio::buffer(buffer, n), use_coro);
    bytes += n;
  }
}

coro<void> work(request const& r, result& out) {
  auto const where = co_await asio::this_coro::executor;
  acceptor_type acceptor{where, {asio::ip::address_v4::loopback(), 0}};
  announce_port(acceptor.local_endpoint().port());
  std::vector<std::uint64_t> bytes(r.connections);
  join_counter all_left{where, r.connections};
  for (auto& sent : bytes) {
    spawn_into(where, serve(co_await acceptor.async_accept(use_coro)), sent, all_left);
  }
  co_await all_left.wait();
  out.answer = std::accumulate(bytes.begin(), bytes.end(), std::uint64_t{0});
}

workload const scenario{"echo", [](request const& r) { return on_asio(r, work); }};

}  // namespace
}  // namespace perf
