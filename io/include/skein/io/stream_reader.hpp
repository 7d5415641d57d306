// SPDX-License-Identifier: Apache-2.0
// stream_reader.hpp: reading the bytes that a peer sends.
#pragma once

#include <skein/io/bytes.hpp>
#include <skein/io/stream_errors.hpp>

#include <skein/core/coro.hpp>

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

namespace skein {
namespace detail {
class stream;
}

/// The reading half of a connection. Bytes are fetched when somebody asks for them: a peer that sends faster
/// than they are read is slowed down by TCP.
///
///     while (auto line = co_await reader.readline(); !line.empty()) { … }
///
/// Throws      Every read: the error that ended the connection, also when bytes are left, as
///             `std::system_error`; `std::runtime_error` while another task reads.
/// Cancelling  No byte is lost: what had come stays to be read.
/// Threads     One task at a time, of any loop of its runtime.
/// Lifetime    The connection lives as long as one of its halves.
/// Source      asyncio.StreamReader; differs: it reads from the socket when asked, not ahead.
class stream_reader {
 public:
  stream_reader(stream_reader&&) noexcept;
  stream_reader& operator=(stream_reader&&) noexcept;
  stream_reader(stream_reader const&) = delete;
  stream_reader& operator=(stream_reader const&) = delete;
  ~stream_reader();

  /// Reads what there is, waiting for at least one byte.
  ///
  /// `n`         At most so many bytes; negative: everything up to the end of the stream.
  ///
  /// Returns     1 to n bytes; nothing at the end, and for n = 0.
  /// Cancelling  No byte is lost.
  [[nodiscard]] coro<bytes> read(std::ptrdiff_t n = -1);

  /// Reads up to and with the next line feed.
  ///
  /// Returns     The line; at the end of the stream what is left, without a line feed.
  /// Throws      `std::invalid_argument` when the line is longer than the stream's limit; a line that
  ///             is there is dropped, else all that had come is.
  /// Cancelling  No byte is lost.
  [[nodiscard]] coro<bytes> readline();

  /// Reads n bytes.
  ///
  /// Throws      `incomplete_read_error` with what had come when the stream ends before;
  ///             `std::invalid_argument` when n is negative.
  /// Cancelling  No byte is lost.
  [[nodiscard]] coro<bytes> readexactly(std::ptrdiff_t n);

  /// Reads up to and with a separator.
  ///
  /// Throws      `incomplete_read_error` when the stream ends before; `limit_overrun_error` when it does not
  ///             come within the limit, then nothing is taken; `std::invalid_argument` for an empty
  ///             separator.
  /// Cancelling  No byte is lost.
  /// Lifetime    The separator outlives the await.
  [[nodiscard]] coro<bytes> readuntil(std::string_view separator = "\n");
  /// The same for several separators: the one that ends first counts, of those the shortest.
  ///
  /// Cancelling  No byte is lost.
  [[nodiscard]] coro<bytes> readuntil(std::span<std::string_view const> separators);

  /// Returns     True when the stream has ended and every byte of it was read.
  [[nodiscard]] bool at_eof() const;

  /// For skein itself.
  explicit stream_reader(std::shared_ptr<detail::stream> s) noexcept;

 private:
  [[nodiscard]] detail::stream& checked() const;

  std::shared_ptr<detail::stream> stream_;
};

}  // namespace skein
