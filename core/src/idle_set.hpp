// SPDX-License-Identifier: Apache-2.0
// idle_set.hpp: which workers sleep, which search, and whom to unpark when work appears.
//
// What       A word that counts the searching and the unparked workers, and a list of the sleeping ones. Who
//            has new work unparks one sleeper only if nobody searches; the last searcher that finds work
//            unparks one more. So wake-ups follow the work without a herd.
// Source     The idle state of Go's scheduler ("spinning" threads) as Tokio describes it.
// Threads    Any.
// Progress   should_notify and the searching transitions are lock-free; the list has a lock.
//
// Invariants
//   I1  A worker is in the list exactly while it counts as parked.
//   I2  Push work, then should_notify. Park, then look at every queue. Not both miss each other:
//       should_notify begins with a light fence, park ends with a heavy one.
//   I3  At most half of the workers search.
//
// Checked    tests/core/idle_set_test.cpp; tests/stress/park_stress.cpp under ThreadSanitizer.
#pragma once

#include <skein/core/lowlevel/asymmetric_fence.hpp>
#include <skein/core/lowlevel/atomic.hpp>
#include <skein/core/lowlevel/spinlock.hpp>

#include <cstdint>
#include <optional>
#include <vector>

namespace skein::detail {

class idle_set {
 public:
  explicit idle_set(unsigned workers);

  /// Returns     True when somebody sleeps and nobody searches.
  [[nodiscard]] bool should_notify() const noexcept {
    fence_.light();
    std::uint32_t const word = word_.load(lowlevel::memory_order_seq_cst);
    return searching(word) == 0 && unparked(word) < workers_;
  }
  /// Returns     True when somebody sleeps.
  [[nodiscard]] bool anyone_parked() const noexcept {
    return unparked(word_.load(lowlevel::memory_order_relaxed)) < workers_;
  }

  /// Takes a sleeper out, to be unparked by the caller; it counts as searching from now on.
  [[nodiscard]] std::optional<unsigned> take_sleeper() noexcept;

  /// A worker goes to sleep. What was pushed by who did not see it asleep is visible to it afterwards.
  void park(unsigned id, bool was_searching) noexcept;
  /// A worker woke up by itself, by a deadline or by work of its own.
  ///
  /// Returns     False when somebody had taken it out: it counts as searching.
  [[nodiscard]] bool unpark(unsigned id) noexcept;

  /// Returns     False when enough others search.
  [[nodiscard]] bool start_searching() noexcept;
  /// Returns     True when it was the last one that searched.
  [[nodiscard]] bool stop_searching() noexcept;

  /// A snapshot, for tests.
  [[nodiscard]] unsigned unparked_now() const noexcept {
    return unparked(word_.load(lowlevel::memory_order_seq_cst));
  }

 private:
  static constexpr std::uint32_t one_searching = 1U << 16;
  static constexpr std::uint32_t searching(std::uint32_t word) noexcept { return word >> 16; }
  static constexpr std::uint32_t unparked(std::uint32_t word) noexcept { return word & 0xffff; }

  // Constant after construction.
  std::uint32_t const workers_;
  lowlevel::asymmetric_fence const fence_{lowlevel::asymmetric_fence::of_process()};
  // Any thread.
  alignas(lowlevel::cache_line) lowlevel::atomic<std::uint32_t> word_;
  lowlevel::spinlock lock_;
  std::vector<unsigned> sleepers_;  // guarded by lock_; room for all is reserved
};

}  // namespace skein::detail
