// SPDX-License-Identifier: Apache-2.0
// world.cpp: the policy, step by step; each function is called as the one of core/src that it plays.
#include "world.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace perf::model {
namespace {

// As in core/src/worker.cpp, worker_search.cpp, run_queue.hpp.
constexpr int upkeep_interval = 31;
constexpr int woken_in_a_row_max = 3;
constexpr int search_rounds = 60;
constexpr int polite_rounds = 2;
constexpr int looks_as_long_as_pauses = 32;
constexpr std::size_t run_queue_capacity = 256;

template <class Queue>
std::optional<task> take_front(Queue& queue) {
  if (queue.empty()) {
    return std::nullopt;
  }
  task const t = queue.front();
  queue.pop_front();
  return t;
}

}  // namespace

world::world(machine_model const& machine, program& p)
    : machine_{machine},
      program_{p},
      workers_(machine.workers),
      cores_(machine.cores),
      lines_{machine.workers * own_lines + 3},
      unparked_{1} {
  for (unsigned i = 0; i < machine.workers; ++i) {
    workers_[i].id = i;
  }
}

// ---- cores ---------------------------------------------------------------------------------------------

counts world::play() {
  // The runtime has been there for a while: all but worker 0 sleep. Who brings the first task notifies one.
  for (unsigned i = 1; i < machine_.workers; ++i) {
    workers_[i].is = state::parked;
    sleepers_.push_back(i);
  }
  program_.begin(*this);
  make_runnable(0);
  notify_one();
  while (!program_.ended) {
    if (events_.empty()) {
      throw std::logic_error{"the model stands still: nobody runs, and the program has not ended"};
    }
    event const next = events_.top();
    events_.pop();
    now_ = next.at;
    if (next.what < machine_.cores) {
      run_core(next.what);
    } else if (next.what < machine_.cores + machine_.workers) {
      make_runnable(next.what - machine_.cores);
    } else if (workers_[0].is == state::parked && std::erase(sleepers_, 0U) != 0) {
      ++unparked_;  // the timer of worker 0; if somebody has taken it out, it comes anyway
      workers_[0].is = state::working;
      schedule(now_ + ns().start, machine_.cores);
    }
  }
  for (core const& c : cores_) {
    counts_.busy_ns -= std::max(c.busy_until - now_, 0.0);  // steps that go beyond the end
  }
  counts_.operations = program_.operations;
  counts_.moves = lines_.moves();
  counts_.wall_ns = now_;
  return counts_;
}

// A core that has nothing to do, or the one with the shortest line.
void world::make_runnable(unsigned id) {
  unsigned best = id % machine_.cores;
  auto const load = [this](unsigned c) { return cores_[c].waiting.size() + (cores_[c].runs ? 1 : 0); };
  for (unsigned c = 0; c < machine_.cores && load(best) != 0; ++c) {
    best = load(c) < load(best) ? c : best;
  }
  core& c = cores_[best];
  c.waiting.push_back(id);
  if (!c.scheduled) {
    c.scheduled = true;
    schedule(std::max(now_, c.busy_until), best);
  }
}

void world::run_core(unsigned index) {
  core& c = cores_[index];
  c.scheduled = false;
  if (c.runs && now_ >= c.slice_end && !c.waiting.empty()) {
    c.waiting.push_back(*c.runs);
    c.runs.reset();
  }
  if (!c.runs) {
    if (c.waiting.empty()) {
      return;
    }
    c.runs = c.waiting.front();
    c.waiting.pop_front();
    c.slice_end = now_ + ns().slice;
  }
  me_ = *c.runs;
  here_ = index;
  spent_ = 0;
  step();
  spent_ = std::max(spent_, ns().hit);
  counts_.busy_ns += spent_;
  c.busy_until = now_ + spent_;
  if (me().is == state::parked) {
    c.runs.reset();
  }
  c.scheduled = true;
  schedule(c.busy_until, index);
}

// ---- a step --------------------------------------------------------------------------------------------

void world::step() {
  if (me().is == state::searching) {
    search_round();
  } else if (me().current) {
    run(*me().current);
  } else if (auto const t = next_item()) {
    take(*t);
  } else {
    idle();
  }
}

std::optional<task> world::next_item() {
  worker& w = me();
  if (--w.until_upkeep <= 0) {
    w.until_upkeep = upkeep_interval;
    fire_timer();
    static_cast<void>(take_injected());
  }
  if (w.woken_in_a_row < woken_in_a_row_max && w.next_slot) {
    ++w.woken_in_a_row;
    write(line(w, slot));
    return std::exchange(w.next_slot, std::nullopt);
  }
  w.woken_in_a_row = 0;
  if (auto const t = take_front(w.run_queue)) {
    write(line(w, head));
    return t;
  }
  if (w.next_slot) {
    write(line(w, slot));
  }
  return std::exchange(w.next_slot, std::nullopt);
}

void world::take(task t) {
  stop_searching();
  ++counts_.turns;
  spend(ns().turn);
  me().is = state::working;
  me().current = t;
}

void world::run(task t) {
  answer_knock();
  me().current = program_.run(*this, t);
}

void world::fire_timer() {
  if (me_ == 0 && timer_at_ && *timer_at_ <= now_) {
    timer_at_.reset();
    program_.timer(*this);
  }
}

void world::push_stealable(task t) {
  worker& w = me();
  if (w.run_queue.size() == run_queue_capacity) {
    for (std::size_t i = 0; i < run_queue_capacity / 2; ++i) {
      inject_.push_back(*take_front(w.run_queue));
    }
    inject_.push_back(t);
    write(line(w, head));
    write(inject_line());
  } else {
    w.run_queue.push_back(t);
    store(line(w, tail));
  }
  if (should_notify()) {
    notify_one();
  }
}

void world::push_woken(task t) {
  worker& w = me();
  store(line(w, slot));
  auto const displaced = std::exchange(w.next_slot, t);
  if (displaced) {
    push_stealable(*displaced);
  } else if (w.hungry_others) {
    w.hungry_others = false;
    w.knocked = true;
  }
}

// ---- forks ---------------------------------------------------------------------------------------------

void world::fork(task t) {
  worker& w = me();
  bool const outermost = w.private_forks.empty();
  w.private_forks.push_back(t);
  if (outermost && w.public_forks.empty()) {
    expose(true);
  }
  if (outermost && should_notify()) {
    expose(true);
    notify_one();
  }
  answer_knock();
}

std::optional<task> world::pop_fork() {
  worker& w = me();
  if (w.private_forks.empty() && !w.public_forks.empty()) {
    // Takes back the newer half of the public part.
    write(line(w, forks));
    auto const first = w.public_forks.end() - static_cast<std::ptrdiff_t>((w.public_forks.size() + 1) / 2);
    w.private_forks.assign(first, w.public_forks.end());
    w.public_forks.erase(first, w.public_forks.end());
  }
  if (w.private_forks.empty()) {
    return std::nullopt;
  }
  task const t = w.private_forks.back();
  w.private_forks.pop_back();
  return t;
}

void world::expose(bool all) {
  worker& w = me();
  std::size_t const n = all ? w.private_forks.size() : (w.private_forks.size() + 1) / 2;
  if (n != 0) {
    auto const border = w.private_forks.begin() + static_cast<std::ptrdiff_t>(n);
    w.public_forks.insert(w.public_forks.end(), w.private_forks.begin(), border);
    w.private_forks.erase(w.private_forks.begin(), border);
    write(line(w, forks));
  }
}

void world::knock(worker& other) {
  store(line(other, guard));
  other.knocked = true;
}

void world::answer_knock() {
  worker& w = me();
  read(line(w, guard));
  if (!std::exchange(w.knocked, false)) {
    return;
  }
  write(line(w, guard));
  read(idle_line());
  expose(unparked_ < machine_.workers);
  if (!w.public_forks.empty() || w.next_slot) {
    notify_one();
  } else {
    w.hungry_others = true;
  }
}

// ---- idle ----------------------------------------------------------------------------------------------

void world::idle() {
  worker& w = me();
  fire_timer();
  if (!w.run_queue.empty() || w.next_slot || take_injected()) {
    return;
  }
  if (alone()) {
    park();
    return;
  }
  ++counts_.searches;
  read(idle_line());
  if (!w.searching && 2 * searchers_ >= machine_.workers) {
    if (!try_steal(false)) {
      park();
    }
    return;
  }
  if (!w.searching) {
    ++searchers_;
    write(idle_line());
  }
  w.searching = true;
  w.round = 0;
  w.is = state::searching;
}

// The line has to come for reading first, and then for writing: meanwhile the owner is often faster.
bool world::grab_slot() {
  worker& w = me();
  if (!w.grabs) {
    return false;
  }
  worker& victim = workers_[*std::exchange(w.grabs, std::nullopt)];
  write(line(victim, slot));
  if (!victim.next_slot) {
    return false;
  }
  ++counts_.steals;
  w.last_victim = victim.id;
  take(*std::exchange(victim.next_slot, std::nullopt));
  return true;
}

void world::search_round() {
  worker& w = me();
  if (grab_slot() || try_steal(w.round >= polite_rounds) || take_injected()) {
    w.is = state::working;
    stop_searching();
    return;
  }
  spend(some_pauses());
  int const others = static_cast<int>(machine_.workers) - 1;
  int const rounds = std::max(
      search_rounds * (looks_as_long_as_pauses + 1) / (looks_as_long_as_pauses + others), 2 * polite_rounds);
  if (++w.round >= rounds && !w.grabs) {
    park();
  }
}

// Not always the same, or thief and victim would stay in step.
double world::some_pauses() {
  dice_ = dice_ * 6364136223846793005U + 1442695040888963407U;
  return ns().pauses * (0.75 + 0.5 * static_cast<double>(dice_ >> 40U) / static_cast<double>(1U << 24U));
}

bool world::try_steal(bool take_next_slot) {
  for (unsigned i = 0; i < machine_.workers; ++i) {
    worker& victim = workers_[(me().last_victim + i) % machine_.workers];
    if (victim.id == me_) {
      continue;
    }
    ++counts_.probes;
    if (steal_from(victim, take_next_slot)) {
      ++counts_.steals;
      me().last_victim = victim.id;
      return true;
    }
  }
  return false;
}

bool world::steal_from(worker& victim, bool take_next_slot) {
  worker& w = me();
  std::optional<task> stolen;
  read(line(victim, forks));
  if (!victim.public_forks.empty()) {
    write(line(victim, forks));
    stolen = take_front(victim.public_forks);
    if (victim.public_forks.empty()) {
      knock(victim);
    }
  } else {
    read(line(victim, head));
    read(line(victim, tail));
    if (std::size_t const n = victim.run_queue.size(); n != 0) {
      stolen = take_front(victim.run_queue);
      write(line(victim, head));
      for (std::size_t i = 1; i < n - n / 2; ++i) {
        w.run_queue.push_back(*take_front(victim.run_queue));
      }
      store(line(w, tail));
    } else if (take_next_slot) {
      read(line(victim, slot));
      if (victim.next_slot) {
        w.grabs = victim.id;
      }
    }
  }
  if (!stolen) {
    return false;
  }
  take(*stolen);
  return true;
}

bool world::take_injected() {
  worker& w = me();
  read(inject_line());
  std::size_t const batch = run_queue_capacity / 4;
  if (inject_.empty() || w.run_queue.size() + batch > run_queue_capacity) {
    return false;
  }
  write(inject_line());
  for (std::size_t i = 0; i < batch && !inject_.empty(); ++i) {
    w.run_queue.push_back(*take_front(inject_));
    ++counts_.injected;
  }
  store(line(w, tail));
  return true;
}

void world::stop_searching() {
  if (std::exchange(me().searching, false)) {
    write(idle_line());
    if (--searchers_ == 0) {
      notify_one();
    }
  }
}

bool world::work_is_visible() {
  worker& w = me();
  read(inject_line());
  if (!inject_.empty() || (me_ == 0 && timer_at_ && *timer_at_ <= now_ + spent_)) {
    return true;
  }
  for (worker const& other : workers_) {
    if (other.id != w.id) {
      read(line(other, head));
      read(line(other, tail));
      read(line(other, forks));
      if (!other.run_queue.empty() || !other.public_forks.empty()) {
        return true;
      }
    }
  }
  return false;
}

void world::park() {
  worker& w = me();
  if (!alone()) {
    write(idle_line());
    searchers_ -= std::exchange(w.searching, false) ? 1 : 0;
    spend(ns().fence);
    for (worker& other : workers_) {
      if (other.id != w.id) {
        knock(other);
      }
    }
  }
  if (work_is_visible()) {
    w.is = state::working;
    return;
  }
  --unparked_;
  sleepers_.push_back(w.id);
  ++counts_.parks;
  w.is = state::parked;
  spend(ns().sleep);
}

// ---- the idle set --------------------------------------------------------------------------------------

bool world::should_notify() {
  read(idle_line());
  return searchers_ == 0 && unparked_ < machine_.workers;
}

void world::notify_one() {
  if (!should_notify()) {
    return;
  }
  worker& sleeper = workers_[sleepers_.back()];
  sleepers_.pop_back();
  ++unparked_;
  ++searchers_;
  write(idle_line());
  ++counts_.notified;
  sleeper.is = state::working;
  sleeper.searching = true;
  spend(ns().unpark);
  schedule(now_ + spent_ + ns().start, machine_.cores + sleeper.id);
}

}  // namespace perf::model
