// SPDX-License-Identifier: Apache-2.0
// task_state.hpp: the shared part of a task: its root coroutine, its flow, its place in the runtime.
#pragma once

#include <skein/core/detail/context_slot.hpp>
#include <skein/core/detail/future_state.hpp>
#include <skein/core/lowlevel/flow.hpp>
#include <skein/core/lowlevel/work_item.hpp>

#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace skein {
enum class task_state;
struct task_options;
}  // namespace skein

namespace skein::detail {

class worker;

/// A cancel request of a scope to the strand that entered it. A branch of a `when_all` is such a strand: only
/// it is cancelled, not its task.
struct scope_request {
  lowlevel::flow* strand = nullptr;
  scope_request* next = nullptr;
};

/// One block for a task: reference count, state, result slot, flow, registry links. The coroutine frame is
/// the only other allocation.
class task_state : public future_state, public lowlevel::work_item, public lowlevel::task_flow {
 public:
  /// Makes a task of `home`'s loop. It is not scheduled yet; see launch.
  task_state(worker& home, bool pinned);
  ~task_state() override;

  /// Gives the task its context, and what `options` say if it is not null; registers it and schedules its
  /// first step. The runtime holds a reference until it is finished.
  ///
  /// Throws      `loop_closed_error`; the task is then destroyed with its coroutine unstarted.
  static void launch(task_state& task, std::coroutine_handle<> root, slot_base& result,
                     task_options* options);

  bool cancel(std::string message) override;
  [[nodiscard]] int cancelling() const noexcept { return cancelling_.load(lowlevel::memory_order_acquire); }
  int uncancel() noexcept;

  // Requests of scopes (timeouts, groups) to one strand of this task; see cancel_scope.hpp.

  /// Counts the request and delivers it. To a branch only after make_texts.
  void send(scope_request& request) noexcept;
  /// Takes a request back that was sent.
  void take_back(scope_request& request) noexcept;
  /// Returns     How many requests that were not taken back reach a strand of this task.
  [[nodiscard]] int cancelling_of(lowlevel::flow& strand) noexcept;
  struct standing {
    int seen;      ///< requests that were thrown and caught, and not taken back
    bool pending;  ///< one or more were not thrown yet
  };
  /// Returns     How the running strand stands to the requests that reach it.
  [[nodiscard]] standing standing_of(lowlevel::flow& strand) noexcept;
  /// Keeps a request pending that the running strand was not to see yet: it is thrown where the strand waits
  /// next, and a task that does not wait again ends cancelled.
  void hold_cancel(lowlevel::flow& strand) noexcept;

  /// A request is being thrown in this task: from now on its end is judged by later requests only.
  void cancel_was_thrown() noexcept {
    if (cancelled_itself_.load(lowlevel::memory_order_relaxed) && !cancel_pending()) {
      cancelled_itself_.store(false, lowlevel::memory_order_relaxed);
    }
  }

  [[nodiscard]] std::string name() const;
  [[nodiscard]] std::uint64_t id() const noexcept { return id_; }
  [[nodiscard]] worker& home() const noexcept { return *home_; }
  [[nodiscard]] bool pinned() const noexcept { return pinned_; }
  /// The first coroutine; null when it has ended. For the worker that runs the task.
  [[nodiscard]] std::coroutine_handle<> root() const noexcept { return root_; }
  /// Returns     The index of the worker that runs it now.
  [[nodiscard]] std::optional<unsigned> runs_on() const noexcept;
  /// Returns     A snapshot: pending (it waits), scheduled, running.
  [[nodiscard]] skein::task_state phase() const noexcept;
  [[nodiscard]] std::string message_of_cancel() const { return text(&future_texts::cancel_message); }

  /// The root coroutine ended; its frame is gone. Called by the worker that ran its last piece.
  void root_finished() noexcept;
  /// Destroys the root coroutine where it is suspended: its loop is closed. Reports the task.
  void destroy_pending() noexcept;

  /// What the result slot says, for finishing.
  [[nodiscard]] slot_base& result() noexcept {
    return *reinterpret_cast<slot_base*>(reinterpret_cast<std::byte*>(this) + result_offset_);
  }
  /// Destroys the kept callable and arguments, if there are any.
  virtual void drop_payload() noexcept {}
  /// Moves the error out of the result slot.
  [[nodiscard]] virtual std::exception_ptr take_error() noexcept = 0;

  context_slot own_context;
  static lowlevel::work_ops const start_ops;

  // The registry of the loop that the task was made on; guarded by the registry's lock.
  task_state* registry_next = nullptr;
  task_state* registry_previous = nullptr;

 private:
  friend class worker;
  static void start(lowlevel::work_item& item) noexcept;
  static void drop_start(lowlevel::work_item& item) noexcept;
  /// Counted first and delivered then: whoever looks meanwhile can tell.
  class request_under_way;
  void apply(task_options& options);
  [[nodiscard]] bool may_start_here() const noexcept;
  void start_here() noexcept;
  void run_first_piece(thread_state& thread) noexcept;
  void finish() noexcept;

  // Constant after launch.
  worker* home_;
  std::uint64_t id_;
  std::coroutine_handle<> root_;
  std::uint16_t result_offset_ = 0;  // from here to the slot: a pointer would cost every task 32 bytes
  bool pinned_;
  lowlevel::atomic<bool> cancelled_itself_{false};  // asks for an end that was not thrown yet
  // Any thread.
  lowlevel::atomic<std::int32_t> cancelling_{0};
};

template <class T>
class future_of : public future_state {
 public:
  explicit future_of(loop_id loop) noexcept : future_state{loop, false} {
    result_.status.store(slot_status::empty, lowlevel::memory_order_relaxed);
  }
  ~future_of() override { result_.clear(); }

  [[nodiscard]] std::string result_repr() const override;
  slot<T> result_;
};

template <class T>
class task_of : public task_state {
 public:
  task_of(worker& home, bool pinned) : task_state{home, pinned} {
    result_.status.store(slot_status::empty, lowlevel::memory_order_relaxed);
  }
  ~task_of() override { result_.clear(); }

  [[nodiscard]] std::string result_repr() const override;
  [[nodiscard]] std::exception_ptr take_error() noexcept override {
    std::exception_ptr error = std::move(result_.error);
    std::destroy_at(&result_.error);
    result_.status.store(slot_status::empty, lowlevel::memory_order_relaxed);
    return error;
  }
  slot<T> result_;
};

template <class T>
[[nodiscard]] slot<T>& result_slot(future_state& state) noexcept {
  return state.is_task() ? static_cast<task_of<T>&>(state).result_
                         : static_cast<future_of<T>&>(state).result_;
}

[[nodiscard]] task_state& task_of_branch(lowlevel::flow& flow) noexcept;
/// The task that a flow belongs to.
[[nodiscard]] inline task_state& task_of_flow(lowlevel::flow& flow) noexcept {
  return flow.is_branch() ? task_of_branch(flow) : static_cast<task_state&>(flow);
}

/// The worker to make tasks on: the running one of this thread.
///
/// Throws      `no_running_loop_error`.
[[nodiscard]] worker& running_worker();
[[nodiscard]] loop_id id_of(worker const& w) noexcept;

}  // namespace skein::detail
