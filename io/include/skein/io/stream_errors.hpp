// SPDX-License-Identifier: Apache-2.0
// stream_errors.hpp: what can go wrong with the bytes of a stream.
#pragma once

#include <skein/io/bytes.hpp>

#include <cstddef>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

namespace skein {

/// The stream ended before all bytes that were asked for had come.
///
/// Source      asyncio.IncompleteReadError.
class incomplete_read_error : public std::runtime_error {
 public:
  incomplete_read_error(bytes partial, std::optional<std::size_t> expected);

  /// Returns     What had come; it is not in the stream any more.
  [[nodiscard]] bytes const& partial() const noexcept { return partial_; }
  /// Returns     How many bytes were wanted; nothing when a separator was.
  [[nodiscard]] std::optional<std::size_t> expected() const noexcept { return expected_; }

 private:
  bytes partial_;
  std::optional<std::size_t> expected_;
};

/// The separator was not found within the limit of the stream. Everything is still there to be read.
///
/// Source      asyncio.LimitOverrunError.
class limit_overrun_error : public std::runtime_error {
 public:
  limit_overrun_error(std::string const& message, std::size_t consumed)
      : std::runtime_error{message}, consumed_{consumed} {}

  /// Returns     How many bytes can be read that are no part of the separator.
  [[nodiscard]] std::size_t consumed() const noexcept { return consumed_; }

 private:
  std::size_t consumed_;
};

}  // namespace skein
