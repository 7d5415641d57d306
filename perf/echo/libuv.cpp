// SPDX-License-Identifier: Apache-2.0
// libuv.cpp: echo on libuv: callbacks, one buffer for all connections, a write request only when a socket is
// full; ends when all clients have left.
#include "../runtimes/libuv.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <array>
#include <cstddef>
#include <memory>
#include <utility>

namespace perf {
namespace {

class server {
 public:
  server(uv_loop_t& loop, request const& r, result& out) : loop_{loop}, left_{r.connections}, out_{out} {
    check_uv("uv_tcp_init", ::uv_tcp_init(&loop, &listener_));
    listener_.data = this;
    sockaddr_in address{};
    check_uv("uv_ip4_addr", ::uv_ip4_addr("127.0.0.1", 0, &address));
    check_uv("uv_tcp_bind", ::uv_tcp_bind(&listener_, reinterpret_cast<sockaddr*>(&address), 0));
    check_uv("uv_listen", ::uv_listen(as_stream(listener_), 128, &on_client));
    int size = sizeof address;
    check_uv("uv_tcp_getsockname",
             ::uv_tcp_getsockname(&listener_, reinterpret_cast<sockaddr*>(&address), &size));
    announce_port(ntohs(address.sin_port));
  }

 private:
  /// The rest of a message that the socket did not take at once.
  struct unsent {
    uv_write_t request{};
    std::vector<char> bytes;
  };

  static uv_stream_t* as_stream(uv_tcp_t& handle) { return reinterpret_cast<uv_stream_t*>(&handle); }

  static void on_client(uv_stream_t* listener, int status) {
    check_uv("uv_listen", status);
    auto& self = *static_cast<server*>(listener->data);
    auto connection = std::make_unique<uv_tcp_t>();
    check_uv("uv_tcp_init", ::uv_tcp_init(&self.loop_, connection.get()));
    connection->data = &self;
    uv_stream_t* const stream = as_stream(*connection.release());  // on_close deletes it
    check_uv("uv_accept", ::uv_accept(listener, stream));
    check_uv("uv_read_start", ::uv_read_start(stream, &on_buffer, &on_read));
  }

  static void on_buffer(uv_handle_t* connection, std::size_t, uv_buf_t* to) {
    auto& buffer = static_cast<server*>(connection->data)->buffer_;
    *to = ::uv_buf_init(buffer.data(), static_cast<unsigned>(buffer.size()));
  }

  static void on_read(uv_stream_t* connection, ssize_t count, uv_buf_t const* message) {
    if (count < 0) {
      ::uv_close(reinterpret_cast<uv_handle_t*>(connection), &on_close);
    } else if (count > 0) {
      static_cast<server*>(connection->data)->out_.answer += static_cast<std::uint64_t>(count);
      send(connection, message->base, static_cast<std::size_t>(count));
    }
  }

  static void send(uv_stream_t* connection, char* bytes, std::size_t count) {
    uv_buf_t whole = ::uv_buf_init(bytes, static_cast<unsigned>(count));
    int const sent = ::uv_try_write(connection, &whole, 1);
    if (sent != UV_EAGAIN) {
      check_uv("uv_try_write", sent);
    }
    auto const done = static_cast<std::size_t>(sent < 0 ? 0 : sent);
    if (done == count) {
      return;
    }
    auto rest = std::make_unique<unsent>();
    rest->bytes.assign(bytes + done, bytes + count);
    rest->request.data = rest.get();
    uv_buf_t piece = ::uv_buf_init(rest->bytes.data(), static_cast<unsigned>(rest->bytes.size()));
    check_uv("uv_write", ::uv_write(&rest.release()->request, connection, &piece, 1, &on_written));
  }

  static void on_written(uv_write_t* request, int status) {
    std::unique_ptr<unsent> const done{static_cast<unsent*>(request->data)};
    check_uv("uv_write", status);
  }

  static void on_close(uv_handle_t* connection) {
    auto& self = *static_cast<server*>(connection->data);
    delete reinterpret_cast<uv_tcp_t*>(connection);
    if (--self.left_ == 0) {
      ::uv_close(reinterpret_cast<uv_handle_t*>(&self.listener_), nullptr);
    }
  }

  uv_loop_t& loop_;
  unsigned left_;
  result& out_;
  uv_tcp_t listener_{};
  std::array<char, 65536> buffer_{};
};

workload const scenario{"echo", [](request const& r) {
                          std::unique_ptr<server> running;  // outlives the loop's last callback
                          return on_libuv(r, [&](uv_loop_t& loop, request const& asked, result& out) {
                            running = std::make_unique<server>(loop, asked, out);
                          });
                        }};

}  // namespace
}  // namespace perf
