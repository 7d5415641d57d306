// SPDX-License-Identifier: Apache-2.0
// stream.hpp: what the two halves of a connection share.
//
// What       Input is fetched by the task that reads. Output has one sender at a time, the *role*: a writing
//            task while it waits, else the stream itself, as handler of its socket's readiness. Who writes
//            while somebody has the role leaves the bytes in `queued_`; the role's holder takes them from
//            there, so everything is sent in order and what gathers meanwhile leaves in one call.
// Threads    Input: one task at a time, which `reading` sees to. Output and the rest: any.
// Lifetime   Shared by both halves, and by the watch table while output waits for the socket.
//
// Invariants (guarded by mutex_)
//   I1  sending_ is set exactly while somebody has the role. Without it nothing is queued.
//   I2  pending_ is the number of bytes that were accepted and not yet given to the system.
//   I3  closed_ is set once, and then the socket is closed, and everybody who waits is told.
//
// Checked    tests/io/stream_reader_test.cpp, tests/io/stream_writer_test.cpp; tests/stress/io_stress.cpp.
#pragma once

#include "address.hpp"
#include "byte_buffer.hpp"
#include "descriptor.hpp"
#include "state_wait.hpp"

#include <skein/io/bytes.hpp>

#include <skein/core/coro.hpp>
#include <skein/core/lowlevel/unclosed.hpp>

#include <atomic>
#include <cstddef>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace skein::detail {

class stream;

/// Told when a connection has ended.
class stream_owner {
 public:
  stream_owner() = default;
  stream_owner(stream_owner const&) = delete;
  stream_owner& operator=(stream_owner const&) = delete;
  virtual ~stream_owner() = default;
  virtual void stream_ended(stream& s) noexcept = 0;
};

class stream final : public readiness_handler, public std::enable_shared_from_this<stream> {
 public:
  /// `limit`     Of readline and readuntil, in bytes.
  ///
  /// Throws      `std::system_error`; the socket is then closed.
  stream(owned_socket socket, std::size_t limit, std::optional<address> peer,
         std::shared_ptr<stream_owner> owner);

  // -- Input: stream_input.cpp.

  /// The right to read. Taken for one read.
  class reading {
   public:
    /// Throws      `std::runtime_error` while another task has it; the error that ended the connection.
    explicit reading(stream& s, char const* call);
    reading(reading const&) = delete;
    reading& operator=(reading const&) = delete;
    ~reading() { stream_.being_read_.store(false, std::memory_order_release); }

   private:
    stream& stream_;
  };
  /// Fetches bytes to the end of `input`, waiting for them; lets others run now and then.
  ///
  /// Returns     False at the end of the stream.
  /// Cancelling  Nothing is lost.
  [[nodiscard]] coro<bool> fetch();
  [[nodiscard]] bool at_end() noexcept;

  byte_buffer input;  // of the reading task
  std::size_t const limit;
  lowlevel::made_at made;  // where it was opened, in debug mode; written before the halves are handed out

  // -- Output: stream_output.cpp.

  [[nodiscard]] static coro<void> write(std::shared_ptr<stream> self, bytes_view data);
  [[nodiscard]] static coro<void> drain(std::shared_ptr<stream> self);
  void write_nowait(std::string_view data);
  void write_eof();
  void set_limits(std::size_t high, std::size_t low);
  [[nodiscard]] std::size_t pending() const noexcept;
  void on_ready() noexcept override;
  void on_gone() noexcept override;

  // -- The beginning and the end: stream.cpp.

  /// Waits until a connect that was begun has succeeded.
  ///
  /// Throws      `std::system_error` with this text when it failed.
  /// Cancelling  At any moment.
  [[nodiscard]] coro<void> connected(std::string what);

  void close() noexcept;
  void abort() noexcept;
  [[nodiscard]] bool closing() const noexcept;
  [[nodiscard]] static coro<void> wait_closed(std::shared_ptr<stream> self);

  [[nodiscard]] int fileno() noexcept;
  [[nodiscard]] std::optional<endpoint> peer() noexcept;
  [[nodiscard]] std::optional<endpoint> own_address() noexcept;

 private:
  enum class status { done, would_block, end, failed };
  struct io_result {
    status what;
    std::size_t bytes = 0;
    int error = 0;
  };
  class role;
  using guard = std::unique_lock<std::mutex>;

  [[nodiscard]] io_result receive();
  [[nodiscard]] io_result send(std::string_view data) noexcept;
  void check_writable() const;  // with mutex_ held
  void throw_if_lost() const;   // with mutex_ held
  [[nodiscard]] state_operation drained() noexcept;
  [[nodiscard]] std::size_t send_some(std::string_view data);
  void flush() noexcept;
  [[nodiscard]] bool refill() noexcept;
  void sent(std::size_t n) noexcept;
  void accepted(std::size_t n) noexcept;  // with mutex_ held
  void lost(int error) noexcept;
  void loop_gone() noexcept;
  void finish(guard held) noexcept;

  descriptor socket_;
  std::optional<address> const peer_;
  // Of the reading task.
  std::atomic<bool> being_read_{false};
  bool at_end_ = false;
  // Of the role's holder.
  byte_buffer sending_now_;
  // Everybody.
  mutable std::mutex mutex_;
  byte_buffer queued_;
  std::size_t pending_ = 0;
  std::size_t high_;
  std::size_t low_;
  bool sending_ = false;
  bool paused_ = false;  // writers wait
  bool eof_asked_ = false;
  bool closing_ = false;
  bool closed_ = false;
  std::exception_ptr error_;  // what ended the connection
  std::shared_ptr<stream_owner> owner_;
  wait_line drainers_{mutex_};
  wait_line closers_{mutex_};
};

}  // namespace skein::detail
