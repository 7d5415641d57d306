// SPDX-License-Identifier: Apache-2.0
// handoff_cancel_test.cpp: hand-over against cancel, the same for every primitive.
//
// Some tasks wait. Once, something is handed over, and some of those who wait are cancelled: before, in the
// same turn before or after, or when everything has run; by a task or by a plain thread. Whatever the moment,
// what was handed over is taken by exactly one of those who were not cancelled, or stays in the primitive.
// All who were not cancelled are then served in the order in which they came, and the primitive still works.
#include <support/test_case.hpp>

#include <skein/core/create_task.hpp>
#include <skein/core/event_loop.hpp>
#include <skein/core/runtime.hpp>
#include <skein/sync/condition.hpp>
#include <skein/sync/event.hpp>
#include <skein/sync/lock.hpp>
#include <skein/sync/queue.hpp>
#include <skein/sync/semaphore.hpp>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace {

// ---- adapters --------------------------------------------------------------------------------------------
//
//   begin       makes that takers wait, and readies what give() needs
//   take        waits for one thing and takes it
//   prepare     what give() needs and may not be there later in the turn
//   give        hands one thing over, or to everybody when `to_all`; never waits
//   kept        things given and not taken are `given - taken`: are they all there?
//   reclaim     takes back one thing that nobody took, so that takers wait again
//   waiting     how many stand in line
//   touch       a use that takes the primitive's own lock

struct lock_adapter {
  static constexpr bool to_all = false;
  skein::lock lock;

  skein::coro<> begin() { co_await lock.acquire(); }
  skein::coro<> take(int) { co_await lock.acquire(); }
  void prepare() {}
  void give() { lock.release(); }
  bool kept(int given, int taken) { return lock.locked() == (given == taken) && given - taken <= 1; }
  void reclaim() { REQUIRE(lock.try_acquire()); }
  std::size_t waiting() { return lock.waiting(); }
  void touch() { static_cast<void>(lock.waiting()); }
};

template <class Semaphore>
struct semaphore_adapter {
  static constexpr bool to_all = false;
  static constexpr std::size_t permits = 8;
  Semaphore semaphore{permits};

  skein::coro<> begin() {
    for (std::size_t i = 0; i < permits; ++i) {
      co_await semaphore.acquire();
    }
  }
  skein::coro<> take(int) { co_await semaphore.acquire(); }
  void prepare() {}
  void give() { semaphore.release(); }
  bool kept(int given, int taken) { return semaphore.value() == static_cast<std::size_t>(given - taken); }
  void reclaim() { REQUIRE(semaphore.try_acquire()); }
  std::size_t waiting() { return semaphore.waiting(); }
  void touch() { static_cast<void>(semaphore.waiting()); }
};

struct condition_adapter {
  static constexpr bool to_all = false;
  skein::condition condition;
  std::atomic<bool> without_lock{false};

  skein::coro<> begin() { co_return; }
  skein::coro<> take(int) {
    auto const permit = co_await condition.scoped();
    try {
      co_await condition.wait();
    } catch (skein::cancelled_error const&) {
      check_held();
      throw;
    }
    check_held();
  }
  void check_held() {
    if (!condition.locked()) {
      without_lock.store(true, std::memory_order_relaxed);
    }
  }
  void prepare() { REQUIRE(condition.try_acquire()); }
  void give() {
    condition.notify(1);
    condition.release();
  }
  bool kept(int, int) { return !condition.locked() && !without_lock.load(std::memory_order_relaxed); }
  void reclaim() {}  // a notification is not kept
  std::size_t waiting() { return condition.waiting(); }
  void touch() { static_cast<void>(condition.waiting()); }
};

struct event_adapter {
  static constexpr bool to_all = true;
  skein::event event;

  skein::coro<> begin() { co_return; }
  skein::coro<> take(int) { co_await event.wait(); }
  void prepare() {}
  void give() {
    event.set();
    event.clear();
  }
  bool kept(int, int) { return !event.is_set(); }
  void reclaim() {}
  std::size_t waiting() { return event.waiting(); }
  void touch() { static_cast<void>(event.waiting()); }
};

struct get_adapter {
  static constexpr bool to_all = false;
  skein::queue<int> queue;
  std::vector<int> taken_items;  // one taker at a time
  int next_item = 0;

  skein::coro<> begin() { co_return; }
  skein::coro<> take(int) { taken_items.push_back(co_await queue.get()); }
  void prepare() {}
  void give() { queue.put_nowait(next_item++); }
  bool kept(int given, int taken) {
    bool in_order = static_cast<int>(taken_items.size()) == taken;
    for (int i = 0; i < taken && in_order; ++i) {
      in_order = taken_items[static_cast<std::size_t>(i)] == i;
    }
    return in_order && queue.qsize() == static_cast<std::size_t>(given - taken);
  }
  void reclaim() { next_item = queue.get_nowait(); }  // it is given again
  std::size_t waiting() { return queue.waiting(); }
  void touch() { static_cast<void>(queue.waiting()); }
};

struct put_adapter {
  static constexpr bool to_all = false;
  static constexpr int filler = -1;
  skein::queue<int> queue{1};
  std::vector<int> got;
  std::vector<int> expected;  // the filler, and what those put who were served

  skein::coro<> begin() {
    co_await queue.put(filler);
    expected.push_back(filler);
  }
  skein::coro<> take(int who) {
    co_await queue.put(who);
    expected.push_back(who);
  }
  void prepare() {}
  void give() { got.push_back(queue.get_nowait()); }
  bool kept(int given, int taken) {
    bool const right = std::equal(got.begin(), got.end(), expected.begin(),
                                  expected.begin() + static_cast<std::ptrdiff_t>(got.size()));
    return right && static_cast<int>(queue.qsize()) == 1 - (given - taken);
  }
  void reclaim() {
    queue.put_nowait(filler);
    expected.push_back(filler);
  }
  std::size_t waiting() { return queue.waiting(); }
  void touch() { static_cast<void>(queue.waiting()); }
};

struct join_adapter {
  static constexpr bool to_all = true;
  skein::queue<int> queue;
  std::atomic<std::size_t> inside{0};

  skein::coro<> begin() {
    co_await queue.put(0);
    REQUIRE(co_await queue.get() == 0);
  }
  skein::coro<> take(int) {
    struct count {
      std::atomic<std::size_t>& in;
      explicit count(std::atomic<std::size_t>& n) : in{n} { in.fetch_add(1, std::memory_order_relaxed); }
      count(count const&) = delete;
      count& operator=(count const&) = delete;
      ~count() { in.fetch_sub(1, std::memory_order_relaxed); }
    } const counted{inside};
    co_await queue.join();
  }
  void prepare() {}
  void give() { queue.task_done(); }
  bool kept(int, int) {
    bool refused = false;
    try {
      queue.task_done();
    } catch (std::invalid_argument const&) {
      refused = true;
    }
    return refused;
  }
  void reclaim() {
    queue.put_nowait(0);
    static_cast<void>(queue.get_nowait());
  }
  std::size_t waiting() { return inside.load(std::memory_order_relaxed); }
  void touch() { static_cast<void>(queue.waiting()); }
};

// ---- the scenario ----------------------------------------------------------------------------------------

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
void require(bool holds, char const* fact, scenario const& s) {
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

}  // namespace

SKEIN_TEST_CASE("handoff_cancel: lock (T1, B6, B7, B14)", "[sync][handoff]") {
  co_await every_scenario<lock_adapter>();
}

SKEIN_TEST_CASE("handoff_cancel: semaphore (T1, B4, B5, B7)", "[sync][handoff]") {
  co_await every_scenario<semaphore_adapter<skein::semaphore>>();
}

SKEIN_TEST_CASE("handoff_cancel: bounded_semaphore (T1, B4, B5)", "[sync][handoff]") {
  co_await every_scenario<semaphore_adapter<skein::bounded_semaphore>>();
}

SKEIN_TEST_CASE("handoff_cancel: condition (T1, B6, B8, B15)", "[sync][handoff]") {
  co_await every_scenario<condition_adapter>();
}

SKEIN_TEST_CASE("handoff_cancel: event (T1, B9)", "[sync][handoff]") {
  co_await every_scenario<event_adapter>();
}

SKEIN_TEST_CASE("handoff_cancel: queue.get (T1, B1, B14, B16)", "[sync][handoff]") {
  co_await every_scenario<get_adapter>();
}

SKEIN_TEST_CASE("handoff_cancel: queue.put (T1, B12)", "[sync][handoff]") {
  co_await every_scenario<put_adapter>();
}

SKEIN_TEST_CASE("handoff_cancel: queue.join (T1)", "[sync][handoff]") {
  co_await every_scenario<join_adapter>();
}

// ---- frames that are destroyed ---------------------------------------------------------------------------

namespace {

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

}  // namespace

TEMPLATE_TEST_CASE(
    "handoff_cancel: frames that are destroyed while they wait give back, and may use the "
    "primitive (A14, B8)",
    "[sync][handoff]", lock_adapter, semaphore_adapter<skein::semaphore>, condition_adapter, event_adapter,
    get_adapter, put_adapter, join_adapter) {
  close_while_waiting<TestType>(0);
  close_while_waiting<TestType>(1);
}
