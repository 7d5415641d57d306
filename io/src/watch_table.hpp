// SPDX-License-Identifier: Apache-2.0
// watch_table.hpp: the descriptors that one driver watches, whether they are ready, and who waits for that.
//
// What       A slot for each descriptor, with two sides, read and write. An event makes a side ready and
//            takes out who waits; a call that would block makes it not ready. Slots are used again, never
//            freed while anybody may hold one, and numbered anew for each descriptor: an event for the one
//            before is recognised by its number.
// Source     The readiness of Tokio's I/O driver, with ticks, for edge-triggered events.
// Threads    All functions: any thread. deliver: the loop of the driver.
// Progress   Spinlocks; taking a slot may allocate under a mutex.
// Lifetime   Shared by the driver and every registration. When the driver goes the table is closed: nothing
//            becomes ready any more, and handlers are told.
//
// Invariants (guarded by the lock of the slot)
//   I1  Whoever takes a waiter or handler out of a side tells it, once.
//   I2  An event that comes between a look and `spent` is not forgotten: it has changed the tick.
//
// Checked    tests/io/watch_table_test.cpp; tests/stress/io_stress.cpp under ThreadSanitizer.
#pragma once

#include <skein/core/lowlevel/spinlock.hpp>
#include <skein/core/lowlevel/wait_node.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <source_location>
#include <vector>

namespace skein::detail {

class watched;

enum class side : std::uint8_t { read, write };

/// Somebody of the library to be called when a descriptor is ready; asked for anew each time.
class readiness_handler {
 public:
  readiness_handler() = default;
  readiness_handler(readiness_handler const&) = delete;
  readiness_handler& operator=(readiness_handler const&) = delete;
  virtual ~readiness_handler() = default;
  /// Called without locks, by the thread of the loop, or by whoever closes the descriptor.
  virtual void on_ready() noexcept = 0;
  /// Called instead when the loop has gone.
  virtual void on_gone() noexcept {}
};

/// A coroutine that waits for a descriptor; see await_ready.hpp.
class readiness_wait;

/// What a side looked like at one moment.
struct glimpse {
  bool ready;
  std::uint32_t tick;
};

enum class watching { armed, ready, occupied, cancelled, gone };

/// A slot.
class watched {
 public:
  /// Returns     Whether a call may succeed now.
  [[nodiscard]] glimpse look(side s) noexcept;
  /// A call would have blocked: not ready until the next event, unless one came since the look.
  void spent(side s, glimpse seen) noexcept;
  /// A call took less than it could have: the same, unless the peer has hung up.
  void drained(side s, glimpse seen) noexcept;

  /// Waits for the side, on behalf of a coroutine that was prepared.
  [[nodiscard]] watching watch(std::uint32_t number, side s, readiness_wait& waiter) noexcept;
  /// The same on behalf of the library.
  [[nodiscard]] watching watch(std::uint32_t number, side s,
                               std::shared_ptr<readiness_handler> handler) noexcept;
  /// Takes a waiter out.
  ///
  /// Returns     False when it was told already.
  [[nodiscard]] bool forget(side s, readiness_wait& waiter, bool cancelled) noexcept;

 private:
  friend class watch_table;

  struct half {
    bool ready = true;  // unknown: the first call finds out
    bool hung_up = false;
    std::uint32_t tick = 0;
    readiness_wait* waiter = nullptr;
    std::shared_ptr<readiness_handler> handler;
  };
  /// Who has to be told, after the unlock.
  struct told {
    readiness_wait* waiter = nullptr;
    std::shared_ptr<readiness_handler> handler;
    void tell() noexcept;
  };

  [[nodiscard]] half& at(side s) noexcept { return halves_[static_cast<std::size_t>(s)]; }
  [[nodiscard]] told take(half& h) noexcept;

  lowlevel::spinlock lock_;
  std::uint32_t index_ = 0;                   // constant
  std::uint32_t number_ = 0;                  // counts the descriptors that had this slot
  lowlevel::atomic<int>* waiters_ = nullptr;  // constant: the table's count
  std::array<half, 2> halves_;
};

class watch_table {
 public:
  explicit watch_table(int epoll) noexcept : epoll_{epoll} {}
  watch_table(watch_table const&) = delete;
  watch_table& operator=(watch_table const&) = delete;
  ~watch_table();

  struct entry {
    watched* slot;
    std::uint32_t number;
  };

  /// Begins to watch a descriptor, for these epoll events.
  ///
  /// Throws      `std::system_error`, `std::bad_alloc`; `std::runtime_error` when the driver is gone.
  [[nodiscard]] entry add(int fd, std::uint32_t events);
  /// Changes what is watched: 0 is nothing.
  void change(int fd, entry e, std::uint32_t events) noexcept;
  /// Ends the watching, then calls `before_telling`, then tells those who wait.
  void remove(int fd, entry e, void (*before_telling)(int fd)) noexcept;

  /// What epoll says of the entry with this key.
  void deliver(std::uint64_t key, std::uint32_t events) noexcept;
  /// The driver goes. Coroutines that wait are not told: they go with their loop.
  void close() noexcept;

  /// Returns     True while somebody waits.
  [[nodiscard]] bool has_waiters() const noexcept {
    return waiters_.load(lowlevel::memory_order_relaxed) > 0;
  }

  static constexpr std::uint64_t no_key = ~std::uint64_t{0};

 private:
  static constexpr unsigned chunks_max = 20;
  static constexpr std::uint32_t first_chunk = 64;  // each chunk is twice as long as the one before

  [[nodiscard]] watched* slot_at(std::uint32_t index) const noexcept;
  [[nodiscard]] watched& take_slot();
  [[nodiscard]] static std::uint64_t key_of(entry e) noexcept {
    return (std::uint64_t{e.number} << 32U) | e.slot->index_;
  }

  lowlevel::atomic<int> waiters_{0};
  std::array<lowlevel::atomic<watched*>, chunks_max> chunks_{};  // written with mutex_ held
  std::mutex mutex_;
  int epoll_;                        // -1 when closed; guarded by mutex_
  std::uint32_t made_ = 0;           // slots; guarded by mutex_
  std::vector<std::uint32_t> free_;  // guarded by mutex_
};

}  // namespace skein::detail
