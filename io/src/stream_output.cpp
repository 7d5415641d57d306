// SPDX-License-Identifier: Apache-2.0
// stream_output.cpp: sending, in order, what several may write.
#include "stream.hpp"

#include <skein/core/errors.hpp>
#include <skein/core/sleep.hpp>

#include <fmt/core.h>
#include <sys/socket.h>

#include <cerrno>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace skein::detail {
namespace {

constinit lowlevel::work_ops const drain_ops = state_wait::ops("stream.drain");

}  // namespace

state_operation stream::drained() noexcept {
  return {&drain_ops, &drainers_,
          [](void const* s) noexcept {
            auto const& self = *static_cast<stream const*>(s);
            return !self.paused_ || self.closed_;
          },
          this};
}

/// The role of the one who sends, held by a writing task.
class stream::role {
 public:
  explicit role(stream& s) noexcept : stream_{&s} {}
  role(role const&) = delete;
  role& operator=(role const&) = delete;
  // Still held: the bytes could not be kept, or the frame was destroyed in the middle of them.
  ~role() {
    if (stream_ != nullptr) {
      stream_->abort();
      stream_->flush();
    }
  }
  /// Leaves the role, and bytes that are not sent yet, to the stream.
  void pass(std::string_view rest) {
    if (!rest.empty()) {
      guard const held{stream_->mutex_};
      stream_->sending_now_.append(rest);
      stream_->accepted(rest.size());
    }
    std::exchange(stream_, nullptr)->flush();
  }

 private:
  stream* stream_;
};

void stream::check_writable() const {
  throw_if_lost();
  if (eof_asked_) {
    throw std::runtime_error{"Cannot call write() after write_eof()"};
  }
  if (closing_) {
    throw std::system_error{ECONNRESET, std::generic_category(), "Connection lost"};
  }
}

void stream::accepted(std::size_t n) noexcept {
  pending_ += n;
  if (pending_ > high_) {
    paused_ = true;
  }
}

stream::io_result stream::send(std::string_view data) noexcept {
  descriptor::use const open{socket_};
  if (!open) {
    return {status::failed, 0, ECONNRESET};
  }
  glimpse const seen = socket_.look(side::write);
  if (!seen.ready) {
    return {status::would_block};
  }
  for (;;) {
    ssize_t const taken = ::send(open.fd(), data.data(), data.size(), MSG_NOSIGNAL);
    if (taken >= 0) {
      if (static_cast<std::size_t>(taken) < data.size()) {
        socket_.drained(side::write, seen);
      }
      return {status::done, static_cast<std::size_t>(taken)};
    }
    if (errno == EAGAIN) {
      socket_.spent(side::write, seen);
      return {status::would_block};
    }
    if (errno != EINTR) {
      return {status::failed, 0, errno};
    }
  }
}

// Sends what the socket takes now; with the role.
std::size_t stream::send_some(std::string_view data) {
  std::size_t total = 0;
  while (total < data.size()) {
    io_result const r = send(data.substr(total));
    if (r.what == status::would_block) {
      break;
    }
    if (r.what == status::failed) {
      lost(r.error);
      guard const held{mutex_};
      throw_if_lost();
      throw std::system_error{r.error, std::generic_category(), "Connection lost"};
    }
    total += r.bytes;
  }
  return total;
}

coro<void> stream::write(std::shared_ptr<stream> self, bytes_view data) {
  if (!lowlevel::spend_budget()) {
    co_await sleep(std::chrono::seconds{0});
  }
  std::string_view rest = data.text();
  bool mine = false;
  {
    guard const held{self->mutex_};
    self->check_writable();
    mine = !std::exchange(self->sending_, true);
    if (!mine) {
      self->queued_.append(rest);
      self->accepted(rest.size());
    }
  }
  if (mine) {
    role sender{*self};
    rest.remove_prefix(self->send_some(rest));
    try {
      while (rest.size() > self->high_) {
        co_await self->socket_.ready(side::write);
        rest.remove_prefix(self->send_some(rest));
      }
    } catch (cancelled_error const&) {
      sender.pass(rest);  // all or nothing: the peer must not get half of it
      throw;
    }
    sender.pass(rest);
  }
  co_await self->drained();
  guard const held{self->mutex_};
  self->throw_if_lost();
}

void stream::write_nowait(std::string_view data) {
  {
    guard const held{mutex_};
    check_writable();
    if (std::exchange(sending_, true)) {
      queued_.append(data);
      accepted(data.size());
      return;
    }
  }
  role sender{*this};
  data.remove_prefix(send_some(data));
  sender.pass(data);
}

coro<void> stream::drain(std::shared_ptr<stream> self) {
  if (self->closing()) {
    co_await sleep(std::chrono::seconds{0});  // so that a loop of write and drain notices the end
  }
  {
    guard const held{self->mutex_};
    self->throw_if_lost();
    if (self->closed_) {
      throw std::system_error{ECONNRESET, std::generic_category(), "Connection lost"};
    }
  }
  co_await self->drained();
  guard const held{self->mutex_};
  self->throw_if_lost();
}

void stream::write_eof() {
  guard held{mutex_};
  throw_if_lost();
  if (closing_ || std::exchange(eof_asked_, true) || std::exchange(sending_, true)) {
    return;  // who sends does it at the end
  }
  held.unlock();
  flush();
}

void stream::on_ready() noexcept { flush(); }

void stream::on_gone() noexcept {
  loop_gone();
  flush();  // gives the role up
}

// Gets what was queued meanwhile.
//
// Returns     False when there is nothing to send: the role is given up.
bool stream::refill() noexcept {
  guard held{mutex_};
  if (!closed_ && !queued_.empty()) {
    queued_.swap(sending_now_);
    return true;
  }
  sending_ = false;
  if (closed_) {
    return false;
  }
  if (eof_asked_) {
    descriptor::use const open{socket_};
    if (open) {
      ::shutdown(open.fd(), SHUT_WR);
    }
  }
  if (closing_) {
    finish(std::move(held));
  }
  return false;
}

// Sends what is pending as long as the socket takes it; with the role, which goes to the watch table when the
// socket is full.
void stream::flush() noexcept {
  for (;;) {
    if (sending_now_.empty() && !refill()) {
      return;
    }
    io_result const r = send(sending_now_.view());
    switch (r.what) {
      case status::done:
        sending_now_.consume(r.bytes);
        sent(r.bytes);
        break;
      case status::would_block:
        switch (socket_.watch(side::write, shared_from_this())) {
          case watching::armed:
            return;
          case watching::gone:
            sending_now_.clear();
            if (!socket_.closed()) {
              loop_gone();
            }
            break;
          default:
            break;
        }
        break;
      case status::end:
      case status::failed:
        sending_now_.clear();
        lost(r.error);
        break;
    }
  }
}

void stream::sent(std::size_t n) noexcept {
  guard held{mutex_};
  pending_ -= std::min(n, pending_);
  if (!paused_ || pending_ > low_) {
    return;
  }
  paused_ = false;
  drainers_.wake_all(std::move(held));
}

void stream::set_limits(std::size_t high, std::size_t low) {
  if (high < low) {
    throw std::invalid_argument{
        fmt::format("set_write_buffer_limits: high ({}) must be >= low ({})", high, low)};
  }
  guard const held{mutex_};
  high_ = high;
  low_ = low;
  if (pending_ > high_) {
    paused_ = true;
  }
}

std::size_t stream::pending() const noexcept {
  guard const held{mutex_};
  return pending_;
}

}  // namespace skein::detail
