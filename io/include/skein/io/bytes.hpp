// SPDX-License-Identifier: Apache-2.0
// bytes.hpp: bytes that were read, and a view of bytes to write.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace skein {

/// Bytes as they are read; any values, zeros too.
using bytes = std::string;

/// Bytes that somebody else owns: text, literals, spans and vectors of bytes convert to it.
///
/// Lifetime    What it looks at outlives the call that takes it; where that call is awaited, the await.
class bytes_view {
 public:
  constexpr bytes_view() noexcept = default;
  constexpr bytes_view(std::string_view text) noexcept : view_{text} {}           // NOLINT: meant to convert
  bytes_view(std::string const& text) noexcept : view_{text} {}                   // NOLINT: meant to convert
  constexpr bytes_view(char const* text) noexcept : view_{text} {}                // NOLINT: meant to convert
  bytes_view(std::span<std::byte const> data) noexcept : view_{to_view(data)} {}  // NOLINT: meant to convert
  bytes_view(std::span<char const> data) noexcept : view_{data.data(), data.size()} {}  // NOLINT: likewise
  bytes_view(std::span<unsigned char const> data) noexcept  // NOLINT: meant to convert
      : view_{to_view(std::as_bytes(data))} {}
  bytes_view(std::vector<std::byte> const& data) noexcept  // NOLINT: meant to convert
      : view_{to_view(data)} {}
  bytes_view(std::vector<char> const& data) noexcept  // NOLINT: meant to convert
      : view_{data.data(), data.size()} {}

  [[nodiscard]] constexpr char const* data() const noexcept { return view_.data(); }
  [[nodiscard]] constexpr std::size_t size() const noexcept { return view_.size(); }
  [[nodiscard]] constexpr bool empty() const noexcept { return view_.empty(); }
  [[nodiscard]] constexpr std::string_view text() const noexcept { return view_; }

 private:
  static std::string_view to_view(std::span<std::byte const> data) noexcept {
    return {reinterpret_cast<char const*>(data.data()), data.size()};
  }

  std::string_view view_;
};

}  // namespace skein
