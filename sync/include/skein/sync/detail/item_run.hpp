// SPDX-License-Identifier: Apache-2.0
// item_run.hpp: items that stand in a queue by value, many in a block.
//
// What       An item of a type that is copied as bytes cannot run code of the user when it moves: it is copied
//            under the lock, from the putter into the last run of the queue and from the first run to the
//            getter. That is the fast path, inlined, while no getter waits and there is room. Everything else
//            (hand-over, waiting putters, a spent budget) goes the way of nodes; both may stand in one list.
// Source     Ours; notes/queue_runs.md has the numbers.
// Threads    Any.
// Progress   Spinlock.
// Lifetime   A run that was emptied is kept for the next one; a second one is freed.
//
// Checked    tests/sync/item_run_test.cpp, and every test of queue and channel with numbers as items.
#pragma once

#include <skein/sync/detail/queue_core.hpp>

#include <skein/core/detail/frame.hpp>
#include <skein/core/lowlevel/biased_lock.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>
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

/// Returns     Where the item of a run with an index is.
[[nodiscard]] inline void* item_of_run(queue_node& run, std::uint32_t index, std::size_t size) noexcept {
  return reinterpret_cast<std::byte*>(&run) + run_header + index * size;
}

/// A block of items; the node is its head.
struct item_run : queue_node {
  static void* operator new(std::size_t) { return new_frame(run_bytes); }
  static void operator delete(void* memory) noexcept { delete_frame(memory, run_bytes); }
};

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
    std::unique_ptr<item_run> fresh;
    outcome o = try_put(core, item, fresh);
    while (o == outcome::no_run) [[unlikely]] {
      fresh = std::make_unique<item_run>();
      o = try_put(core, item, fresh);
    }
    return o == outcome::done;
  }

  /// Takes a copy of the oldest item if that stands in a run.
  [[nodiscard]] static bool take(queue_core& core, void* into) noexcept {
    wake_chain chain;
    std::unique_ptr<item_run> superfluous;
    {
      lowlevel::biased_guard const guard{core.lock_};
      queue_node* const run = core.head_;
      if (run == nullptr || !run->is_run()) {
        return false;
      }
      std::memcpy(into, item_of_run(*run, run->first, sizeof(T)), sizeof(T));
      core.pop_of_run();
      if (core.spare_ != nullptr && core.spare_->next != nullptr) [[unlikely]] {
        superfluous.reset(static_cast<item_run*>(std::exchange(core.spare_, core.spare_->next)));
      }
      if (!core.putters_.empty()) [[unlikely]] {
        core.call_putters(chain);
      }
    }
    chain.wake();
    return true;
  }

 private:
  static outcome try_put(queue_core& core, T const& item, std::unique_ptr<item_run>& fresh) noexcept {
    lowlevel::biased_guard const guard{core.lock_};
    if (core.shut_down_ || !core.getters_.empty() || !core.has_room()) {
      return outcome::otherwise;
    }
    queue_node* run = core.tail_;
    if (core.head_ == nullptr || !run->is_run() || run->last == capacity) [[unlikely]] {
      run = core.spare_ != nullptr ? std::exchange(core.spare_, core.spare_->next) : fresh.release();
      if (run == nullptr) {
        return outcome::no_run;
      }
      run->first = 0;
      run->last = 0;
      run->number = core.put_in_total_ + 1;
      core.store(*run);
    }
    std::memcpy(item_of_run(*run, run->last++, sizeof(T)), &item, sizeof(T));
    ++core.put_in_total_;
    ++core.unfinished_;
    ++core.size_;
    return outcome::done;
  }
};

}  // namespace skein::detail
