// SPDX-License-Identifier: Apache-2.0
// flow.hpp: one strand of sequential execution inside a task, and how a cancel request reaches it.
//
// What       A task has one flow; each child of a `when_all` has one of its own while it runs. The word of a
//            flow holds the wait that its coroutine is suspended in, if any, and a pending cancel request.
// Source     Ours.
// Threads    begin_wait, end_wait, take_cancel: the thread that runs the flow.  The others: any.
// Progress   begin_wait is wait-free. request_cancel and end_wait wait for each other for the moment in which
//            a canceller looks at the wait (busy): no user code, no allocation happens there.
// Lifetime   A flow lives in its task or in the frame of the coroutine that awaits the `when_all`; whoever
//            requests a cancel holds the task, or is a sibling that the join still waits for.
//
// Invariants
//   I1  The pointer is set exactly while the coroutine is suspended in that wait.
//   I2  While busy is set the wait stays where it is: end_wait spins, so its frame lives.
//   I3  A request is delivered once: to the wait, which then throws, or as the cancel bit, which the next
//       begin_wait or the end of the current wait takes.
//
// Orders     [tag] stands at the line that carries the order.
//   [A] begin_wait, compare-exchange, release   pairs with [B]: a canceller sees the whole wait.
//   [B] request_cancel and inspect, compare-exchange, acq_rel (sets busy).
//   [C] request_cancel, store or fetch_and, release (clears busy)   pairs with [D]: what the canceller did to
//       the wait happens before the frame goes on.
//   [D] end_wait, compare-exchange, acquire.
//   [E] withdraw, fetch_and, acquire   pairs with request_cancel's release: who takes a request back sees
//       what its sender had counted before (task_state::uncancel looks again).
//   [F] cancel_pending, load, acquire   pairs with request_cancel's release: who sees a request sees that it
//       was counted (task_state::standing_of).
//
// Checked    tests/core/flow_test.cpp; tests/stress/cancel_stress.cpp under ThreadSanitizer.
#pragma once

#include <skein/core/lowlevel/atomic.hpp>

#include <cstdint>
#include <source_location>

namespace skein::lowlevel {

class wait_node;

/// The cancellable state of one strand of execution.
class flow {
 public:
  enum class kind : std::uintptr_t { task = 0, branch = 4 };

  explicit flow(kind k) noexcept : word_{static_cast<std::uintptr_t>(k)} {}
  flow(flow const&) = delete;
  flow& operator=(flow const&) = delete;

  [[nodiscard]] bool is_branch() const noexcept {
    return (word_.load(memory_order_relaxed) & branch_bit) != 0;
  }

  /// Publishes the wait in which the coroutine is about to suspend. Called with the lock of the primitive
  /// held, so that nobody can end the wait before it is published.
  ///
  /// Returns     False when a cancel request was pending. It is taken by this call: the caller does not
  ///             suspend and throws `cancelled_error`.
  [[nodiscard]] bool begin_wait(wait_node& wait) noexcept {
    std::uintptr_t word = word_.load(memory_order_relaxed) & branch_bit;
    if (word_.compare_exchange_strong(word, word | reinterpret_cast<std::uintptr_t>(&wait),  // [A]
                                      memory_order_release, memory_order_relaxed)) [[likely]] {
      return true;
    }
    word_.fetch_and(~cancel_bit, memory_order_relaxed);
    return false;
  }

  /// Takes the wait back after the coroutine was resumed.
  ///
  /// Returns     True when a cancel request came after the wait had ended: the caller gives back what it was
  ///             granted and throws.
  [[nodiscard]] bool end_wait() noexcept {
    std::uintptr_t word = word_.load(memory_order_relaxed);
    for (;;) {
      if ((word & busy_bit) != 0) [[unlikely]] {
        word = await_canceller();
      }
      if (word_.compare_exchange_weak(word, word & branch_bit, memory_order_acquire,  // [D]
                                      memory_order_relaxed)) {
        return (word & cancel_bit) != 0;
      }
    }
  }

  /// Takes a pending request that came before the first step.
  [[nodiscard]] bool take_cancel() noexcept {
    if ((word_.load(memory_order_relaxed) & cancel_bit) == 0) [[likely]] {
      return false;
    }
    return (word_.fetch_and(~cancel_bit, memory_order_relaxed) & cancel_bit) != 0;
  }

  /// What became of a request.
  enum class delivery : std::uint8_t {
    kept,   ///< nothing waits, or the wait has ended already: it is delivered at the end or at the next wait
    taken,  ///< the wait took it
    again,  ///< kept, and the wait has ended because it took an earlier one: both are one `cancelled_error`
  };
  /// Delivers a cancel request: to the current wait, or to the next one.
  delivery request_cancel() noexcept;

  /// Returns     True while the calling thread is inside request_cancel of this flow: what it waits for waits
  ///             for it.
  [[nodiscard]] bool being_cancelled_here() const noexcept;

  /// Looks at the current wait while it is held where it is.
  ///
  /// Returns     False when the flow does not wait; f was not called.
  bool inspect(void (*f)(wait_node& wait, void* context), void* context) noexcept;
  /// The same, but does not wait for a canceller or for another who looks: for who holds several flows.
  ///
  /// Returns     False also when somebody looks at the wait or cancels it just now.
  bool try_inspect(void (*f)(wait_node& wait, void* context), void* context) noexcept;

  /// Takes back a request that was not delivered yet (`task::uncancel`).
  ///
  /// Returns     True when there was one.
  bool withdraw() noexcept {
    return (word_.fetch_and(~cancel_bit, memory_order_acquire) & cancel_bit) != 0;  // [E]
  }

  /// Returns     True while the coroutine is suspended in a wait; a snapshot.
  [[nodiscard]] bool waiting() const noexcept {
    return (word_.load(memory_order_relaxed) & pointer_mask) != 0;
  }
  [[nodiscard]] bool cancel_pending() const noexcept {
    return (word_.load(memory_order_acquire) & cancel_bit) != 0;  // [F]
  }

 private:
  static constexpr std::uintptr_t busy_bit = 1;
  static constexpr std::uintptr_t cancel_bit = 2;
  static constexpr std::uintptr_t branch_bit = 4;
  static constexpr std::uintptr_t pointer_mask = ~std::uintptr_t{7};

  [[nodiscard]] std::uintptr_t await_canceller() const noexcept;

  atomic<std::uintptr_t> word_;
};

/// The flow of a task, which also knows where its coroutines waited last.
class task_flow : public flow {
 public:
  task_flow() noexcept : flow{kind::task} {}

  void note_wait(std::source_location const& where) noexcept {
    last_wait_.store(where, memory_order_relaxed);
  }
  /// Returns     A snapshot; line 0 when it never waited.
  [[nodiscard]] std::source_location last_wait() const noexcept {
    return last_wait_.load(memory_order_relaxed);
  }

 private:
  atomic<std::source_location> last_wait_{std::source_location{}};
};

}  // namespace skein::lowlevel
