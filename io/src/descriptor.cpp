// SPDX-License-Identifier: Apache-2.0
// descriptor.cpp: using and closing a socket from several threads.
#include "descriptor.hpp"

#include "epoll_driver.hpp"

#include <fcntl.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

namespace skein {

void owned_socket::reset(int fd) noexcept {
  if (fd_ >= 0) {
    ::close(fd_);
  }
  fd_ = fd;
}

namespace detail {
namespace {

constexpr std::uint32_t both_sides = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;

owned_socket made_non_blocking(owned_socket socket) {
  int const flags = ::fcntl(socket.fileno(), F_GETFL);
  if (flags < 0 || ::fcntl(socket.fileno(), F_SETFL, flags | O_NONBLOCK) != 0) {
    throw std::system_error{errno, std::generic_category(), "fcntl: making a socket non-blocking"};
  }
  return socket;
}

}  // namespace

descriptor::descriptor(owned_socket socket) : descriptor{made_non_blocking(std::move(socket)), both_sides} {}

descriptor::descriptor(owned_socket socket, std::uint32_t events)
    : fd_{socket.fileno()},
      entry_{epoll_driver::table_of_this_loop()->add(fd_, events)},
      table_{epoll_driver::table_of_this_loop()} {
  static_cast<void>(socket.detach());
}

bool descriptor::begin_use() noexcept {
  std::uint32_t state = state_.load(lowlevel::memory_order_relaxed);
  do {
    if ((state & closed_bit) != 0) {
      return false;
    }
  } while (!state_.compare_exchange_weak(state, state + one_use, lowlevel::memory_order_acquire,  // [A]
                                         lowlevel::memory_order_relaxed));
  return true;
}

void descriptor::end_use() noexcept {
  if (state_.fetch_sub(one_use, lowlevel::memory_order_acq_rel) == (one_use | closed_bit)) {  // [B]
    really_close();
  }
}

void descriptor::close() noexcept {
  if (state_.fetch_or(closed_bit, lowlevel::memory_order_acq_rel) == 0) {  // [B]
    really_close();
  }
}

void descriptor::really_close() noexcept {
  table_->remove(fd_, entry_, [](int fd) { ::close(fd); });
}

void descriptor::change(std::uint32_t events) noexcept {
  use const open{*this};
  if (open) {
    table_->change(fd_, entry_, events);
  }
}

}  // namespace detail
}  // namespace skein
