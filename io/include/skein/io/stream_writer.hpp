// SPDX-License-Identifier: Apache-2.0
// stream_writer.hpp: sending bytes to a peer, and ending a connection.
#pragma once

#include <skein/io/bytes.hpp>
#include <skein/io/endpoint.hpp>

#include <skein/core/coro.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

namespace skein {
namespace detail {
class stream;
}

/// The writing half of a connection. What the socket does not take at once is kept, in order, and sent when
/// it can be; writers wait while more than the high-water mark is kept.
///
/// Threads     One task at a time, of any loop; close, abort and the questions from any thread.
/// Lifetime    Destroyed unclosed, it closes the connection as `close` does; debug mode says so in the log.
/// Source      asyncio.StreamWriter; differs: `write` waits, `write_nowait` is asyncio's write.
class stream_writer {
 public:
  stream_writer(stream_writer&&) noexcept;
  stream_writer& operator=(stream_writer&&) noexcept;
  stream_writer(stream_writer const&) = delete;
  stream_writer& operator=(stream_writer const&) = delete;
  ~stream_writer();

  /// Sends bytes, waiting while more than the high-water mark is not sent yet.
  ///
  /// Throws      `std::system_error`: `connection_reset` "Connection lost" or what ended the connection;
  ///             `std::runtime_error` after write_eof.
  /// Cancelling  Ends the waiting only: all bytes are sent, those left are copied.
  /// Lifetime    The bytes are borrowed until it returns.
  [[nodiscard]] coro<void> write(bytes_view data);
  /// The same for several pieces, in one call to the system where possible.
  ///
  /// Cancelling  As write.
  [[nodiscard]] coro<void> writelines(std::vector<bytes> pieces);
  /// Sends bytes without waiting: what the socket does not take is copied, without a limit. Await `drain` now
  /// and then.
  ///
  /// Throws      As write.
  /// Threads     Any.
  void write_nowait(bytes_view data);
  /// Waits until no more than the low-water mark is kept, if more than the high-water mark was.
  ///
  /// Throws      As write.
  /// Cancelling  Nothing is lost.
  /// Threads     Any number of tasks.
  [[nodiscard]] coro<void> drain();
  /// Tells the peer that nothing more will come, when all is sent; reading goes on. Harmless when repeated.
  void write_eof();

  /// Ends the connection when all is sent. Harmless when repeated; never waits.
  ///
  /// Threads     Any.
  void close();
  /// Ends the connection now; what was not sent is dropped.
  ///
  /// Threads     Any.
  void abort();
  /// Returns     True after close, abort, or the loss of the connection.
  [[nodiscard]] bool is_closing() const;
  /// Waits until the connection is closed.
  ///
  /// Throws      What ended the connection, when it was an error.
  /// Cancelling  Nothing is lost.
  /// Threads     Any number of tasks.
  [[nodiscard]] coro<void> wait_closed();

  /// Returns     The descriptor; -1 when the connection is closed.
  [[nodiscard]] int fileno() const;
  /// `high`      Bytes above which writers wait.
  /// `low`       Bytes at which they go on.
  ///
  /// Throws      `std::invalid_argument` when high is below low.
  void set_write_buffer_limits(std::size_t high, std::size_t low);
  /// The same with a quarter of high as the low mark.
  void set_write_buffer_limits(std::size_t high = default_high);
  /// Returns     Bytes that are not sent yet.
  [[nodiscard]] std::size_t get_write_buffer_size() const;
  /// `name`      "peername" or "sockname".
  ///
  /// Returns     Nothing for any other name, or when the address was not to be had.
  [[nodiscard]] std::optional<endpoint> get_extra_info(std::string_view name) const;

  static constexpr std::size_t default_high = 65536;  // as asyncio's

  /// For skein itself.
  explicit stream_writer(std::shared_ptr<detail::stream> s) noexcept;

 private:
  [[nodiscard]] detail::stream& checked() const;
  void drop() noexcept;

  std::shared_ptr<detail::stream> stream_;
};

}  // namespace skein
