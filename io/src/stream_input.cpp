// SPDX-License-Identifier: Apache-2.0
// stream_input.cpp: fetching bytes from the socket.
#include "stream.hpp"

#include <skein/core/sleep.hpp>

#include <fmt/core.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <stdexcept>

namespace skein::detail {

stream::reading::reading(stream& s, char const* call) : stream_{s} {
  if (s.being_read_.exchange(true, std::memory_order_acquire)) {
    throw std::runtime_error{
        fmt::format("{}() called while another coroutine is already waiting for incoming data", call)};
  }
  try {
    guard const held{s.mutex_};
    s.throw_if_lost();
  } catch (...) {
    s.being_read_.store(false, std::memory_order_release);
    throw;
  }
}

// One scratch buffer a thread, so that a connection that waits holds no memory. It is not used across a
// suspension.
stream::io_result stream::receive() {
  thread_local std::array<char, 65536> scratch;
  descriptor::use const open{socket_};
  if (!open) {
    return {status::end};  // closed here, not by the peer
  }
  glimpse const seen = socket_.look(side::read);
  if (!seen.ready) {
    return {status::would_block};
  }
  for (;;) {
    ssize_t const got = ::recv(open.fd(), scratch.data(), scratch.size(), 0);
    if (got > 0) {
      auto const bytes = static_cast<std::size_t>(got);
      if (bytes < scratch.size()) {
        socket_.drained(side::read, seen);
      }
      input.append({scratch.data(), bytes});
      return {status::done, bytes};
    }
    if (got == 0) {
      return {status::end};
    }
    if (errno == EAGAIN) {
      socket_.spent(side::read, seen);
      return {status::would_block};
    }
    if (errno != EINTR) {
      return {status::failed, 0, errno};
    }
  }
}

coro<bool> stream::fetch() {
  if (!lowlevel::spend_budget()) {
    co_await sleep(std::chrono::seconds{0});
  }
  while (!at_end_) {
    io_result const r = receive();
    switch (r.what) {
      case status::done:
        co_return true;
      case status::end:
        at_end_ = true;
        break;
      case status::would_block:
        co_await socket_.ready(side::read);
        break;
      case status::failed:
        lost(r.error);
        guard const held{mutex_};
        throw_if_lost();
        at_end_ = true;  // it was closed here at the same time
        break;
    }
  }
  co_return false;
}

bool stream::at_end() noexcept {
  if (!input.empty()) {
    return false;
  }
  descriptor::use const open{socket_};
  if (at_end_ || !open) {
    return true;
  }
  char next = 0;
  return ::recv(open.fd(), &next, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

}  // namespace skein::detail
