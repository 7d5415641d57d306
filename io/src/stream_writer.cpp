// SPDX-License-Identifier: Apache-2.0
// stream_writer.cpp: the public side of the writing half.
#include "stream.hpp"

#include <skein/io/stream_writer.hpp>

#include <limits>
#include <stdexcept>
#include <utility>

namespace skein {

stream_writer::stream_writer(std::shared_ptr<detail::stream> s) noexcept : stream_{std::move(s)} {}
stream_writer::stream_writer(stream_writer&&) noexcept = default;

stream_writer& stream_writer::operator=(stream_writer&& other) noexcept {
  if (this != &other) {
    drop();
    stream_ = std::move(other.stream_);
  }
  return *this;
}

stream_writer::~stream_writer() { drop(); }

void stream_writer::drop() noexcept {
  if (stream_ == nullptr) {
    return;
  }
  if (lowlevel::debug_here() && !stream_->closing()) {
    auto const peer = stream_->peer();
    lowlevel::say_unclosed(peer ? "connection to " + peer->repr() : "connection",
                           "call close() and await wait_closed() before its stream_writer goes",
                           stream_->made);
  }
  stream_->close();
}

detail::stream& stream_writer::checked() const {
  if (stream_ == nullptr) {
    throw std::runtime_error{"the stream_writer was moved from: use the one that it was moved to"};
  }
  return *stream_;
}

coro<void> stream_writer::write(bytes_view data) {
  static_cast<void>(checked());
  return detail::stream::write(stream_, data);
}

namespace {

coro<void> write_all(std::shared_ptr<detail::stream> s, bytes whole) {
  co_await detail::stream::write(std::move(s), whole);
}

}  // namespace

coro<void> stream_writer::writelines(std::vector<bytes> pieces) {
  static_cast<void>(checked());
  bytes whole;
  for (bytes const& piece : pieces) {
    whole += piece;
  }
  return write_all(stream_, std::move(whole));
}

void stream_writer::write_nowait(bytes_view data) { checked().write_nowait(data.text()); }

coro<void> stream_writer::drain() {
  static_cast<void>(checked());
  return detail::stream::drain(stream_);
}

void stream_writer::write_eof() { checked().write_eof(); }
void stream_writer::close() { checked().close(); }
void stream_writer::abort() { checked().abort(); }
bool stream_writer::is_closing() const { return checked().closing(); }

coro<void> stream_writer::wait_closed() {
  static_cast<void>(checked());
  return detail::stream::wait_closed(stream_);
}

int stream_writer::fileno() const { return checked().fileno(); }

void stream_writer::set_write_buffer_limits(std::size_t high, std::size_t low) {
  checked().set_limits(high, low);
}
void stream_writer::set_write_buffer_limits(std::size_t high) { set_write_buffer_limits(high, high / 4); }

std::size_t stream_writer::get_write_buffer_size() const { return checked().pending(); }

std::optional<endpoint> stream_writer::get_extra_info(std::string_view name) const {
  if (name == "peername") {
    return checked().peer();
  }
  if (name == "sockname") {
    return checked().own_address();
  }
  return std::nullopt;
}

}  // namespace skein
