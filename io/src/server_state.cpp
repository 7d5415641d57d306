// SPDX-License-Identifier: Apache-2.0
// server_state.cpp: binding, accepting, handling, and the end of a server.
#include "server_state.hpp"

#include <skein/core/report.hpp>

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <cerrno>
#include <chrono>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace skein::detail {
namespace {

constexpr int accepts_in_a_row = 64;            // then others get their events; asked again at once
constexpr std::chrono::seconds retry_delay{1};  // after a failure to accept, as asyncio

constinit lowlevel::work_ops const forever_ops = state_wait::ops("server.serve_forever");
constinit lowlevel::work_ops const wait_closed_ops = state_wait::ops("server.wait_closed");

[[noreturn]] void fail(int error, std::string const& what) {
  throw std::system_error{error, std::generic_category(), what};
}

void set_option(owned_socket const& socket, int level, int option) {
  int const on = 1;
  if (::setsockopt(socket.fileno(), level, option, &on, sizeof on) != 0) {
    fail(errno, "setsockopt");
  }
}

owned_socket bound_socket(address const& at, bool reuse_port) {
  owned_socket socket{::socket(at.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP)};
  if (!socket) {
    fail(errno, "socket");
  }
  set_option(socket, SOL_SOCKET, SO_REUSEADDR);
  if (reuse_port) {
    set_option(socket, SOL_SOCKET, SO_REUSEPORT);
  }
  if (at.family() == AF_INET6) {
    set_option(socket, IPPROTO_IPV6, IPV6_V6ONLY);  // the IPv4 addresses have a socket of their own
  }
  if (::bind(socket.fileno(), at.raw(), at.size()) != 0) {
    fail(errno, fmt::format("error while attempting to bind on address {}", at.to_endpoint().repr()));
  }
  return socket;
}

}  // namespace

// ---- a listening socket ----------------------------------------------------------------------------------

listener::listener(std::weak_ptr<server_state> server, owned_socket socket)
    : server_{std::move(server)}, socket_{std::move(socket), EPOLLIN} {}

void listener::on_ready() noexcept {
  auto const server = server_.lock();
  if (server != nullptr && !socket_.closed()) {  // closed: told by who closes it, perhaps with the mutex held
    server->accept_from(*this);
  }
}

// Level-triggered: what is there by now is told again.
void listener::watch() noexcept {
  socket_.spent(side::read, socket_.look(side::read));
  if (socket_.watch(side::read, shared_from_this()) == watching::ready) {
    watch();
  }
}

void listener::pause() noexcept { socket_.change(0); }

void listener::resume() noexcept {
  socket_.change(EPOLLIN);
  watch();
}

owned_socket listener::accept(std::optional<address>& peer) noexcept {
  descriptor::use const open{socket_};
  if (!open) {
    errno = EAGAIN;
    return {};
  }
  sockaddr_storage storage{};
  socklen_t length = sizeof storage;
  auto* const raw = reinterpret_cast<sockaddr*>(&storage);
  owned_socket accepted{::accept4(open.fd(), raw, &length, SOCK_NONBLOCK | SOCK_CLOEXEC)};
  if (accepted) {
    peer = address::from(raw);
  }
  return accepted;
}

// ---- beginning -------------------------------------------------------------------------------------------

server_state::server_state(std::shared_ptr<connection_handler> handler, server_options const& options)
    : handler_{std::move(handler)}, options_{options}, loop_{get_running_loop()} {}

server_state::~server_state() = default;

void server_state::bind(std::vector<address> addresses) {
  for (address at : addresses) {
    if (at.port() == 0 && !sockets_.empty()) {
      if (auto const first = address::of_socket(sockets_.front().fileno())) {
        at.set_port(first->port());
      }
    }
    try {
      sockets_.push_back(bound_socket(at, options_.reuse_port));
    } catch (std::system_error const& error) {
      bool const no_such_family = error.code() == std::errc::address_family_not_supported ||
                                  error.code() == std::errc::address_not_available;
      if (!no_such_family || addresses.size() == 1) {
        throw;  // else a machine without IPv6
      }
    }
  }
  if (sockets_.empty()) {
    fail(EADDRNOTAVAIL, "could not bind on any address of the host");
  }
}

bool server_state::serving() const noexcept {
  guard const held{mutex_};
  return serving_;
}

void server_state::start() {
  std::vector<std::shared_ptr<listener>> fresh;
  {
    guard const held{mutex_};
    if (closed_) {
      throw std::runtime_error{"server is closed: make a new one"};
    }
    if (serving_) {
      return;
    }
    for (owned_socket const& socket : sockets_) {
      if (::listen(socket.fileno(), options_.backlog) != 0) {
        fail(errno, "listen");
      }
      owned_socket copy{::fcntl(socket.fileno(), F_DUPFD_CLOEXEC, 0)};
      if (!copy) {
        fail(errno, "fcntl: duplicating a listening socket");
      }
      fresh.push_back(std::make_shared<listener>(weak_from_this(), std::move(copy)));
    }
    listeners_ = fresh;
    serving_ = true;
  }
  for (auto const& l : fresh) {
    l->watch();
  }
}

coro<void> server_state::serve_forever(std::shared_ptr<server_state> self) {
  {
    guard const held{self->mutex_};
    if (std::exchange(self->in_forever_, true)) {
      throw std::runtime_error{"server is already being awaited on serve_forever()"};
    }
  }
  std::exception_ptr why;
  bool cancelled = false;
  try {
    self->start();
    co_await state_operation{
        &forever_ops, &self->forever_,
        [](void const* s) noexcept { return static_cast<server_state const*>(s)->closed_; }, self.get()};
    why = std::make_exception_ptr(cancelled_error{"the server was closed"});
  } catch (cancelled_error const&) {
    why = std::current_exception();
    cancelled = true;
  } catch (...) {
    why = std::current_exception();
  }
  if (cancelled) {
    self->close();
    co_await wait_closed(self);
  }
  {
    guard const held{self->mutex_};
    self->in_forever_ = false;
  }
  std::rethrow_exception(why);
}

// ---- connections -----------------------------------------------------------------------------------------

bool server_state::full() const noexcept {
  return options_.max_connections != 0 && connections_ >= options_.max_connections;
}

void server_state::accept_from(listener& l) noexcept {
  for (int i = 0; i < accepts_in_a_row; ++i) {
    {
      guard const held{mutex_};
      if (closed_) {
        return;
      }
      if (full()) {
        l.pause();
        return;  // client_ended goes on
      }
    }
    std::optional<address> peer;
    owned_socket accepted = l.accept(peer);
    if (accepted) {
      client_begins(std::move(accepted), peer);
      continue;
    }
    switch (errno) {
      case EMFILE:
      case ENFILE:
      case ENOBUFS:
      case ENOMEM:
        l.pause();
        pause_after_failure(errno);
        return;
      case EINTR:
      case ECONNABORTED:  // the peer has left already
      case EPROTO:
      case ENETDOWN:
      case ENOPROTOOPT:
      case EHOSTDOWN:
      case ENONET:
      case EHOSTUNREACH:
      case EOPNOTSUPP:
      case ENETUNREACH:
      case EPERM:
        continue;
      default:
        i = accepts_in_a_row;  // nobody is there
    }
  }
  l.watch();
}

// The socket stays open: connections gather in its backlog.
void server_state::pause_after_failure(int error) noexcept {
  report_error("socket.accept() out of system resource: accepting goes on in a second",
               std::make_exception_ptr(std::system_error{error, std::generic_category(), "accept"}));
  try {
    loop_.call_later(retry_delay, [weak = weak_from_this()] {
      if (auto const self = weak.lock()) {
        self->watch_again();
      }
    });
  } catch (std::exception const&) {  // no memory, or the loop is closed
    watch_again();
  }
}

void server_state::watch_again() noexcept {
  guard const held{mutex_};
  for (auto const& l : listeners_) {
    l->resume();
  }
}

class server_state::ticket {
 public:
  explicit ticket(std::shared_ptr<server_state> server) noexcept : server_{std::move(server)} {
    guard const held{server_->mutex_};
    ++server_->connections_;
    ++server_->calls_;
  }
  ticket(ticket&& other) noexcept
      : server_{std::move(other.server_)}, connection_{std::exchange(other.connection_, false)} {}
  ticket(ticket const&) = delete;
  ticket& operator=(ticket const&) = delete;
  ~ticket() {
    if (server_ != nullptr) {
      server_->count_down(connection_ ? 1 : 0, 1);
    }
  }
  /// The stream counts the connection from now on: it tells its end.
  void pass_connection() noexcept { connection_ = false; }
  [[nodiscard]] std::shared_ptr<server_state> const& server() const noexcept { return server_; }

 private:
  std::shared_ptr<server_state> server_;
  bool connection_ = true;
};

void server_state::client_begins(owned_socket socket, std::optional<address> peer) noexcept {
  try {
    create_task(serve_client(ticket{shared_from_this()}, std::move(socket), peer));
  } catch (...) {
    report_error("a connection was accepted, but there is no memory to handle it: it was closed",
                 std::current_exception());
  }
}

coro<void> server_state::serve_client(ticket call, owned_socket socket, std::optional<address> peer) {
  server_state& self = *call.server();
  std::shared_ptr<stream> client;
  try {
    client = std::make_shared<stream>(std::move(socket), self.options_.limit, peer, call.server());
    call.pass_connection();
    guard const held{self.mutex_};
    self.clients_.emplace(client.get(), client);
  } catch (...) {
    self.report_error("a connection was accepted, but cannot be watched: it was closed",
                      std::current_exception());
    if (client != nullptr) {
      client->abort();
    }
    co_return;
  }
  try {
    auto handling = self.handler_->serve(stream_reader{client}, stream_writer{client});
    co_await std::move(handling);
  } catch (cancelled_error const&) {
    client->close();
    throw;
  } catch (keyboard_interrupt const&) {
    client->close();
    throw;
  } catch (system_exit const&) {
    client->close();
    throw;
  } catch (...) {
    self.report_error("Unhandled exception in client_connected_cb", std::current_exception());
    client->close();
  }
}

void server_state::stream_ended(stream& s) noexcept {
  {
    guard const held{mutex_};
    clients_.erase(&s);
  }
  count_down(1, 0);
}

void server_state::count_down(std::size_t connections, std::size_t calls) noexcept {
  guard held{mutex_};
  bool const was_full = full();
  connections_ -= connections;
  calls_ -= calls;
  if (was_full && !full()) {
    for (auto const& l : listeners_) {
      l->resume();
    }
  }
  if (ended()) {
    wait_closed_.wake_all(std::move(held));
  }
}

void server_state::report_error(std::string message, std::exception_ptr error) const noexcept {
  loop_.call_exception_handler({.message = std::move(message), .exception = std::move(error)});
}

bool server_state::closed() const noexcept {
  guard const held{mutex_};
  return closed_;
}

// ---- the end ---------------------------------------------------------------------------------------------

void server_state::close() noexcept {
  std::vector<std::shared_ptr<listener>> listeners;
  {
    guard held{mutex_};
    if (std::exchange(closed_, true)) {
      return;
    }
    serving_ = false;
    listeners.swap(listeners_);
    sockets_.clear();
    forever_.wake_all(std::move(held));
  }
  for (auto const& l : listeners) {
    l->close();
  }
  guard held{mutex_};
  if (ended()) {
    wait_closed_.wake_all(std::move(held));
  }
}

bool server_state::ended() const noexcept { return closed_ && connections_ == 0 && calls_ == 0; }

void server_state::end_clients(void (stream::*how)() noexcept) noexcept {
  std::vector<std::shared_ptr<stream>> all;
  {
    guard const held{mutex_};
    for (auto const& [key, client] : clients_) {
      if (auto s = client.lock()) {
        all.push_back(std::move(s));
      }
    }
  }
  for (auto const& s : all) {
    ((*s).*how)();
  }
}

coro<void> server_state::wait_closed(std::shared_ptr<server_state> self) {
  co_await state_operation{
      &wait_closed_ops, &self->wait_closed_,
      [](void const* s) noexcept { return static_cast<server_state const*>(s)->ended(); }, self.get()};
}

}  // namespace skein::detail
