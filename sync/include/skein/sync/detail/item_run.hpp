// SPDX-License-Identifier: Apache-2.0
// item_run.hpp: items that stand in a queue by value, many in a block.
//
// What       An item of a type that is copied as bytes cannot run code of the user when it moves: it is
//            copied under the lock, from the putter into the last run of the queue, and from the first run to
//            the getter. That is the fast path, inlined, while nobody waits. Everything else (a hand-over, a
//            putter that waits, a spent budget) goes the way of nodes; both may stand in one list.
// Source     Ours; notes/queue_runs.md has the numbers.
// Threads    Any.
// Progress   Spinlock.
// Lifetime   A run that was emptied is kept for the next one; a second one is freed.
//
// Checked    tests/sync/item_run_test.cpp, and every test of queue and channel with numbers as items.
#pragma once

#include <skein/sync/detail/queue_core.hpp>

#include <skein/core/lowlevel/biased_lock.hpp>
#include <skein/core/lowlevel/frame_block.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <type_traits>
#include <utility>

namespace skein::detail {

inline constexpr std::size_t run_bytes = 512;  // a size of the frame allocator
inline constexpr std::size_t run_header = 32;
static_assert(sizeof(queue_node) <= run_header);

/// Whether items may stand in runs.
template <class T>
inline constexpr bool stands_in_runs =
    std::is_trivially_copyable_v<T> && !std::is_const_v<T> && sizeof(T) <= 64 && alignof(T) <= 16;

/// A block of items; the node is its head.
struct item_run : queue_node, lowlevel::frame_block {
  item_run() noexcept {}  // leaves the memory as it is
  alignas(16) std::byte items[run_bytes - run_header];
};
static_assert(sizeof(item_run) == run_bytes);

/// Returns     Where the item of a run with an index is.
[[nodiscard]] inline void* item_of_run(queue_node& run, std::uint32_t index, std::size_t size) noexcept {
  return static_cast<item_run&>(run).items + index * size;
}

/// Where a getter that waits has an item of a run copied to; nothing for a queue without runs.
template <class T, bool InRuns>
class item_copy {
 public:
  [[nodiscard]] void* place() noexcept { return memory_; }
  [[nodiscard]] static T item_at(void* place) noexcept { return std::move(*static_cast<T*>(place)); }

 private:
  alignas(T) std::byte memory_[sizeof(T)];
};
template <class T>
class item_copy<T, false> {
 public:
  [[nodiscard]] static void* place() noexcept { return nullptr; }
};

/// The fast path of a queue of T.
template <class T>
struct runs_of {
  static constexpr std::uint32_t capacity = static_cast<std::uint32_t>((run_bytes - run_header) / sizeof(T));

  enum class outcome {
    done,
    no_run,     // one is needed first
    otherwise,  // the way of nodes knows what to do
  };

  /// Puts a copy if nobody waits for an item and there is room.
  ///
  /// Throws      `std::bad_alloc`; nothing was put.
  [[nodiscard]] static bool put(queue_core& core, T const& item) {
    outcome const o = try_put(core, item);
    return o == outcome::no_run ? put_into_new_run(core, item) : o == outcome::done;
  }

  /// Takes a copy of the oldest item if that stands in a run, and nobody waits for the room.
  [[nodiscard]] static bool take(queue_core& core, void* into) noexcept {
    queue_node* emptied = nullptr;
    {
      lowlevel::biased_guard const guard{core.lock_};
      queue_node* const run = core.head_;
      if (run == nullptr || !run->is_run() || !core.putters_.empty()) {
        return false;
      }
      std::memcpy(into, item_of_run(*run, run->first, sizeof(T)), sizeof(T));
      --core.size_;
      if (++run->first == run->last) [[unlikely]] {
        emptied = core.retire_run();
      }
    }
    if (emptied != nullptr) [[unlikely]] {
      delete static_cast<item_run*>(emptied);
    }
    return true;
  }

 private:
  [[nodiscard]] static outcome try_put(queue_core& core, T const& item) noexcept {
    lowlevel::biased_guard const guard{core.lock_};
    if (core.shut_down_ || !core.getters_.empty() || !core.has_room_for_oldest()) {
      return outcome::otherwise;
    }
    queue_node* const run = core.tail_;
    if (core.head_ == nullptr || !run->is_run() || run->last == capacity) [[unlikely]] {
      if (core.spare_ == nullptr) {
        return outcome::no_run;
      }
      core.begin_run();
      store(core, *core.tail_, item);
    } else {
      store(core, *run, item);
    }
    return outcome::done;
  }
  static void store(queue_core& core, queue_node& run, T const& item) noexcept {
    std::memcpy(item_of_run(run, run.last++, sizeof(T)), std::addressof(item), sizeof(T));
    ++core.put_in_total_;
    ++core.unfinished_;
    ++core.size_;
  }
  [[nodiscard, gnu::noinline]] static bool put_into_new_run(queue_core& core, T const& item) {
    outcome o = outcome::no_run;
    while (o == outcome::no_run) {  // somebody else may fill the one we bring
      core.add_spare(*std::make_unique<item_run>().release());
      o = try_put(core, item);
    }
    return o == outcome::done;
  }
};

}  // namespace skein::detail
