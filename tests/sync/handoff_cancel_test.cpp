// SPDX-License-Identifier: Apache-2.0
// handoff_cancel_test.cpp: hand-over against cancel for the primitives of asyncio.
#include "handoff_scenario.hpp"

#include <skein/sync/barrier.hpp>
#include <skein/sync/condition.hpp>
#include <skein/sync/event.hpp>
#include <skein/sync/lifo_queue.hpp>
#include <skein/sync/lock.hpp>
#include <skein/sync/priority_queue.hpp>
#include <skein/sync/queue.hpp>
#include <skein/sync/semaphore.hpp>

#include <algorithm>
#include <atomic>
#include <string>
#include <vector>

namespace {

using handoff::close_while_waiting;
using handoff::every_scenario;

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

template <class Queue>
struct get_adapter {
  static constexpr bool to_all = false;
  Queue queue;
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

template <class Queue>
struct put_adapter {
  static constexpr bool to_all = false;
  static constexpr int filler = -1;
  Queue queue{1};
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

struct barrier_adapter {
  static constexpr bool to_all = true;
  skein::barrier barrier{100};

  skein::coro<> begin() { co_return; }
  skein::coro<> take(int) {
    try {
      static_cast<void>(co_await barrier.wait());
      FAIL("nobody completes the round");
    } catch (skein::broken_barrier_error const&) {
    }
  }
  void prepare() {}
  void give() { barrier.reset(); }
  bool kept(int, int) { return barrier.repr() == "<barrier [filling, waiters:0/100]>"; }
  void reclaim() {}
  std::size_t waiting() { return barrier.waiting(); }
  void touch() { static_cast<void>(barrier.waiting()); }
};

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
  co_await every_scenario<get_adapter<skein::queue<int>>>();
  co_await every_scenario<get_adapter<skein::priority_queue<int>>>();
  co_await every_scenario<get_adapter<skein::lifo_queue<int>>>();
}

SKEIN_TEST_CASE("handoff_cancel: queue.put (T1, B12)", "[sync][handoff]") {
  co_await every_scenario<put_adapter<skein::queue<int>>>();
  co_await every_scenario<put_adapter<skein::priority_queue<int>>>();
  co_await every_scenario<put_adapter<skein::lifo_queue<int>>>();
}

SKEIN_TEST_CASE("handoff_cancel: queue.join (T1)", "[sync][handoff]") {
  co_await every_scenario<join_adapter>();
}

SKEIN_TEST_CASE("handoff_cancel: barrier (T1, B9)", "[sync][handoff]") {
  co_await every_scenario<barrier_adapter>();
}

TEMPLATE_TEST_CASE(
    "handoff_cancel: frames that are destroyed while they wait give back, and may use the "
    "primitive (A14, B8)",
    "[sync][handoff]", lock_adapter, semaphore_adapter<skein::semaphore>, condition_adapter, event_adapter,
    get_adapter<skein::queue<int>>, get_adapter<skein::priority_queue<int>>,
    get_adapter<skein::lifo_queue<int>>, put_adapter<skein::queue<int>>,
    put_adapter<skein::priority_queue<int>>, join_adapter, barrier_adapter) {
  close_while_waiting<TestType>(0);
  close_while_waiting<TestType>(1);
}
