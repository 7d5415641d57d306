// SPDX-License-Identifier: Apache-2.0
// future_state.hpp: the shared part of a future or task that does not depend on the result type.
//
// The status is claimed by one compare-exchange (rule G4: one winner), the value is written by the winner
// alone, and then published under the lock together with the list of those who wait, so nobody who asks to be
// told is forgotten or told twice.
#pragma once

#include <skein/core/detail/debug_mode.hpp>
#include <skein/core/detail/slot.hpp>
#include <skein/core/lowlevel/atomic.hpp>
#include <skein/core/lowlevel/frame_block.hpp>
#include <skein/core/lowlevel/spinlock.hpp>

#include <cstdint>
#include <exception>
#include <memory>
#include <string>
#include <utility>

namespace skein::detail {

class future_state;
class task_state;
using loop_id = std::uint32_t;

/// Somebody who wants to know that a future is done: an await, a callback, a thread, a gather.
struct completion_node {
  /// Called once, on the thread that completed the future, in order of registration, without locks.
  void (*completed)(completion_node& node, future_state& state) noexcept;
  completion_node* next = nullptr;
  completion_node* previous = nullptr;  // of the first: the last, so that a future has one pointer, not two
  bool linked = false;                  // guarded by the state's lock
};

enum class future_status : std::uint8_t { pending, setting, finished, failed, cancelled };

struct scope_request;

/// What few futures have.
struct future_texts {
  std::string name;
  std::string cancel_message;
  scope_request* sent = nullptr;  // of a task: requests to its branches, not taken back
  made_at made;                   // in debug mode
};

class future_state : public lowlevel::frame_block {
 public:
  future_state(loop_id loop, bool is_task) noexcept : loop_{loop}, is_task_{is_task} {}
  future_state(future_state const&) = delete;
  future_state& operator=(future_state const&) = delete;
  virtual ~future_state();

  // Handles. The last one that goes reports an error that nobody took.
  void retain() noexcept { references_.fetch_add(1, lowlevel::memory_order_relaxed); }
  /// As retain, while the caller's is the only reference.
  void retain_unshared() noexcept { references_.store(2, lowlevel::memory_order_relaxed); }
  void release() noexcept {
    // Who holds the only reference need not count down: nobody else can add one.
    if (unique() || references_.fetch_sub(1, lowlevel::memory_order_acq_rel) == 1) {
      last_reference_gone();
    }
  }
  [[nodiscard]] bool unique() const noexcept { return references_.load(lowlevel::memory_order_acquire) == 1; }

  [[nodiscard]] future_status status() const noexcept { return status_.load(lowlevel::memory_order_acquire); }
  [[nodiscard]] bool done() const noexcept { return status() >= future_status::finished; }
  [[nodiscard]] bool is_task() const noexcept { return is_task_; }
  [[nodiscard]] loop_id loop() const noexcept { return loop_; }
  [[nodiscard]] task_state* as_task() noexcept;

  /// Asks for cancellation: of a plain future at once, of a task by a message to it.
  ///
  /// Returns     False when it was done already.
  virtual bool cancel(std::string message);

  /// Wins the right to complete. The winner writes the result and calls publish.
  [[nodiscard]] bool claim() noexcept {
    auto expected = future_status::pending;
    return status_.compare_exchange_strong(expected, future_status::setting, lowlevel::memory_order_acq_rel,
                                           lowlevel::memory_order_relaxed);
  }
  /// Gives a claim back: writing the result threw.
  void unclaim() noexcept { status_.store(future_status::pending, lowlevel::memory_order_release); }
  /// Makes the result visible and tells everybody.
  void publish(future_status outcome) noexcept;

  /// Returns     False when the future is done already; the node was not taken.
  [[nodiscard]] bool subscribe(completion_node& node) noexcept;
  /// As subscribe, with the lock held by the caller.
  [[nodiscard]] bool subscribe_locked(completion_node& node) noexcept;
  /// Returns     False when the node is not in the list: it was told, or is being told.
  bool unsubscribe(completion_node& node) noexcept;
  [[nodiscard]] lowlevel::spinlock& mutex() noexcept { return lock_; }

  // Errors. The exception of a failed future lives in error_, that of a cancelled one is made when asked for.
  std::exception_ptr error_;
  [[nodiscard]] bool retrieved() const noexcept { return retrieved_.load(lowlevel::memory_order_relaxed); }
  void mark_retrieved() noexcept { retrieved_.store(true, lowlevel::memory_order_relaxed); }
  /// Throws invalid_state_error, cancelled_error or the error unless there is a value.
  void throw_unless_finished();
  [[nodiscard]] std::exception_ptr exception();
  [[noreturn]] void throw_cancelled();

  [[nodiscard]] std::string text(std::string future_texts::* which) const;
  void set_text(std::string future_texts::* which, std::string value);
  void clear_text(std::string future_texts::* which) noexcept;
  /// Where it was made; null when that is not known.
  [[nodiscard]] made_at made() const;
  void set_made(made_at where);
  /// Makes room for texts, so that nothing has to be allocated later.
  void make_texts();

  [[nodiscard]] virtual std::string result_repr() const = 0;
  [[nodiscard]] std::string repr();
  /// The first of those who wait for the result, callbacks among them; guarded by the lock.
  completion_node* waiters_ = nullptr;

 protected:
  /// Returns     The texts, or null; the lock is held.
  [[nodiscard]] future_texts* texts_locked() const noexcept { return texts_.get(); }

  loop_id loop_;

 private:
  void last_reference_gone() noexcept;

  lowlevel::atomic<std::uint32_t> references_{1};
  lowlevel::atomic<future_status> status_{future_status::pending};
  mutable lowlevel::spinlock lock_;
  bool const is_task_;
  lowlevel::atomic<bool> retrieved_{false};

 protected:
  /// Of a task; it stands here because there is room.
  lowlevel::atomic<std::uint32_t> requests_under_way_{0};

 private:
  std::unique_ptr<future_texts> texts_;  // guarded by lock_
};

/// An owning pointer to a state.
template <class State = future_state>
class state_ref {
 public:
  state_ref() noexcept = default;
  /// Takes over a reference that the caller owns.
  static state_ref adopt(State* state) noexcept {
    state_ref r;
    r.state_ = state;
    return r;
  }
  /// Adds a reference.
  static state_ref share(State* state) noexcept {
    if (state != nullptr) {
      state->retain();
    }
    return adopt(state);
  }
  state_ref(state_ref const& other) noexcept : state_{other.state_} {
    if (state_ != nullptr) {
      state_->retain();
    }
  }
  state_ref(state_ref&& other) noexcept : state_{std::exchange(other.state_, nullptr)} {}
  state_ref& operator=(state_ref other) noexcept {
    std::swap(state_, other.state_);
    return *this;
  }
  ~state_ref() {
    if (state_ != nullptr) {
      state_->release();
    }
  }

  [[nodiscard]] State* get() const noexcept { return state_; }
  [[nodiscard]] State* operator->() const noexcept { return state_; }
  [[nodiscard]] State& operator*() const noexcept { return *state_; }
  [[nodiscard]] explicit operator bool() const noexcept { return state_ != nullptr; }
  [[nodiscard]] State* detach() noexcept { return std::exchange(state_, nullptr); }

 private:
  State* state_ = nullptr;
};

}  // namespace skein::detail
