// SPDX-License-Identifier: Apache-2.0
// server.hpp: listening for connections and handling each in a task of its own.
#pragma once

#include <skein/io/connect.hpp>

#include <skein/core/create_task.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace skein {

/// How to listen.
struct server_options {
  /// Bytes; at least 1. See `default_stream_limit`.
  std::size_t limit = default_stream_limit;
  /// False: the server listens when start_serving or serve_forever is called.
  bool start_serving = true;
  /// Connections that the system keeps until they are accepted.
  int backlog = 100;
  address_family family = address_family::any;
  /// Lets several sockets listen on one port; the system spreads the connections over them.
  bool reuse_port = false;
  /// Connections at once; further ones wait in the backlog. 0: no limit.
  std::size_t max_connections = 0;
};

namespace detail {

class server_state;

/// What a server calls for each connection.
class connection_handler {
 public:
  connection_handler() = default;
  connection_handler(connection_handler const&) = delete;
  connection_handler& operator=(connection_handler const&) = delete;
  virtual ~connection_handler() = default;
  [[nodiscard]] virtual coro<void> serve(stream_reader reader, stream_writer writer) = 0;
};

template <class Handler>
class handler_of final : public connection_handler {
 public:
  explicit handler_of(Handler&& h) : handler_{std::move(h)} {}

  [[nodiscard]] coro<void> serve(stream_reader reader, stream_writer writer) override {
    using result = std::invoke_result_t<Handler&, stream_reader, stream_writer>;
    if constexpr (awaitable<result>) {
      auto call = std::invoke(handler_, std::move(reader), std::move(writer));
      co_await std::move(call);
    } else {
      std::invoke(handler_, std::move(reader), std::move(writer));
      co_return;
    }
  }

 private:
  Handler handler_;
};

}  // namespace detail

/// Sockets that accept connections.
///
/// Threads     All functions: any thread; what waits, a task of any loop.
/// Lifetime    Destroyed, it closes, and debug mode says so; connections that were accepted live on.
/// Source      asyncio.Server.
class server {
 public:
  server(server&&) noexcept;
  server& operator=(server&&) noexcept;
  server(server const&) = delete;
  server& operator=(server const&) = delete;
  ~server();

  [[nodiscard]] bool is_serving() const;
  /// Begins to accept connections; harmless when it does.
  ///
  /// Throws      `std::runtime_error` when closed; `std::system_error`.
  /// Cancelling  Does not wait.
  [[nodiscard]] coro<void> start_serving();
  /// Accepts connections until close, which makes it throw `cancelled_error`.
  ///
  /// Throws      `std::runtime_error` when closed, or while another task is in it.
  /// Cancelling  Closes the server and waits for its connections to end; then throws.
  [[nodiscard]] coro<void> serve_forever();
  /// Accepts no more connections; those that exist go on.
  void close();
  /// Closes the connections that exist, each when all is sent.
  void close_clients();
  /// Closes the connections that exist at once.
  void abort_clients();
  /// Waits until the server is closed, its connections have ended, and so has every call of its handler: what
  /// the handler refers to may go then. A handler that awaits it waits for itself.
  ///
  /// Cancelling  Nothing is lost.
  /// Source      asyncio.Server.wait_closed; differs: waits for the handlers too.
  [[nodiscard]] coro<void> wait_closed();
  /// Returns     The listening sockets; none after close, which must not happen while this is looked at.
  [[nodiscard]] std::vector<owned_socket> const& sockets() const;

  /// For skein itself.
  explicit server(std::shared_ptr<detail::server_state> state) noexcept;

 private:
  void drop() noexcept;

  std::shared_ptr<detail::server_state> state_;
};

namespace detail {

[[nodiscard]] coro<server> listen_on(std::shared_ptr<connection_handler> handler, std::string host,
                                     std::uint16_t port, server_options options);

template <class Handler>
concept handles_connections = std::invocable<Handler&, stream_reader, stream_writer>;

}  // namespace detail

/// Listens on a host and port and calls `handler(reader, writer)` for each connection, in a task of its own
/// on any loop of the runtime. The handler may be a coroutine function or a plain function.
///
/// `host`      A name or an address; every address of the machine when empty.
/// `port`      0: the system chooses one; ask `sockets()`.
///
/// Returns     The server, which closes when it is destroyed.
/// Throws      `std::system_error` when an address cannot be bound, with its text: `address_in_use`;
///             `std::invalid_argument` for a limit of 0 or a negative backlog.
/// Cancelling  At any moment; no descriptor is left behind.
/// Lifetime    The handler is kept until its last call has ended. What a call throws goes to the exception
///             handler, and its connection is closed.
/// Source      asyncio.start_server.
template <class Handler>
  requires detail::handles_connections<Handler>
[[nodiscard]] coro<server> start_server(Handler handler, std::string host, std::uint16_t port) {
  return detail::listen_on(std::make_shared<detail::handler_of<Handler>>(std::move(handler)), std::move(host),
                           port, {});
}
template <class Handler>
  requires detail::handles_connections<Handler>
[[nodiscard]] coro<server> start_server(Handler handler, std::string host, std::uint16_t port,
                                        server_options options) {
  return detail::listen_on(std::make_shared<detail::handler_of<Handler>>(std::move(handler)), std::move(host),
                           port, options);
}

}  // namespace skein
