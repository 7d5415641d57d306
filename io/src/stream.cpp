// SPDX-License-Identifier: Apache-2.0
// stream.cpp: the life of a connection.
#include "stream.hpp"

#include <skein/io/stream_writer.hpp>

#include <skein/core/report.hpp>

#include <fmt/core.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>
#include <system_error>
#include <utility>

namespace skein::detail {
namespace {

constinit lowlevel::work_ops const wait_closed_ops = state_wait::ops("stream.wait_closed");

}  // namespace

stream::stream(owned_socket socket, std::size_t line_limit, std::optional<address> peer,
               std::shared_ptr<stream_owner> owner)
    : limit{line_limit},
      socket_{std::move(socket)},
      peer_{peer},
      high_{stream_writer::default_high},
      low_{high_ / 4},
      owner_{std::move(owner)} {
  descriptor::use const open{socket_};
  int const on = 1;
  ::setsockopt(open.fd(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);  // fails for sockets that are not TCP
}

// ---- the beginning ---------------------------------------------------------------------------------------

coro<void> stream::connected(std::string what) {
  socket_.spent(side::write, glimpse{true, 0});  // as it was when it was registered: epoll tells the rest
  co_await socket_.ready(side::write);
  descriptor::use const open{socket_};
  int error = ECONNABORTED;  // closed meanwhile
  if (open) {
    socklen_t length = sizeof error;
    ::getsockopt(open.fd(), SOL_SOCKET, SO_ERROR, &error, &length);
  }
  if (error != 0) {
    throw std::system_error{error, std::generic_category(), what};
  }
}

// ---- the end ---------------------------------------------------------------------------------------------

void stream::close() noexcept {
  guard held{mutex_};
  closing_ = true;
  if (!sending_ && !closed_) {
    finish(std::move(held));
  }
}

void stream::abort() noexcept {
  guard held{mutex_};
  closing_ = true;
  if (!closed_) {
    finish(std::move(held));
  }
}

// The connection broke: what is not sent yet never will be.
void stream::lost(int error) noexcept {
  guard held{mutex_};
  if (closed_) {
    return;
  }
  if (error_ == nullptr) {
    error_ = std::make_exception_ptr(std::system_error{error, std::generic_category(), "Connection lost"});
  }
  closing_ = true;
  finish(std::move(held));
}

// The loop went while bytes waited for the socket: somebody has to hear of it.
void stream::loop_gone() noexcept {
  std::size_t const unsent = pending();
  lost(ECANCELED);
  try {
    log_line(
        fmt::format("the loop of a connection ended while {} bytes were not sent yet; they are lost: await "
                    "wait_closed() before the end",
                    unsent));
  } catch (...) {  // no memory for the text
  }
}

void stream::finish(guard held) noexcept {
  closed_ = true;
  paused_ = false;
  pending_ = 0;
  queued_.clear();
  auto const owner = std::exchange(owner_, nullptr);
  held.unlock();
  socket_.close();
  if (owner != nullptr) {
    owner->stream_ended(*this);
  }
  held.lock();
  drainers_.wake_all(std::move(held));
  closers_.wake_all(guard{mutex_});
}

bool stream::closing() const noexcept {
  guard const held{mutex_};
  return closing_;
}

coro<void> stream::wait_closed(std::shared_ptr<stream> self) {
  co_await state_operation{&wait_closed_ops, &self->closers_,
                           [](void const* s) noexcept { return static_cast<stream const*>(s)->closed_; },
                           self.get()};
  guard const held{self->mutex_};
  self->throw_if_lost();
}

void stream::throw_if_lost() const {
  if (error_ != nullptr) {
    std::rethrow_exception(error_);
  }
}

// ---- questions -------------------------------------------------------------------------------------------

int stream::fileno() noexcept {
  descriptor::use const open{socket_};
  return open ? open.fd() : -1;
}

std::optional<endpoint> stream::peer() noexcept {
  if (peer_) {
    return peer_->to_endpoint();
  }
  descriptor::use const open{socket_};
  auto const found = open ? address::of_peer(open.fd()) : std::nullopt;
  return found ? std::optional{found->to_endpoint()} : std::nullopt;
}

std::optional<endpoint> stream::own_address() noexcept {
  descriptor::use const open{socket_};
  auto const found = open ? address::of_socket(open.fd()) : std::nullopt;
  return found ? std::optional{found->to_endpoint()} : std::nullopt;
}

}  // namespace skein::detail
