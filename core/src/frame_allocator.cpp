// SPDX-License-Identifier: Apache-2.0
// frame_allocator.cpp: the central lists, and carving fresh memory.
#include <skein/core/lowlevel/frame_allocator.hpp>
#include <skein/core/lowlevel/spinlock.hpp>

#include <algorithm>
#include <mutex>
#include <new>
#include <utility>

namespace skein::lowlevel {
namespace {

constexpr std::size_t chunk_bytes = std::size_t{64} << 10;
constexpr std::size_t chunk_alignment = 64;

}  // namespace

// A batch is a list of blocks; the second word of its first block links the batches. All chunks are linked by
// their first word, so that leak checkers see that they are in use.
class central_frames {
 public:
  using block = frame_cache::block;

  void put(std::size_t index, block* first) noexcept {
    list& l = lists_[index];
    std::lock_guard const guard{l.lock};
    link_of(first) = l.batches;
    l.batches = first;
    l.filled.store(true, memory_order_relaxed);
  }

  [[nodiscard]] block* get(std::size_t index) noexcept {
    list& l = lists_[index];
    if (!l.filled.load(memory_order_relaxed)) {
      return nullptr;
    }
    std::lock_guard const guard{l.lock};
    block* const first = l.batches;
    if (first != nullptr) {
      l.batches = link_of(first);
    }
    l.filled.store(l.batches != nullptr, memory_order_relaxed);
    return first;
  }

  [[nodiscard]] char* new_chunk() {
    char* const chunk = static_cast<char*>(::operator new(chunk_bytes, std::align_val_t{chunk_alignment}));
    std::lock_guard const guard{chunks_lock_};
    chunks_ = ::new (chunk) block{chunks_};
    return chunk + chunk_alignment;
  }

 private:
  struct list {
    spinlock lock;
    atomic<bool> filled{false};
    block* batches = nullptr;  // guarded by lock
  };
  static block*& link_of(block* first) noexcept { return *reinterpret_cast<block**>(first + 1); }

  std::array<list, frame_classes> lists_;
  spinlock chunks_lock_;
  block* chunks_ = nullptr;  // guarded by chunks_lock_
};

namespace {
constinit central_frames central;
}

void* frame_cache::refill(std::size_t index) {
  if (block* const batch_head = central.get(index)) {
    std::uint32_t count = 0;
    for (block* b = batch_head->next; b != nullptr; b = b->next) {
      ++count;
    }
    heads_[index] = batch_head->next;
    counts_[index] = count;
    return batch_head;
  }
  std::size_t const size = (index + 1) * frame_step;
  if (static_cast<std::size_t>(fresh_end_ - fresh_) < size) {
    fresh_ = central.new_chunk();  // what is left of the old chunk is less than one block: forget it
    fresh_end_ = fresh_ + chunk_bytes - chunk_alignment;
  }
  char* const taken = fresh_;
  fresh_ += size;
  return taken;
}

void frame_cache::flush(std::size_t index) noexcept {
  block* const first = heads_[index];
  block* last = first;
  for (std::uint32_t i = 1; i < batch; ++i) {
    last = last->next;
  }
  heads_[index] = last->next;
  last->next = nullptr;
  counts_[index] -= batch;
  central.put(index, first);
}

void frame_cache::flush_all() noexcept {
  for (std::size_t index = 0; index < frame_classes; ++index) {
    while (counts_[index] > batch) {
      flush(index);
    }
    if (heads_[index] != nullptr) {
      central.put(index, heads_[index]);
      heads_[index] = nullptr;
      counts_[index] = 0;
    }
  }
}

void frame_cache::swap(frame_cache& other) noexcept {
  heads_.swap(other.heads_);
  counts_.swap(other.counts_);
  std::swap(fresh_, other.fresh_);
  std::swap(fresh_end_, other.fresh_end_);
}

}  // namespace skein::lowlevel
