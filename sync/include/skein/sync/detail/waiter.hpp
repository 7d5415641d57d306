// SPDX-License-Identifier: Apache-2.0
// waiter.hpp: a wait that stands in the line of a primitive, and the lines.
//
// What       A wait that stands in a line says so in one pointer, from before it is published in its flow
//            until it ends. Whoever takes it out writes the pointer under the spinlock of the primitive. One
//            that was given something stands in a line of the called until it has run, so that a canceller
//            finds it and takes back at once what it was given (place.hpp).
// Source     Ours.
// Threads    Lines: any thread, with the lock held.
// Progress   Spinlock; a few dozen instructions are held under it, no user code, no wake-up.
// Lifetime   A line outlives every await of its primitive. When it goes nevertheless it disbands: those who
//            stand in it are orphans, who can only be cancelled or destroyed.
//
// Invariants
//   I1  With the lock held, line() is the line that links the waiter, or null when none does. It is linked in
//       one at a time.
//   I2  line() is set before the flow publishes the wait, and a waiter moves between lines without a moment
//       in which it is null: a canceller that finds null knows that it is called or an orphan.
//   I3  called() never becomes false again: its coroutine is woken exactly once by whoever set it.
//
// Orders     [tag] stands at the line that carries the order.
//   [A] line_, store, release   pairs with [B]: who finds the waiter out of line sees called() and
//                               orphaned() as they were written before.
//   [B] line(), load, acquire.
//
// Checked    tests/sync/waiter_test.cpp, tests/sync/handoff_cancel_test.cpp; tests/stress/sync_stress.cpp
//            under ThreadSanitizer.
#pragma once

#include <skein/core/lowlevel/atomic.hpp>
#include <skein/core/lowlevel/biased_lock.hpp>
#include <skein/core/lowlevel/wait_node.hpp>

#include <cassert>
#include <cstddef>
#include <source_location>
#include <utility>

namespace skein::detail {

class waiter_line;

/// A wait that can stand in a line.
class waiter : public lowlevel::wait_node {
 public:
  waiter(lowlevel::work_ops const& kind, std::source_location at) noexcept : wait_node{kind, at} {}
  waiter(waiter const&) = delete;
  waiter& operator=(waiter const&) = delete;

  [[nodiscard]] waiter_line* line() const noexcept {
    return line_.load(lowlevel::memory_order_acquire);  // [B]
  }
  /// Returns     True when somebody gave it what it waits for and wakes it.
  [[nodiscard]] bool called() const noexcept { return called_; }
  /// Returns     True when its primitive was destroyed while it stood in line.
  [[nodiscard]] bool orphaned() const noexcept { return orphaned_; }
  /// Returns     The next in line; null for the last one.
  [[nodiscard]] waiter* behind() const noexcept { return behind_; }

 protected:
  ~waiter() = default;

  /// For the destructor of every awaiter: takes it out of its line. Also when it was resumed and nobody asked
  /// for what it got: g++ 12 calls await_resume of `co_await a + co_await b` after both waits.
  void leave() noexcept {
    wait_node::leave();
    if (line() != nullptr) [[unlikely]] {
      ops().abandon(*this);
    }
  }

  /// The `run` of a wait that gives way when its budget is spent: called, it goes on; else its turn has come,
  /// and it takes what it wants now or stands in line. `take_or_enter()`, with the lock held, returns true
  /// when it stands in line.
  template <class Wait>
  static void run_again(Wait& self, lowlevel::biased_lock& lock) noexcept {
    if (!std::exchange(self.yields_, false)) {
      resume(self);
      return;
    }
    if (self.begin_unpublished()) {
      lowlevel::biased_guard const guard{lock};
      if (self.take_or_enter()) {
        return;
      }
    }
    self.resume_now();
  }

  // The waiting coroutine only. The budget is spent: it has its turn later, even if it need not wait. It
  // gives way without what it could have: whoever wanted that meanwhile would stand in line, and everybody
  // after him.
  bool yields_ = false;

 private:
  friend class waiter_line;

  // Guarded by the lock of the line.
  bool called_ = false;
  bool orphaned_ = false;
  waiter* behind_ = nullptr;  // who is before it: wait_node::previous
  lowlevel::atomic<waiter_line*> line_{nullptr};
};

/// Waiters, first come, first served. The caller holds the lock.
class waiter_line {
 public:
  explicit waiter_line(lowlevel::biased_lock& lock) noexcept : lock_{lock} {}
  waiter_line(waiter_line const&) = delete;
  waiter_line& operator=(waiter_line const&) = delete;
  ~waiter_line() = default;

  [[nodiscard]] lowlevel::biased_lock& lock() const noexcept { return lock_; }
  [[nodiscard]] bool empty() const noexcept { return first_ == nullptr; }
  [[nodiscard]] waiter* first() const noexcept { return first_; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }

  /// Puts a waiter at the end and begins its wait.
  ///
  /// Returns     False when a cancel was pending: it is not in line and does not wait.
  [[nodiscard]] bool enter(waiter& w) noexcept;
  /// The same for one that has what it wants and only yields.
  [[nodiscard]] bool enter_called(waiter& w) noexcept;
  void remove(waiter& w) noexcept;
  /// Takes the first one out to be woken; null when there is none.
  [[nodiscard]] waiter* call_first() noexcept;
  /// As call_first, but it stands in another line until it runs.
  [[nodiscard]] waiter* call_first(waiter_line& called) noexcept;
  /// Moves a waiter to the end of another line, whose lock is held as well.
  void pass(waiter& w, waiter_line& to) noexcept;
  /// The primitive goes: nobody here will be found any more.
  ///
  /// Returns     How many there were.
  std::size_t disband() noexcept;

 private:
  void link(waiter& w) noexcept;
  void unlink(waiter& w) noexcept;

  lowlevel::biased_lock& lock_;
  waiter* first_ = nullptr;
  waiter* last_ = nullptr;
  std::size_t size_ = 0;
};

// A canceller that finds the published wait finds its line (I2), and has to take the lock before it goes on.
inline bool waiter_line::enter(waiter& w) noexcept {
  assert(w.line() == nullptr && "a wait stands in one line at a time");
  w.line_.store(this, lowlevel::memory_order_release);  // [A]
  if (!w.begin()) [[unlikely]] {
    w.line_.store(nullptr, lowlevel::memory_order_release);  // [A]
    return false;
  }
  link(w);
  return true;
}

inline bool waiter_line::enter_called(waiter& w) noexcept {
  w.called_ = true;
  return enter(w);
}

inline void waiter_line::remove(waiter& w) noexcept {
  unlink(w);
  w.line_.store(nullptr, lowlevel::memory_order_release);  // [A]
}

inline void waiter_line::pass(waiter& w, waiter_line& to) noexcept {
  unlink(w);
  to.link(w);
  w.line_.store(&to, lowlevel::memory_order_release);  // [A]
}

inline waiter* waiter_line::call_first() noexcept {
  waiter* const w = first_;
  if (w != nullptr) {
    w->called_ = true;
    remove(*w);
  }
  return w;
}

inline waiter* waiter_line::call_first(waiter_line& called) noexcept {
  waiter* const w = first_;
  if (w != nullptr) {
    w->called_ = true;
    pass(*w, called);
  }
  return w;
}

inline void waiter_line::link(waiter& w) noexcept {
  w.behind_ = nullptr;
  w.previous = last_;
  (last_ != nullptr ? last_->behind_ : first_) = &w;
  last_ = &w;
  ++size_;
}

inline void waiter_line::unlink(waiter& w) noexcept {
  assert(w.line() == this && "it is taken out of the line that it stands in");
  auto* const before = static_cast<waiter*>(w.previous);
  (before != nullptr ? before->behind_ : first_) = w.behind_;
  if (w.behind_ != nullptr) {
    w.behind_->previous = before;
  } else {
    last_ = before;
  }
  --size_;
}

/// Waiters to be woken after the lock was given back.
class wake_chain {
 public:
  void add(waiter* w) noexcept {
    if (w != nullptr) {
      w->next = nullptr;
      (last_ != nullptr ? last_->next : first_) = w;
      last_ = w;
    }
  }
  /// Wakes all, in the order in which they were added.
  void wake() noexcept {
    while (first_ != nullptr) {
      auto* const w = static_cast<waiter*>(first_);
      first_ = w->next;
      lowlevel::wake(*w);
    }
    last_ = nullptr;
  }

 private:
  lowlevel::work_item* first_ = nullptr;
  lowlevel::work_item* last_ = nullptr;
};

/// Says in a debug build that a primitive was destroyed with tasks in line.
void report_disbanded(char const* primitive, std::size_t waiters) noexcept;

}  // namespace skein::detail
