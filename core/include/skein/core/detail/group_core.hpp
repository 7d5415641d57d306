// SPDX-License-Identifier: Apache-2.0
// group_core.hpp: the children of a task group, their errors, and the end of both.
#pragma once

#include <skein/core/coro.hpp>
#include <skein/core/detail/cancel_scope.hpp>
#include <skein/core/detail/completion_link.hpp>
#include <skein/core/detail/doorbell.hpp>
#include <skein/core/lowlevel/frame_block.hpp>
#include <skein/core/lowlevel/spinlock.hpp>

#include <cstddef>
#include <exception>
#include <memory>
#include <vector>

namespace skein::detail {

/// The shared part of a group.
///
/// Threads     enter and exit: the parent. The rest: any thread.
/// Lifetime    Counted: by the group, by each child that has not ended, and by who cancels it meanwhile.
///
/// Invariants
///   I1  The parent does not leave before `busy_` is 0: it counts children, places for children to come, and
///       threads that cancel the group.
///   I2  A child that is in `children_` was not asked to stop by the group; one in `asked_` was, once.
class group_core {
 public:
  class child;

  group_core() = default;
  group_core(group_core const&) = delete;
  group_core& operator=(group_core const&) = delete;

  void retain() noexcept { references_.fetch_add(1, lowlevel::memory_order_relaxed); }
  void release() noexcept;

  /// Throws      `std::runtime_error` when entered before, or outside of a task.
  void enter();
  /// Waits for all children.
  ///
  /// Returns     True when the body's error is swallowed: it is the group's own cancellation.
  /// Throws      A group of errors, the error that stops the loop, or `cancelled_error`.
  [[nodiscard]] coro<bool> exit(std::exception_ptr error);
  /// The group goes without having been left: cancels and reports what is left.
  void abandon() noexcept;
  /// Cancels the body and the children.
  void cancel() noexcept;

  /// Makes a place for a child.
  ///
  /// Throws      `std::runtime_error` when the group takes no more children.
  [[nodiscard]] std::unique_ptr<child> admit();
  /// Puts a task into its place.
  void adopt(std::unique_ptr<child> place, future_state& task) noexcept;
  /// Gives a place back.
  void dismiss(std::unique_ptr<child> place) noexcept;

  [[nodiscard]] std::size_t size() noexcept;

 private:
  struct child_list {
    child* first = nullptr;
    child* last = nullptr;
  };
  static link_ops const told_ops;
  static void child_told(completion_link& link) noexcept;
  static void child_lost(completion_link& link) noexcept;
  static state_ref<> behind_child(completion_link& link) noexcept;
  static void append(child_list& list, child& c) noexcept;
  static void remove(child_list& list, child& c) noexcept;

  [[nodiscard]] bool abort(bool parent_too) noexcept;
  void cancel_children() noexcept;
  [[nodiscard]] state_ref<> next_to_ask() noexcept;
  void child_ended(future_state& task) noexcept;
  void forget(std::unique_ptr<child> c) noexcept;
  void end_busy() noexcept;
  [[nodiscard]] bool finish_if_idle() noexcept;

  lowlevel::atomic<std::uint32_t> references_{1};
  lowlevel::spinlock lock_;
  // Guarded by lock_.
  bool entered_ = false;
  bool exiting_ = false;
  bool finished_ = false;
  bool aborting_ = false;
  bool had_children_ = false;
  std::size_t busy_ = 0;
  std::size_t size_ = 0;
  child_list children_;
  child_list asked_;
  std::vector<std::exception_ptr> errors_;
  std::exception_ptr stops_the_loop_;
  // Asked by whoever made aborting_ true, while it counts in busy_.
  cancel_scope scope_;
  doorbell bell_;
};

/// One child, or a place for one.
class group_core::child : public completion_link, public lowlevel::frame_block {
 public:
  explicit child(group_core& g) noexcept : completion_link{told_ops}, group_{g} {}

 private:
  friend class group_core;
  group_core& group_;
  state_ref<> task_;
  // Guarded by the group's lock.
  child* next_ = nullptr;
  child* previous_ = nullptr;
  bool asked_ = false;  // which list it is in
};

/// A place for a child while its task is made.
class group_place {
 public:
  explicit group_place(group_core& group) : group_{group}, child_{group.admit()} {}
  group_place(group_place const&) = delete;
  group_place& operator=(group_place const&) = delete;
  ~group_place() {
    if (child_ != nullptr) {
      group_.dismiss(std::move(child_));
    }
  }
  void fill(future_state& task) noexcept { group_.adopt(std::move(child_), task); }

 private:
  group_core& group_;
  std::unique_ptr<group_core::child> child_;
};

}  // namespace skein::detail
