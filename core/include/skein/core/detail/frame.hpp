// SPDX-License-Identifier: Apache-2.0
// frame.hpp: the inlined fast path of the frame allocator.
#pragma once

#include <skein/core/detail/thread_state.hpp>
#include <skein/core/lowlevel/frame_allocator.hpp>

#include <cstddef>

namespace skein::detail {

[[nodiscard]] void* new_frame_slow(std::size_t size);
void delete_frame_slow(void* frame, std::size_t size) noexcept;

[[nodiscard, gnu::always_inline]] inline void* new_frame(std::size_t size) {
#ifndef SKEIN_PLAIN_FRAMES
  if (size <= lowlevel::frame_bytes_max) [[likely]] {
    if (void* const frame = this_thread().frames.take((size - 1) / lowlevel::frame_step)) [[likely]] {
      return frame;
    }
  }
#endif
  return new_frame_slow(size);
}

[[gnu::always_inline]] inline void delete_frame(void* frame, std::size_t size) noexcept {
#ifndef SKEIN_PLAIN_FRAMES
  if (size <= lowlevel::frame_bytes_max) [[likely]] {
    if (this_thread().frames.give(frame, (size - 1) / lowlevel::frame_step)) [[likely]] {
      return;
    }
  }
#endif
  delete_frame_slow(frame, size);
}

}  // namespace skein::detail
