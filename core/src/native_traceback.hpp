// SPDX-License-Identifier: Apache-2.0
// native_traceback.hpp: the calls that led to a place, kept as addresses, named when read.
#pragma once

#include <skein/core/task.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace skein::detail {

/// Return addresses, innermost first. Taking them costs about a microsecond, naming them reads the debug
/// information of the program once.
class traceback {
 public:
  traceback() noexcept = default;
  /// Returns     The calls on this thread's stack, without that of `here` and the innermost `skip` ones.
  [[nodiscard]] static traceback here(std::size_t skip = 0) noexcept;

  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
  /// Returns     The calls outside of the library, innermost first. Functions are named if the program has
  ///             symbols, files and lines if it was compiled with -g1 or more; else a frame is
  ///             "program+0x1234" without a file, as addr2line takes it.
  [[nodiscard]] std::vector<call_frame> frames() const;

 private:
  static constexpr std::size_t places_max = 24;
  [[nodiscard]] std::span<std::uintptr_t const> places() const noexcept {
    return std::span{places_}.first(size_);
  }

  std::array<std::uintptr_t, places_max> places_;
  std::size_t size_ = 0;
};

/// Returns     The function whose code is at an address, with its place.
[[nodiscard]] call_frame frame_at(void const* code);

/// Returns     The frames as Python prints them, oldest first: lines of `  File "f.cpp", line 3, in f`.
[[nodiscard]] std::string traceback_text(std::span<call_frame const> frames);
/// Returns     `main.cpp:12`, or the function when the file is not known.
[[nodiscard]] std::string short_place(call_frame const& frame);

}  // namespace skein::detail
