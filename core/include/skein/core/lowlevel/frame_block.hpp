// SPDX-License-Identifier: Apache-2.0
// frame_block.hpp: objects that live where coroutine frames do.
#pragma once

#include <skein/core/detail/frame.hpp>

#include <cstddef>
#include <new>

namespace skein::lowlevel {

/// A base that gives a class its memory from the frame allocator, by the inlined fast path.
///
/// Threads     Any. An object may be deleted on another thread than it was made on.
/// Throws      new: `std::bad_alloc`.
/// Cost        A dozen instructions for each, once the thread has blocks of the size.
struct frame_block {
  static void* operator new(std::size_t size) { return detail::new_frame(size); }
  static void operator delete(void* memory, std::size_t size) noexcept { detail::delete_frame(memory, size); }
  static void* operator new(std::size_t size, std::align_val_t align) { return ::operator new(size, align); }
  static void operator delete(void* memory, std::size_t size, std::align_val_t align) noexcept {
    ::operator delete(memory, size, align);
  }
};

}  // namespace skein::lowlevel
