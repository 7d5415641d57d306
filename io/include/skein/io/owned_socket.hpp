// SPDX-License-Identifier: Apache-2.0
// owned_socket.hpp: a descriptor that is closed when its owner goes.
#pragma once

#include <utility>

namespace skein {

/// One descriptor, closed by the destructor.
///
/// Threads     Used by one thread at a time.
class owned_socket {
 public:
  /// Owns nothing.
  owned_socket() noexcept = default;
  /// Takes the descriptor over.
  explicit owned_socket(int fd) noexcept : fd_{fd} {}
  owned_socket(owned_socket&& other) noexcept : fd_{std::exchange(other.fd_, -1)} {}
  /// Closes what it owned before.
  owned_socket& operator=(owned_socket&& other) noexcept {
    if (this != &other) {
      reset(std::exchange(other.fd_, -1));
    }
    return *this;
  }
  owned_socket(owned_socket const&) = delete;
  owned_socket& operator=(owned_socket const&) = delete;
  ~owned_socket() { reset(-1); }

  /// Returns     The descriptor; -1 when there is none.
  [[nodiscard]] int fileno() const noexcept { return fd_; }
  /// Gives the descriptor away without closing it.
  ///
  /// Returns     As fileno, before the call.
  [[nodiscard]] int detach() noexcept { return std::exchange(fd_, -1); }
  [[nodiscard]] explicit operator bool() const noexcept { return fd_ >= 0; }

 private:
  void reset(int fd) noexcept;

  int fd_ = -1;
};

}  // namespace skein
