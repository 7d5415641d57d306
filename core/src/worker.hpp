// SPDX-License-Identifier: Apache-2.0
// worker.hpp: one loop and the thread that runs it: its queues, timers, driver, and the order of a turn.
#pragma once

#include "debug_mode.hpp"
#include "parker.hpp"
#include "pulse.hpp"
#include "relief.hpp"
#include "task_registry.hpp"

#include <skein/core/detail/thread_state.hpp>
#include <skein/core/event_loop.hpp>
#include <skein/core/lowlevel/driver.hpp>
#include <skein/core/lowlevel/inbox.hpp>
#include <skein/core/lowlevel/run_queue.hpp>
#include <skein/core/lowlevel/spinlock.hpp>
#include <skein/core/lowlevel/timer_heap.hpp>
#include <skein/core/runtime.hpp>

#include <sys/types.h>

#include <cstdint>
#include <memory>

namespace skein::detail {

class runtime_core;

/// A loop. Its functions are spread over worker.cpp (turns), worker_search.cpp (stealing and parking),
/// worker_post.cpp (what others send) and worker_takeover.cpp (what they do for it).
class worker {
 public:
  worker(runtime_core& runtime, unsigned index, loop_id id);
  worker(worker const&) = delete;
  worker& operator=(worker const&) = delete;
  ~worker();

  // -- Turns: the owner's thread.

  /// Binds this thread to the worker and runs turns until leave is asked for, or the runtime stops.
  void run();
  /// Lets run return at the end of the turn that is now being run, or at once when it is idle.
  void leave() noexcept { leaving_.store(true, lowlevel::memory_order_relaxed); }
  [[nodiscard]] bool running() const noexcept { return running_.load(lowlevel::memory_order_acquire); }

  /// Goes on with coroutines that were joined or moved off the stack just now. All belong to the task that
  /// runs.
  void go_on() noexcept;

  /// Queues behind everything that is ready; stays on this worker.
  void push_ready(lowlevel::work_item& item) noexcept { ready_.push_back(item); }
  /// Queues a task that was woken: it runs next, unless it would starve others.
  void push_woken(lowlevel::work_item& item) noexcept;
  /// Queues a task behind those that may be stolen.
  void push_stealable(lowlevel::work_item& item) noexcept;
  /// Somebody wants work: offers forks and the next slot.
  void answer_knock() noexcept;

  // -- What others send: any thread.

  /// Returns     False when the loop is closed; the item was not taken.
  [[nodiscard]] bool post(lowlevel::work_item& item) noexcept;
  /// As post, inside the handler of a signal, which may have interrupted this very loop.
  [[nodiscard]] bool post_from_signal(lowlevel::work_item& item) noexcept;
  void unpark() noexcept { parker_.unpark(driver_); }
  /// Lets the worker ask, before its next step, whether debug mode is on.
  void look_at_mode() noexcept { look_at_mode_.store(true, lowlevel::memory_order_release); }

  // -- What is seen from outside: any thread.

  [[nodiscard]] pulse beat() const noexcept {
    return {turns_.load(lowlevel::memory_order_relaxed), rests_.load(lowlevel::memory_order_relaxed)};
  }
  /// Returns     True when it sleeps and nobody has unparked it, and when it does not run.
  [[nodiscard]] bool asleep() const noexcept {
    return parker_.announced() || !running_.load(lowlevel::memory_order_seq_cst);  // after [A] of the monitor
  }
  /// Returns     The system's number of the thread that runs it, or ran it last.
  [[nodiscard]] pid_t thread_number() const noexcept {
    return thread_number_.load(lowlevel::memory_order_relaxed);
  }
  /// The monitor's thread only.
  void count_stall() noexcept { add_one(stalls_); }

  // -- While a step holds the worker up: the monitor's thread, but for look_after.

  /// Returns     True when there is anything but the task that runs: another task, a timer, a message.
  [[nodiscard]] bool holds_others_up() noexcept;

  /// Puts what is ready and not pinned where every worker finds it. `through` is empty, before and after.
  ///
  /// Returns     False when there was nothing.
  bool give_away(lowlevel::run_queue& through) noexcept;
  /// Returns     True when timers are due, or somebody waits for I/O.
  [[nodiscard]] bool needs_looking_after() noexcept;
  /// Fires the timers that are due and takes in events; on a worker, not while another one does.
  void look_after();
  /// Asks a neighbour for that.
  void ask_for_relief() noexcept { relief_.ask(); }

  // -- Closing: the owner's thread, while it does not run.

  void close() noexcept;
  [[nodiscard]] bool closed() const noexcept { return closed_.load(lowlevel::memory_order_acquire); }

  [[nodiscard]] lowlevel::instant now() const noexcept;
  [[nodiscard]] worker_metrics metrics() const noexcept;
  /// Returns     True when nothing is queued here; the owner's thread.
  [[nodiscard]] bool quiet() const noexcept { return ready_.empty() && looks_quiet(); }
  /// Returns     The same of what others may see, which is all of it while the owner sleeps; a snapshot.
  [[nodiscard]] bool looks_quiet() const noexcept;
  void set_driver(std::unique_ptr<lowlevel::driver> d) noexcept;
  [[nodiscard]] lowlevel::driver* driver() const noexcept { return driver_.get(); }
  /// Takes in the events that are there; the owner's thread.
  void poll_driver();
  void count_spill() noexcept { add_one(spills_); }

  // Constant after construction.
  runtime_core& runtime;
  unsigned const index;
  loop_id const id;
  event_loop* face;  // the public side of this loop

  lowlevel::timer_heap timers;       // any thread
  task_registry registry;            // any thread
  thread_state thread;               // owner only, but for its guard
  lowlevel::instant watched_ns = 0;  // owner only; in debug mode: steps that stood in the one that runs

 private:
  friend struct thread_binding;
  using counter = lowlevel::atomic<std::uint64_t>;
  static void add(counter& c, std::uint64_t n) noexcept {
    c.store(c.load(lowlevel::memory_order_relaxed) + n, lowlevel::memory_order_relaxed);
  }
  static void add_one(counter& c) noexcept { add(c, 1); }

  // worker.cpp
  [[nodiscard]] lowlevel::work_item* next_item();
  [[nodiscard]] lowlevel::work_item* next_of_lone();
  [[nodiscard]] lowlevel::work_item* next_of_many();
  [[nodiscard]] lowlevel::work_item* take_woken() noexcept;
  void run_item(lowlevel::work_item& item) noexcept;
  void begin_turn() noexcept;
  void drain() noexcept;
  // worker_debug.cpp
  [[nodiscard]] bool in_debug_mode() noexcept;
  void run_in_debug_mode(lowlevel::work_item& item) noexcept;
  void run_stolen_in_debug_mode(void* fork) noexcept;
  [[nodiscard]] bool has_more() const noexcept { return thread.next.coroutine || !thread.spilled.empty(); }
  void collect(bool with_driver);
  void collect_here(bool with_driver);
  [[nodiscard]] bool must_leave() const noexcept;

  // worker_search.cpp
  void idle();
  void idle_alone();
  void idle_among_others();
  [[nodiscard]] bool jump_in_time();
  [[nodiscard]] bool search();
  void stop_searching() noexcept;
  [[nodiscard]] bool try_steal(bool take_next_slot);
  [[nodiscard]] bool steal_from(worker& victim, bool take_next_slot);
  [[nodiscard]] bool take_injected() noexcept;
  [[nodiscard]] bool work_is_visible() const noexcept;
  void park();
  [[nodiscard]] bool nothing_outstanding() const noexcept;
  void sleep_until_due(lowlevel::instant limit);
  void retract() noexcept;
  void run_found(lowlevel::work_item& item) noexcept;
  void run_fork(void* fork) noexcept;
  [[nodiscard]] lowlevel::instant due_together(lowlevel::instant due, lowlevel::instant at) noexcept;
  void knock() noexcept;
  void knock_at_others() noexcept;

  // Owner only.
  lowlevel::work_list ready_;  // pinned tasks, callbacks; with one worker everything
  std::size_t pass_left_ = 0;  // with one worker: items of this pass
  int until_upkeep_ = 0;       // with several: turns until inbox, inject queue, timers, driver are looked at
  int woken_in_a_row_ = 0;
  int turns_since_poll_ = 0;
  std::size_t fired_ = 0;           // timers, since it slept last
  lowlevel::instant last_due_ = 0;  // until when it slept for a timer last
  bool ready_first_ = false;
  bool passed_ = false;  // at least one pass was run since run()
  bool searching_ = false;
  bool hungry_others_ = false;  // somebody knocked, and there was nothing to offer
  unsigned last_victim_ = 0;
  std::unique_ptr<lowlevel::driver> driver_;  // set with upkeep_ held
  counter turns_{0};
  counter steals_{0};
  counter parks_{0};
  counter spills_{0};
  counter searches_{0};
  counter probes_{0};
  counter notified_{0};
  counter injected_{0};
  counter rests_{1};         // begun and ended ones: odd while it rests, see pulse.hpp
  counter stalls_{0};        // the monitor's
  frame_tracking tracking_;  // in debug mode: the frame cache of the thread
  // Any thread.
  lowlevel::fork_deque forks_;
  lowlevel::run_queue run_queue_;
  alignas(lowlevel::cache_line) lowlevel::atomic<lowlevel::work_item*> next_slot_{nullptr};
  lowlevel::inbox inbox_;
  parker parker_;
  lowlevel::atomic<bool> leaving_{false};
  // With several workers: held by who fires the timers and asks the driver, and by the owner while it sleeps.
  // So timers fire in their order, and nobody takes an event that was to wake the owner.
  lowlevel::spinlock upkeep_;
  relief relief_{*this};
  lowlevel::atomic<bool> running_{false};
  lowlevel::atomic<pid_t> thread_number_{0};
  lowlevel::atomic<bool> closed_{false};
  lowlevel::atomic<bool> look_at_mode_{false};  // debug mode is on, or was just changed
};

/// Binds the calling thread to a worker for the lifetime of the object.
struct thread_binding {
  explicit thread_binding(worker& w);
  thread_binding(thread_binding const&) = delete;
  thread_binding& operator=(thread_binding const&) = delete;
  ~thread_binding();

 private:
  worker& worker_;
  thread_state* before_;
};

/// Makes an item of a task ready, on the right worker. `fair`: behind everything that is ready.
///
/// Threads     Any. Item and task may be gone when it returns.
void schedule(lowlevel::work_item& item, task_state& task, bool fair) noexcept;

}  // namespace skein::detail
