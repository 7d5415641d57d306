// SPDX-License-Identifier: Apache-2.0
// world.hpp: the workers of the model, their queues, and the cores that they run on.
#pragma once

#include "lines.hpp"
#include "model.hpp"

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <queue>
#include <vector>

namespace perf::model {

/// What runs: its meaning is the program's.
struct task {
  std::uint32_t id = 0;
};

class world;

/// A program: what its tasks do, and when it has ended.
class program {
 public:
  program() = default;
  program(program const&) = delete;
  program& operator=(program const&) = delete;
  virtual ~program() = default;

  /// Makes the first task, with `inject`.
  virtual void begin(world& w) = 0;
  /// Runs a piece of a task on the worker whose step it is.
  ///
  /// Returns     What this worker goes on with in its next step, before it looks at any queue.
  virtual std::optional<task> run(world& w, task t) = 0;
  /// What a timer does, if the program has set one.
  virtual void timer(world&) {}

  bool ended = false;
  std::uint64_t operations = 0;
};

class world {
 public:
  world(machine_model const& machine, program& p);

  /// Plays to the end.
  [[nodiscard]] counts play();

  // -- For programs: what the task that runs does. All of it is paid by the worker that runs it.

  void spend(double ns) { spent_ += ns; }
  void inject(task t) { inject_.push_back(t); }
  void push_stealable(task t);
  void push_woken(task t);
  /// A fork: private, or public when nothing else is.
  void fork(task t);
  /// Returns     The fork that is newest on this worker, if none was stolen.
  [[nodiscard]] std::optional<task> pop_fork();
  /// Touches a cache line of the program's own, for writing.
  void write_own_line() { write(program_line()); }
  /// Calls `program::timer` on worker 0 after so long.
  void set_timer(double after) {
    timer_at_ = now_ + spent_ + after;
    schedule(*timer_at_, machine_.cores + machine_.workers);
  }
  [[nodiscard]] costs const& ns() const { return machine_.ns; }
  [[nodiscard]] bool alone() const { return machine_.workers == 1; }

 private:
  enum class state { working, searching, parked };

  struct worker {
    unsigned id = 0;
    state is = state::working;
    bool searching = false;  // counts as such
    bool knocked = false;
    bool hungry_others = false;
    int until_upkeep = 0;
    int woken_in_a_row = 0;
    int round = 0;
    unsigned last_victim = 0;
    std::optional<unsigned> grabs;  // whose next slot it saw filled: it takes it in its next step
    std::optional<task> current;    // taken from a queue, or going on
    std::optional<task> next_slot;
    std::deque<task> run_queue;
    std::deque<task> public_forks;  // oldest first
    std::vector<task> private_forks;
  };
  struct core {
    std::optional<unsigned> runs;
    std::deque<unsigned> waiting;
    double slice_end = 0;
    double busy_until = 0;
    bool scheduled = false;
  };
  struct event {
    double at;
    std::uint64_t order;  // of equal times
    unsigned what;        // a core; cores + a worker that becomes runnable; after them the timer
    bool operator>(event const& other) const { return at != other.at ? at > other.at : order > other.order; }
  };

  // -- Cores.
  void schedule(double at, unsigned what) { events_.push({at, ++order_, what}); }
  void make_runnable(unsigned id);
  void run_core(unsigned index);

  // -- A step of the worker me_, on the core here_; they add to spent_.
  void step();
  [[nodiscard]] std::optional<task> next_item();
  void take(task t);
  void run(task t);
  void idle();
  void search_round();
  [[nodiscard]] bool grab_slot();
  [[nodiscard]] bool try_steal(bool take_next_slot);
  [[nodiscard]] bool steal_from(worker& victim, bool take_next_slot);
  [[nodiscard]] bool take_injected();
  void stop_searching();
  void park();
  [[nodiscard]] bool work_is_visible();
  void fire_timer();
  [[nodiscard]] double some_pauses();

  // -- The idle set.
  [[nodiscard]] bool should_notify();
  void notify_one();
  void answer_knock();
  void expose(bool all);
  void knock(worker& other);

  // -- Cache lines: of each worker its run queue's head and tail, its next slot, its fork word, its guard.
  enum own_line { head, tail, slot, forks, guard, own_lines };
  [[nodiscard]] std::size_t idle_line() const { return workers_.size() * own_lines; }
  [[nodiscard]] std::size_t inject_line() const { return idle_line() + 1; }
  [[nodiscard]] std::size_t program_line() const { return idle_line() + 2; }
  [[nodiscard]] static std::size_t line(worker const& w, own_line which) { return w.id * own_lines + which; }
  void read(std::size_t l) { spent_ += lines_.read(l, here_) ? ns().transfer : ns().hit; }
  /// An atomic read-modify-write: waits for the line.
  void write(std::size_t l) { spent_ += lines_.write(l, here_) ? ns().transfer : ns().hit; }
  /// A plain store: the store buffer waits, the core does not.
  void store(std::size_t l) {
    static_cast<void>(lines_.write(l, here_));
    spent_ += ns().hit;
  }

  [[nodiscard]] worker& me() { return workers_[me_]; }

  machine_model const machine_;
  program& program_;
  std::vector<worker> workers_;
  std::vector<core> cores_;
  cache_lines lines_;
  std::deque<task> inject_;
  std::vector<unsigned> sleepers_;
  unsigned searchers_ = 0;
  unsigned unparked_;
  std::priority_queue<event, std::vector<event>, std::greater<>> events_;
  std::uint64_t order_ = 0;
  std::uint64_t dice_ = 1;
  std::optional<double> timer_at_;
  double now_ = 0;
  double spent_ = 0;  // in this step
  unsigned me_ = 0;
  unsigned here_ = 0;
  counts counts_;
};

}  // namespace perf::model
