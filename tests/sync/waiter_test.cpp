// SPDX-License-Identifier: Apache-2.0
// waiter_test.cpp: the lines of the primitives: one line at a time, in order, taken out of any place.
#include <support/test_case.hpp>

#include <skein/core/create_task.hpp>
#include <skein/sync/detail/place.hpp>

#include <sys/wait.h>
#include <unistd.h>

#include <coroutine>
#include <csignal>
#include <cstdio>
#include <mutex>
#include <source_location>
#include <vector>

namespace {

using skein::detail::waiter;
using skein::detail::waiter_line;
using skein::detail::wake_chain;

/// Two lines with one lock: those who wait, and those who were called.
struct counter_desk {
  skein::lowlevel::biased_lock lock;
  waiter_line waiting{lock};
  waiter_line called{lock};
  int came_back = 0;
  bool link_twice = false;
};

class desk_wait final : public waiter {
 public:
  desk_wait(counter_desk& desk, std::source_location at) noexcept : waiter{ops, at}, desk_{desk} {}
  ~desk_wait() { leave(); }

  [[nodiscard]] bool await_ready() const noexcept { return false; }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> coroutine) {
    prepare(coroutine);
    std::lock_guard const guard{desk_.lock};
    if (desk_.link_twice) {
      static_cast<void>(desk_.waiting.enter(*this));
    }
    return desk_.waiting.enter(*this);
  }
  void await_resume() {
    if (ended()) {
      skein::lowlevel::throw_cancelled();
    }
    std::lock_guard const guard{desk_.lock};
    if (line() != nullptr) {
      line()->remove(*this);
    }
  }

 private:
  static skein::lowlevel::work_ops const ops;
  static void give_back(waiter& from, wake_chain&) noexcept {
    ++static_cast<desk_wait&>(from).desk_.came_back;
  }
  counter_desk& desk_;
};

skein::lowlevel::work_ops const desk_wait::ops = skein::detail::place_ops<&desk_wait::give_back>("desk");

struct desk_operation {
  using skein_awaits = void;
  counter_desk& desk;
  [[nodiscard]] auto make_awaiter(std::source_location at) const { return desk_wait{desk, at}; }
};

skein::coro<> stand_at(counter_desk& desk) { co_await desk_operation{desk}; }

/// Calls the first in line; it is woken by wake().
[[nodiscard]] waiter* call_first(counter_desk& desk) {
  std::lock_guard const guard{desk.lock};
  return desk.waiting.call_first(desk.called);
}

void wake(waiter* w) {
  wake_chain chain;
  chain.add(w);
  chain.wake();
}

}  // namespace

SKEIN_TEST_CASE("waiter: a line keeps its order when any one leaves it (B14)", "[sync][waiter]") {
  for (std::size_t victim = 0; victim < 3; ++victim) {
    counter_desk desk;
    std::vector<skein::task<>> tasks;
    for (int i = 0; i < 3; ++i) {
      tasks.push_back(skein::create_task(stand_at(desk)));
      co_await all_tasks_blocked();
    }
    REQUIRE(desk.waiting.size() == 3);
    tasks[victim].cancel();
    REQUIRE(desk.waiting.size() == 2);
    co_await all_tasks_blocked();
    REQUIRE(tasks[victim].cancelled());
    for (std::size_t i = 0; i < 3; ++i) {
      if (i != victim) {
        wake(call_first(desk));
        co_await all_tasks_blocked();
        REQUIRE(tasks[i].done());
      }
    }
    REQUIRE(desk.waiting.empty());
    REQUIRE(desk.called.empty());
    REQUIRE(call_first(desk) == nullptr);
    REQUIRE(desk.came_back == 0);
  }
}

SKEIN_TEST_CASE("waiter: who is cancelled after it was called gives back once, and is woken once (B15)",
                "[sync][waiter]") {
  counter_desk desk;
  auto const task = skein::create_task(stand_at(desk));
  co_await all_tasks_blocked();
  waiter* const w = call_first(desk);
  REQUIRE(w->called());
  REQUIRE(w->line() == &desk.called);
  REQUIRE(desk.waiting.empty());
  REQUIRE(task.cancel());
  REQUIRE(w->line() == nullptr);
  REQUIRE(desk.called.empty());
  REQUIRE(task.cancel());
  REQUIRE(desk.came_back == 1);
  co_await all_tasks_blocked();
  REQUIRE_FALSE(task.done());  // who called it wakes it, nobody else
  wake(w);
  REQUIRE_THROWS_AS(co_await task, skein::cancelled_error);
  REQUIRE(desk.came_back == 1);
}

SKEIN_TEST_CASE("waiter: one that moves between lines is in the last one (B15)", "[sync][waiter]") {
  counter_desk desk;
  counter_desk other;
  auto const a = skein::create_task(stand_at(desk));
  co_await all_tasks_blocked();
  auto const b = skein::create_task(stand_at(other));
  co_await all_tasks_blocked();
  {
    std::lock_guard const guard{desk.lock};
    std::lock_guard const inner{other.lock};
    desk.waiting.pass(*desk.waiting.first(), other.waiting);
  }
  REQUIRE(desk.waiting.empty());
  REQUIRE(other.waiting.size() == 2);
  REQUIRE(other.waiting.first()->behind()->line() == &other.waiting);
  a.cancel();  // finds it in the other line
  REQUIRE(other.waiting.size() == 1);
  REQUIRE(other.waiting.first()->behind() == nullptr);
  REQUIRE_THROWS_AS(co_await a, skein::cancelled_error);
  wake(call_first(other));
  co_await b;
}

SKEIN_TEST_CASE("waiter: orphans of a line are woken by a cancel only", "[sync][waiter]") {
  counter_desk desk;
  auto const task = skein::create_task(stand_at(desk));
  co_await all_tasks_blocked();
  {
    std::lock_guard const guard{desk.lock};
    REQUIRE(desk.waiting.disband() == 1);
  }
  co_await all_tasks_blocked();
  REQUIRE_FALSE(task.done());
  REQUIRE(task.cancel());
  REQUIRE_THROWS_AS(co_await task, skein::cancelled_error);
  REQUIRE(desk.came_back == 0);
}

#ifndef NDEBUG
TEST_CASE("waiter: linking one that is in a line aborts (B15)", "[sync][waiter]") {
  pid_t const child = fork();
  if (child == 0) {
    std::signal(SIGABRT, SIG_DFL);  // Catch2 would report it
    static_cast<void>(std::freopen("/dev/null", "w", stderr));
    counter_desk desk;
    desk.link_twice = true;
    skein::run(stand_at(desk), {.workers = 1});
    _exit(0);
  }
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  REQUIRE(WIFSIGNALED(status));
  REQUIRE(WTERMSIG(status) == SIGABRT);
}
#endif
