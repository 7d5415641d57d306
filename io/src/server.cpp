// SPDX-License-Identifier: Apache-2.0
// server.cpp: the public side of a server.
#include "server_state.hpp"

#include <skein/io/server.hpp>

#include <fmt/core.h>

#include <stdexcept>
#include <utility>

namespace skein {

server::server(std::shared_ptr<detail::server_state> state) noexcept : state_{std::move(state)} {}
server::server(server&&) noexcept = default;

server& server::operator=(server&& other) noexcept {
  if (this != &other) {
    drop();
    state_ = std::move(other.state_);
  }
  return *this;
}

server::~server() { drop(); }

void server::drop() noexcept {
  if (state_ == nullptr) {
    return;
  }
  if (lowlevel::debug_here() && !state_->closed()) {
    lowlevel::say_unclosed("server", "call close() and await wait_closed() before it goes", state_->made);
  }
  state_->close();
}

void server::close() {
  if (state_ != nullptr) {
    state_->close();
  }
}

bool server::is_serving() const { return state_->serving(); }

namespace {

coro<void> start(std::shared_ptr<detail::server_state> state) {
  state->start();
  co_return;
}

}  // namespace

coro<void> server::start_serving() { return start(state_); }
coro<void> server::serve_forever() { return detail::server_state::serve_forever(state_); }
void server::close_clients() { state_->end_clients(&detail::stream::close); }
void server::abort_clients() { state_->end_clients(&detail::stream::abort); }
coro<void> server::wait_closed() { return detail::server_state::wait_closed(state_); }
std::vector<owned_socket> const& server::sockets() const { return state_->sockets(); }

namespace detail {

coro<server> listen_on(std::shared_ptr<connection_handler> handler, std::string host, std::uint16_t port,
                       server_options options) {
  if (options.limit == 0) {
    throw std::invalid_argument{"Limit cannot be <= 0: give the longest line in bytes"};
  }
  if (options.backlog < 0) {
    throw std::invalid_argument{fmt::format(
        "start_server: backlog is {}: give the number of connections that may wait to be accepted",
        options.backlog)};
  }
  auto made = lowlevel::made_here(lowlevel::debug_here());
  auto addresses = co_await resolve(std::move(host), port, options.family, purpose::to_listen);
  auto const state = std::make_shared<server_state>(std::move(handler), options);
  state->made = std::move(made);
  state->bind(std::move(addresses));
  if (options.start_serving) {
    state->start();
  }
  co_return server{state};
}

}  // namespace detail
}  // namespace skein
