// SPDX-License-Identifier: Apache-2.0
// handoff_scenario.hpp: hand-over against cancel, the same for every primitive.
//
// Some tasks wait. Once, something is handed over, and some of those who wait are cancelled: before, in the
// same turn before or after, or when everything has run; by a task or by a plain thread. Whatever the moment,
// what was handed over is taken by exactly one of those who were not cancelled, or stays in the primitive.
// All who were not cancelled are then served in the order in which they came, and the primitive still works.
//
// An adapter says what that means for a primitive:
//
//   to_all      what is given goes to everybody who waits
//   begin       makes that takers wait, and readies what give() needs
//   take        waits for one thing and takes it
//   prepare     what give() needs and may not be there later in the turn
//   give        hands one thing over, or to everybody when `to_all`; never waits
//   kept        things given and not taken are `given - taken`: are they all there?
//   reclaim     takes back one thing that nobody took, so that takers wait again
//   waiting     how many stand in line
//   touch       a use that takes the primitive's own lock
#pragma once

#include <support/test_case.hpp>

#include <skein/core/create_task.hpp>
#include <skein/core/event_loop.hpp>
#include <skein/core/runtime.hpp>

#include <algorithm>
#include <cstddef>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace handoff {

/// An adapter may say that `commits`: who was given something has it, though it did not run yet.
template <class Adapter>
inline constexpr bool commits = [] {
  if constexpr (requires { Adapter::commits; }) {
    return Adapter::commits;
  } else {
    return false;
  }
}();

enum class moment { before, same_turn_before, same_turn_after, after };
enum class canceller { task, thread };

struct scenario {
  int waiters;
  unsigned victims;  // bit i: waiter i is cancelled
  moment when;
  canceller by;

  [[nodiscard]] bool is_victim(int i) const { return (victims >> static_cast<unsigned>(i) & 1U) != 0; }
  [[nodiscard]] std::string text() const {
    static constexpr char const* moments[] = {"before", "same turn before", "same turn after", "after"};
    return std::to_string(waiters) + " waiters, victims " + std::to_string(victims) + ", " +
           moments[static_cast<int>(when)] + (by == canceller::task ? ", by a task" : ", by a thread");
  }
};

/// Who was served, in order.
class ledger {
 public:
  void served(int who) {
    std::lock_guard const guard{mutex_};
    order_.push_back(who);
  }
  [[nodiscard]] std::vector<int> order() const {
    std::lock_guard const guard{mutex_};
    return order_;
  }
  [[nodiscard]] int count() const { return static_cast<int>(order().size()); }

 private:
  mutable std::mutex mutex_;
  std::vector<int> order_;
};

/// Requires a fact; says in which scenario it does not hold.
inline void require(bool holds, char const* fact, scenario const& s) {
  std::string const expected = std::string{fact} + " (" + s.text() + ")";
  REQUIRE((holds ? expected : "not: " + expected) == expected);
}

template <class Adapter>
class trial {
 public:
  explicit trial(scenario const& s) : s_{s}, lone_{skein::runtime::current().workers() == 1} {}

  skein::coro<> run() {
    co_await adapter_.begin();
    for (int i = 0; i < s_.waiters; ++i) {
      tasks_.push_back(skein::create_task([this, i]() -> skein::coro<> {
        co_await adapter_.take(i);
        ledger_.served(i);
      }));
      co_await all_tasks_blocked();
    }
    check(adapter_.waiting() == tasks_.size(), "all wait");
    co_await hand_over_and_cancel();
    co_await all_tasks_blocked();
    check_first();
    co_await serve_the_others();
    check_end();
    co_await use_it_again();
  }

 private:
  void check(bool holds, char const* fact) { require(holds, fact, s_); }

  void cancel_victims() {
    auto const cancel = [this] {
      for (int i = 0; i < s_.waiters; ++i) {
        if (s_.is_victim(i)) {
          tasks_[static_cast<std::size_t>(i)].cancel();
        }
      }
    };
    if (s_.by == canceller::thread) {
      std::thread{cancel}.join();
    } else {
      cancel();
    }
  }

  void give() {
    adapter_.give();
    ++given_;
  }

  skein::coro<> hand_over_and_cancel() {
    if (s_.when == moment::before) {
      cancel_victims();
      co_await all_tasks_blocked();
    }
    adapter_.prepare();
    if (s_.when == moment::same_turn_before) {
      cancel_victims();
    }
    give();
    if (s_.when == moment::after) {
      co_await all_tasks_blocked();
    }
    if (s_.when == moment::same_turn_after || s_.when == moment::after) {
      cancel_victims();
    }
  }

  [[nodiscard]] skein::task<> const& task(int i) const { return tasks_[static_cast<std::size_t>(i)]; }
  [[nodiscard]] int taken() const { return Adapter::to_all ? given_ : ledger_.count(); }

  // A victim may be served only if it could run before it was cancelled.
  [[nodiscard]] bool may_be_served(int victim) const {
    bool const is_called = Adapter::to_all || victim == 0;
    switch (s_.when) {
      case moment::before:
      case moment::same_turn_before:
        return false;
      case moment::same_turn_after:
        if (commits<Adapter> && is_called) {
          return true;
        }
        return !lone_;  // any: those before it may be victims too
      case moment::after:
        return is_called;
    }
    return false;
  }

  void check_first() {
    int left = 0;
    for (int i = 0; i < s_.waiters; ++i) {
      left += task(i).cancelled() ? 0 : 1;
      check(!task(i).cancelled() || s_.is_victim(i), "nobody is cancelled but the victims");
      if (s_.is_victim(i)) {
        check(task(i).done(), "a victim ends");
        check(task(i).cancelled() || may_be_served(i), "a victim ends cancelled");
        check(s_.when != moment::after || task(i).cancelled() != may_be_served(i),
              "a victim that has run keeps what it took");
      }
    }
    check(ledger_.count() == (Adapter::to_all ? left : std::min(left, 1)),
          "what was handed over is taken by as many as it is for");
    check(adapter_.kept(given_, taken()), "nothing is lost, nothing doubled");
  }

  skein::coro<> serve_the_others() {
    for (int i = 0; i < s_.waiters && !Adapter::to_all; ++i) {
      if (task(i).done()) {
        continue;
      }
      int const served_before = ledger_.count();
      adapter_.prepare();
      give();
      co_await all_tasks_blocked();
      check(ledger_.count() == served_before + 1 && task(i).done(), "each hand-over serves the next in line");
      check(adapter_.kept(given_, taken()), "nothing is lost later");
    }
  }

  void check_end() {
    std::vector<int> expected;
    for (int i = 0; i < s_.waiters; ++i) {
      check(task(i).done(), "nobody is stranded");
      if (!task(i).cancelled()) {
        expected.push_back(i);
      }
    }
    std::vector<int> order = ledger_.order();
    if (Adapter::to_all && !lone_) {
      std::sort(order.begin(), order.end());
    }
    check(order == expected, "served first come, first served, without the cancelled");
    check(adapter_.waiting() == 0, "nobody is left in line");
  }

  skein::coro<> use_it_again() {
    if (given_ > taken()) {
      adapter_.reclaim();
      --given_;
    } else if (Adapter::to_all) {
      adapter_.reclaim();
    }
    int const served_before = ledger_.count();
    auto const late = skein::create_task([this]() -> skein::coro<> {
      co_await adapter_.take(s_.waiters);
      ledger_.served(s_.waiters);
    });
    co_await all_tasks_blocked();
    check(!late.done() && adapter_.waiting() == 1, "it still makes wait");
    adapter_.prepare();
    give();
    co_await all_tasks_blocked();
    check(late.done() && ledger_.count() == served_before + 1, "it still hands over");
    check(adapter_.kept(given_, taken()), "it still loses nothing");
  }

  scenario s_;
  bool lone_;
  Adapter adapter_;
  std::vector<skein::task<>> tasks_;
  ledger ledger_;
  int given_ = 0;
};

/// Every moment, every set of victims, by a task and by a thread.
template <class Adapter>
skein::coro<> every_scenario() {
  for (moment const when :
       {moment::before, moment::same_turn_before, moment::same_turn_after, moment::after}) {
    for (canceller const by : {canceller::task, canceller::thread}) {
      for (int const waiters : {1, 3}) {
        for (unsigned victims = 1; victims < 1U << static_cast<unsigned>(waiters); ++victims) {
          trial<Adapter> t{{waiters, victims, when, by}};
          co_await t.run();
        }
      }
    }
  }
}

// ---- frames that are destroyed ---------------------------------------------------------------------------

/// A local of a waiting coroutine whose destructor uses the primitive.
template <class Adapter>
struct user_in_destructor {
  user_in_destructor(Adapter& a, int& n) : adapter{a}, destroyed{n} {}
  user_in_destructor(user_in_destructor const&) = delete;
  user_in_destructor& operator=(user_in_destructor const&) = delete;
  ~user_in_destructor() {
    adapter.touch();
    ++destroyed;
  }
  Adapter& adapter;
  int& destroyed;
};

/// A loop is closed while three wait, of whom the first `given` were called and did not run.
template <class Adapter>
void close_while_waiting(int given) {
  Adapter adapter;
  int destroyed = 0;
  auto const loop = skein::new_event_loop();
  loop->set_exception_handler([](skein::event_loop&, skein::exception_context const&) {});
  std::vector<skein::task<>> tasks;
  loop->run_until_complete([&]() -> skein::coro<> {
    co_await adapter.begin();
    for (int i = 0; i < 3; ++i) {
      tasks.push_back(skein::create_task([&, i]() -> skein::coro<> {
        user_in_destructor<Adapter> const user{adapter, destroyed};
        co_await adapter.take(i);
      }));
    }
    co_await all_tasks_blocked();
  });
  REQUIRE(adapter.waiting() == 3);
  for (int i = 0; i < given; ++i) {
    adapter.prepare();
    adapter.give();
  }
  loop->close();
  for (auto const& task : tasks) {
    REQUIRE(task.cancelled());
  }
  REQUIRE(adapter.waiting() == 0);
  REQUIRE(destroyed == 3);
  if (given > 0 || !Adapter::to_all) {
    REQUIRE(adapter.kept(given, Adapter::to_all ? given : 0));
  }
}

}  // namespace handoff
