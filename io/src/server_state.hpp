// SPDX-License-Identifier: Apache-2.0
// server_state.hpp: a server: its listening sockets, its connections, and who waits for its end.
//
// Threads    Any; a connection is accepted by the loop that made the server, inside its driver's poll, and
//            handled by a task that any loop may take.
// Lifetime   Shared by the public handle, the tasks of its connections, and the watch table while it listens.
//
// Invariants (guarded by mutex_)
//   I1  clients_ are the streams that were accepted and did not end.
//   I2  connections_ counts them and the connections whose task did not make its stream yet; calls_ the
//   tasks.
#pragma once

#include "address.hpp"
#include "descriptor.hpp"
#include "state_wait.hpp"
#include "stream.hpp"

#include <skein/io/server.hpp>

#include <skein/core/event_loop.hpp>
#include <skein/core/lowlevel/unclosed.hpp>

#include <cstddef>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

namespace skein::detail {

class listener;

class server_state final : public stream_owner, public std::enable_shared_from_this<server_state> {
 public:
  server_state(std::shared_ptr<connection_handler> handler, server_options const& options);
  ~server_state() override;

  /// Binds a socket for each address. A port of 0 is chosen by the first one for all.
  ///
  /// Throws      `std::system_error` with the address in its text.
  void bind(std::vector<address> addresses);

  lowlevel::made_at made;  // where it was made, in debug mode; written before it is handed out

  [[nodiscard]] bool serving() const noexcept;
  [[nodiscard]] bool closed() const noexcept;
  /// Throws      `std::runtime_error` when closed; `std::system_error`.
  void start();
  [[nodiscard]] static coro<void> serve_forever(std::shared_ptr<server_state> self);
  void close() noexcept;
  void end_clients(void (stream::*how)() noexcept) noexcept;
  [[nodiscard]] static coro<void> wait_closed(std::shared_ptr<server_state> self);
  [[nodiscard]] std::vector<owned_socket> const& sockets() const noexcept { return sockets_; }

  /// A listening socket may have a connection: accepts what there is. The server's loop.
  void accept_from(listener& l) noexcept;
  void stream_ended(stream& s) noexcept override;

 private:
  friend class listener;
  using guard = std::unique_lock<std::mutex>;

  /// Counts a connection until its stream does, and the call of its handler.
  class ticket;
  [[nodiscard]] static coro<void> serve_client(ticket call, owned_socket socket, std::optional<address> peer);
  void client_begins(owned_socket socket, std::optional<address> peer) noexcept;
  void count_down(std::size_t connections, std::size_t calls) noexcept;
  void report_error(std::string message, std::exception_ptr error) const noexcept;
  void pause_after_failure(int error) noexcept;
  void watch_again() noexcept;
  [[nodiscard]] bool full() const noexcept;   // with mutex_ held
  [[nodiscard]] bool ended() const noexcept;  // with mutex_ held

  // Constant after construction.
  std::shared_ptr<connection_handler> const handler_;
  server_options const options_;
  event_loop& loop_;
  // Changed by bind and close.
  std::vector<owned_socket> sockets_;
  // Any thread.
  mutable std::mutex mutex_;
  std::vector<std::shared_ptr<listener>> listeners_;
  std::unordered_map<stream*, std::weak_ptr<stream>> clients_;
  std::size_t connections_ = 0;
  std::size_t calls_ = 0;
  bool serving_ = false;
  bool closed_ = false;
  bool in_forever_ = false;
  wait_line forever_{mutex_};      // until closed
  wait_line wait_closed_{mutex_};  // until closed, without connections and calls
};

/// One listening socket, a copy of the descriptor in `sockets()`.
class listener final : public readiness_handler, public std::enable_shared_from_this<listener> {
 public:
  listener(std::weak_ptr<server_state> server, owned_socket socket);
  void on_ready() noexcept override;
  /// Asks to be told of the next connection.
  void watch() noexcept;
  void pause() noexcept;
  void resume() noexcept;
  void close() noexcept { socket_.close(); }

  /// Returns     The socket, its number or -1 and errno.
  [[nodiscard]] owned_socket accept(std::optional<address>& peer) noexcept;

 private:
  std::weak_ptr<server_state> server_;
  descriptor socket_;
};

}  // namespace skein::detail
