// SPDX-License-Identifier: Apache-2.0
// descriptor.hpp: a socket that a loop watches, which any thread may use and any thread may close.
//
// What       A socket and its place in the watch table of the loop on which it was made. A call on the socket
//            is made inside a `use`; closing waits for the uses, so that no call ever meets a number that the
//            system has given to somebody else.
// Threads    All functions: any thread.
// Progress   Wait-free but for remove; the last use of a closed descriptor closes it.
// Lifetime   As its owner; outlives its loop without harm.
//
// Invariants
//   I1  The socket is closed once: by close when nobody uses it, else by the last use to end.
//   I2  After close no use begins.
//
// Orders
//   [A] begin, compare-exchange, acquire   pairs with [B] of the one before: it sees a descriptor in use or
//                                          open.
//   [B] end, fetch_sub, acq_rel, and close, fetch_or, acq_rel: whoever closes the socket does so after all
//       calls on it.
//
// Checked    tests/io/descriptor_test.cpp; tests/stress/io_stress.cpp under ThreadSanitizer.
#pragma once

#include "readiness_wait.hpp"
#include "watch_table.hpp"

#include <skein/io/owned_socket.hpp>

#include <skein/core/lowlevel/atomic.hpp>

#include <cstdint>
#include <memory>

namespace skein::detail {

class descriptor {
 public:
  /// Makes the socket non-blocking and watches it with the running loop's driver.
  ///
  /// Throws      `no_running_loop_error`, `std::system_error`, `std::bad_alloc`.
  explicit descriptor(owned_socket socket);
  /// The same for a socket that is non-blocking already, and for other epoll events.
  descriptor(owned_socket socket, std::uint32_t events);
  descriptor(descriptor const&) = delete;
  descriptor& operator=(descriptor const&) = delete;
  ~descriptor() { close(); }

  /// Closes the socket, when nobody uses it, and tells those who wait for it.
  void close() noexcept;
  [[nodiscard]] bool closed() const noexcept {
    return (state_.load(lowlevel::memory_order_acquire) & closed_bit) != 0;
  }
  /// Changes which epoll events are watched.
  void change(std::uint32_t events) noexcept;

  /// While it exists the socket is not closed.
  class use {
   public:
    explicit use(descriptor& d) noexcept : descriptor_{d.begin_use() ? &d : nullptr} {}
    use(use const&) = delete;
    use& operator=(use const&) = delete;
    ~use() {
      if (descriptor_ != nullptr) {
        descriptor_->end_use();
      }
    }
    /// Returns     False when it is closed.
    [[nodiscard]] explicit operator bool() const noexcept { return descriptor_ != nullptr; }
    [[nodiscard]] int fd() const noexcept { return descriptor_->fd_; }

   private:
    descriptor* descriptor_;
  };

  [[nodiscard]] glimpse look(side s) const noexcept { return entry_.slot->look(s); }
  void spent(side s, glimpse seen) const noexcept { entry_.slot->spent(s, seen); }
  void drained(side s, glimpse seen) const noexcept { entry_.slot->drained(s, seen); }
  /// Awaits that a call may succeed or that it is closed.
  [[nodiscard]] readiness_operation ready(side s) const noexcept { return {entry_, s}; }
  [[nodiscard]] watching watch(side s, std::shared_ptr<readiness_handler> handler) const noexcept {
    return entry_.slot->watch(entry_.number, s, std::move(handler));
  }

 private:
  static constexpr std::uint32_t closed_bit = 1;
  static constexpr std::uint32_t one_use = 2;
  [[nodiscard]] bool begin_use() noexcept;
  void end_use() noexcept;
  void really_close() noexcept;

  int fd_;
  watch_table::entry entry_;
  std::shared_ptr<watch_table> table_;
  lowlevel::atomic<std::uint32_t> state_{0};
};

}  // namespace skein::detail
