// SPDX-License-Identifier: Apache-2.0
// frame_allocator.hpp: memory for coroutine frames and task blocks, from a free list of the thread.
//
// What       Sizes up to 2 KiB are rounded up to steps of 32 bytes. Each thread keeps a list of free blocks
//            for each size; a list that grows past its cap gives a batch to a central list, where threads
//            that allocate more than they free find it. Larger sizes go to operator new.
// Source     The thread caches and central lists of tcmalloc (S. Ghemawat, 2005), without its page heap.
// Threads    Any. A block may be freed on another thread than it came from.
// Lifetime   Blocks go back to the thread, batches to the central list; memory is kept for reuse until the
//            process ends, as notes/frame_allocator.md explains.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#if defined(__SANITIZE_ADDRESS__)
#define SKEIN_PLAIN_FRAMES 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SKEIN_PLAIN_FRAMES 1
#endif
#endif

namespace skein::lowlevel {

inline constexpr std::size_t frame_step = 32;
inline constexpr std::size_t frame_classes = 64;
inline constexpr std::size_t frame_bytes_max = frame_step * frame_classes;

/// The free blocks of one thread.
class frame_cache {
 public:
  /// A cache that takes and gives nothing itself: every call goes the slow way (threads without a runtime
  /// begin with it).
  struct none_t {};
  static constexpr none_t none{};

  frame_cache() noexcept { counts_.fill(0); }
  constexpr explicit frame_cache(none_t) noexcept { counts_.fill(cap); }
  frame_cache(frame_cache const&) = delete;
  frame_cache& operator=(frame_cache const&) = delete;
  ~frame_cache() = default;

  /// Returns     A block of at least `size` bytes, or null when the slow way has to be taken.
  [[nodiscard, gnu::always_inline]] void* take(std::size_t index) noexcept {
    block* const head = heads_[index];
    if (head == nullptr) [[unlikely]] {
      return nullptr;
    }
    heads_[index] = head->next;
    --counts_[index];
    return head;
  }

  /// Returns     False when the list is full; the block was not taken.
  [[nodiscard, gnu::always_inline]] bool give(void* memory, std::size_t index) noexcept {
    if (counts_[index] >= cap) [[unlikely]] {
      return false;
    }
    heads_[index] = ::new (memory) block{heads_[index]};
    ++counts_[index];
    return true;
  }

  /// Fills a list from the central list or from fresh memory and takes one block.
  ///
  /// Throws      `std::bad_alloc`.
  [[nodiscard]] void* refill(std::size_t index);

  /// Gives a batch of a full list to the central list.
  void flush(std::size_t index) noexcept;

  /// Gives everything to the central list: the thread ends.
  void flush_all() noexcept;

  /// Exchanges the blocks of two caches of a thread; with one that is `none`, this one refuses from now on.
  void swap(frame_cache& other) noexcept;

 private:
  struct block {
    block* next;
  };
  static constexpr std::uint32_t cap = 256;
  static constexpr std::uint32_t batch = 128;
  friend class central_frames;

  std::array<block*, frame_classes> heads_{};
  std::array<std::uint32_t, frame_classes> counts_;
  char* fresh_ = nullptr;
  char* fresh_end_ = nullptr;
};

/// Allocates a frame of `size` bytes, aligned as operator new aligns.
///
/// Throws      `std::bad_alloc`.
[[nodiscard]] void* allocate_frame(std::size_t size);

/// Frees a frame that `allocate_frame(size)` returned.
void free_frame(void* frame, std::size_t size) noexcept;

}  // namespace skein::lowlevel
