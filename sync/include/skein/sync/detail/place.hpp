// SPDX-License-Identifier: Apache-2.0
// place.hpp: what a cancel does to a wait that stands in a line.
//
// What       A canceller finds the line in the waiter, takes the lock of the line, and looks again: the
//            waiter may have moved meanwhile. One that was not called yet leaves the line and is woken. One
//            that was called gives back what it was given at once, and whoever called it wakes it.
// Source     Ours.
// Threads    cancel_place: the thread that cancels.  abandon_place: the thread that destroys the frame.
// Progress   Spinlock; a waiter moves between lines a few times at most, each of which can make the canceller
//            look once more.
// Lifetime   The flow of the waiter is busy meanwhile: its frame stays where it is (flow.hpp, I2). The line
//            outlives the await.
//
// Checked    tests/sync/handoff_cancel_test.cpp; tests/stress/sync_stress.cpp under ThreadSanitizer.
#pragma once

#include <skein/sync/detail/waiter.hpp>

#include <skein/core/lowlevel/dependency.hpp>

namespace skein::detail {

/// Takes back, with the lock held, what a called waiter was given; adds to the chain who gets it now.
using give_back_function = void (*)(waiter& from, wake_chain& chain) noexcept;
/// Calls, with the lock held, those behind a waiter that left the line before it was called.
using close_ranks_function = void (*)(waiter& from, wake_chain& chain) noexcept;

/// For waits that are given nothing: they leave every line when they are called.
inline void gives_nothing_back(waiter&, wake_chain&) noexcept {}
/// For lines in which nobody can go on because somebody left.
inline void changes_nothing(waiter&, wake_chain&) noexcept {}

/// Holds the lock of the line in which a waiter stands.
class held_place {
 public:
  explicit held_place(waiter& w) noexcept;
  held_place(held_place const&) = delete;
  held_place& operator=(held_place const&) = delete;
  ~held_place() {
    if (line_ != nullptr) {
      line_->lock().unlock();
    }
  }
  /// Returns     Null when it stands in none; then nothing is held.
  [[nodiscard]] waiter_line* line() const noexcept { return line_; }

 private:
  waiter_line* line_;
};

/// The `cancel` of a wait: one in line leaves it and is woken; one that was called gives back at once.
///
/// Returns     False when it had been called and there is nothing to give back.
[[nodiscard]] bool cancel_place(waiter& w, give_back_function give_back,
                                close_ranks_function close_ranks) noexcept;
/// The `cancel` of an orphan, whom nobody else wakes.
[[nodiscard]] bool cancel_orphan(waiter& w) noexcept;
/// The `abandon` of a wait.
void abandon_place(waiter& w, give_back_function give_back, close_ranks_function close_ranks) noexcept;

/// The operations of a wait that stands in lines.
template <give_back_function GiveBack, close_ranks_function CloseRanks = &changes_nothing>
[[nodiscard]] constexpr lowlevel::work_ops place_ops(
    char const* what, void (*depends)(lowlevel::wait_node&, lowlevel::dependency&) noexcept = nullptr,
    void (*run)(lowlevel::work_item&) noexcept = &lowlevel::wait_node::resume) noexcept {
  return {run,
          &lowlevel::drop_wait,
          [](lowlevel::wait_node& node) noexcept {
            return cancel_place(static_cast<waiter&>(node), GiveBack, CloseRanks);
          },
          [](lowlevel::wait_node& node) noexcept {
            abandon_place(static_cast<waiter&>(node), GiveBack, CloseRanks);
          },
          what,
          depends};
}

}  // namespace skein::detail
