// SPDX-License-Identifier: Apache-2.0
// stall_reporter.cpp: finding the task that runs, asking its thread, and the words for it.
#include "stall_reporter.hpp"

#include "runtime_core.hpp"
#include "signals_blocked.hpp"
#include "waiters.hpp"

#include <skein/core/report.hpp>

#include <fmt/core.h>

#include <chrono>
#include <system_error>
#include <utility>

namespace skein::detail {
namespace {

constexpr std::size_t places_max = 64;                 // told apart; later ones count as "elsewhere"
constexpr std::size_t tasks_max = 20'000;              // looked through on each loop for the one that runs
constexpr lowlevel::instant between = 10'000'000'000;  // ns from one count of a place to the next

lowlevel::instant steady_now() noexcept {
  return std::chrono::steady_clock::now().time_since_epoch().count();
}

double in_ms(lowlevel::instant time) noexcept { return static_cast<double>(time) / 1e6; }

std::string innermost_of(thread_look const& look, std::vector<call_frame> const& frames) {
  if (!frames.empty()) {
    return fmt::format(", at {} in {}()", short_place(frames.front()), frames.front().function);
  }
  return look.system_call ? fmt::format(", in {}", name_of_system_call(*look.system_call)) : "";
}

// What a step is known by: where its task waited last, else by its task's name and where it is now.
std::string words_for(std::optional<call_graph> const& task, thread_look const& look,
                      std::vector<call_frame> const& frames) {
  if (!task) {
    return "a callback" + innermost_of(look, frames);
  }
  if (!task->call_stack.empty()) {
    call_frame const& last = task->call_stack.front();
    return fmt::format("a step after {} in {}()", short_place(last), last.function);
  }
  std::string const name = task->future.shared_state()->as_task()->name();
  return (name.starts_with("Task-") ? "the first step of a task"
                                    : fmt::format("the first step of '{}'", name)) +
         innermost_of(look, frames);
}

std::string words_for(thread_look const& look, std::vector<call_frame> const& frames) {
  if (look.system_call && frames.empty()) {
    return fmt::format("its thread waits in {}, which a question for its stack would end",
                       name_of_system_call(*look.system_call));
  }
  std::string const text = look.system_call
                               ? fmt::format("its thread waits in {}", name_of_system_call(*look.system_call))
                               : "its thread computes";
  return frames.empty() ? text + "; its stack is not known" : text + ":\n" + traceback_text(frames);
}

// What our references keep may be destroyed with the last one: that happens on the loop, not here.
void give_back(worker& home, std::optional<call_graph> graph) {
  if (!graph) {
    return;
  }
  call_ref const call = bind_call([kept = std::move(graph)] {});
  call->retain();  // the queue's reference
  if (!home.post(*call)) {
    call->release();
  }
}

}  // namespace

void stall_reporter::post(stall const& what) noexcept {
  try {
    std::lock_guard const guard{mutex_};
    posted_.push_back(what);
    if (!thread_.joinable()) {
      signals_blocked const here;
      thread_ = std::thread{[this] { run(); }};
      pthread_setname_np(thread_.native_handle(), "skein-reports");
    }
    changed_.notify_one();
  } catch (std::exception const&) {
    log_line("skein: a worker is held up, and there is no memory or no thread to say by what");
  }
}

void stall_reporter::stop() noexcept {
  {
    std::lock_guard const guard{mutex_};
    stopping_ = true;
    changed_.notify_one();
  }
  if (thread_.joinable()) {
    thread_.join();
  }
}

void stall_reporter::run() noexcept {
  std::vector<stall> now;
  for (;;) {
    {
      std::unique_lock guard{mutex_};
      changed_.wait(guard, [&] { return !posted_.empty() || stopping_; });
      now.clear();
      now.swap(posted_);
    }
    try {
      for (stall const& s : now) {
        s.ended ? end(s) : begin(s);
      }
      if (now.empty()) {
        for (auto& [key, p] : places_) {
          tell_how_often(p);
        }
        return;
      }
    } catch (std::bad_alloc const&) {
      log_line("skein: a worker is held up, and there is no memory to say by what");
    }
  }
}

std::optional<call_graph> stall_reporter::running_task(worker& w) const {
  task_state const* const running = w.thread.task();  // it may be gone already
  state_ref<> task;
  for (std::size_t i = 0; i < runtime_.workers.size() && running != nullptr && !task; ++i) {
    task = runtime_.workers[i]->registry.find(running, tasks_max);
  }
  return task ? capture_call_graph(any_future{std::move(task)}) : std::nullopt;
}

void stall_reporter::begin(stall const& s) {
  worker& w = *s.where;
  std::optional<call_graph> task = running_task(w);
  thread_look look = look_at_thread(w.thread_number());
  bool const over = w.beat() != s.at;  // then what we saw may be of another step
  if (over) {
    give_back(w, std::exchange(task, std::nullopt));
    look = {};
  }
  std::vector<call_frame> const frames = look.stack.frames();
  std::string const what = over ? "a step that is over by now" : words_for(task, look, frames);
  place& p = place_of(what);
  p.longest = std::max(p.longest, s.held);
  bool const first = p.told_at == 0;
  open_[&w] = {&p, first};
  if (first) {
    p.told_at = steady_now();
    log_line(fmt::format("skein: worker {} is held up for {:.0f} ms by {}", w.index, in_ms(s.held), what));
    if (task) {
      log_lines(text_of(task));
    }
    if (!over) {
      log_lines(words_for(look, frames));
    }
  } else {
    ++p.more;
    if (steady_now() - p.told_at >= between) {
      tell_how_often(p);
    }
  }
  give_back(w, std::move(task));
  looked_at_.fetch_add(1, lowlevel::memory_order_release);
}

stall_reporter::place& stall_reporter::place_of(std::string const& what) {
  std::string const key = places_.contains(what) || places_.size() < places_max ? what : "steps elsewhere";
  place& p = places_[key];
  p.what = key;
  return p;
}

void stall_reporter::end(stall const& s) {
  open_stall const was = std::exchange(open_[s.where], {});
  if (was.where == nullptr) {
    return;
  }
  was.where->longest = std::max(was.where->longest, s.held);
  if (was.at_length) {
    log_line(fmt::format("skein: worker {} goes on after {:.0f} ms", s.where->index, in_ms(s.held)));
  }
}

void stall_reporter::tell_how_often(place& p) {
  if (p.more == 0) {
    return;
  }
  log_line(fmt::format("skein: {} more stall(s) by {}, the longest so far of {:.0f} ms",
                       std::exchange(p.more, 0), p.what, in_ms(p.longest)));
  p.told_at = steady_now();
}

}  // namespace skein::detail
