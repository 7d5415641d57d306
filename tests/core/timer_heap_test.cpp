// SPDX-License-Identifier: Apache-2.0
// timer_heap_test.cpp: deadlines fire in order, cancelled ones never, against a std::multimap as reference.
#include <support/catch.hpp>

#include <skein/core/lowlevel/timer_heap.hpp>

#include <algorithm>
#include <deque>
#include <iterator>
#include <map>
#include <mutex>
#include <numeric>
#include <random>
#include <type_traits>
#include <vector>

using skein::lowlevel::instant;
using skein::lowlevel::never;
using skein::lowlevel::timer_heap;
using skein::lowlevel::timer_node;

static_assert(!std::is_copy_constructible_v<timer_heap>);
static_assert(!std::is_copy_constructible_v<timer_node>);
static_assert(noexcept(std::declval<timer_heap&>().fire_due(0)));

namespace {

struct recording_timer : timer_node {
  recording_timer(std::vector<int>& log, int n)
      : timer_node{[](timer_node& t) noexcept {
          auto& self = static_cast<recording_timer&>(t);
          self.fired.push_back(self.number);
        }},
        fired{log},
        number{n} {}
  std::vector<int>& fired;
  int number;
};

struct timers {
  std::vector<int> fired;
  std::deque<recording_timer> all;
  explicit timers(int n) {
    for (int i = 0; i < n; ++i) {
      all.emplace_back(fired, i);
    }
  }
  recording_timer& operator[](int i) { return all[static_cast<std::size_t>(i)]; }
};

}  // namespace

TEST_CASE("timer_heap: an empty one has no deadline and fires nothing", "[core][timer_heap]") {
  timer_heap heap;
  REQUIRE(heap.size() == 0);
  REQUIRE(heap.next_deadline() == never);
  REQUIRE(heap.fire_due(never) == 0);
}

TEST_CASE("timer_heap: a timer fires at its deadline, not before, and once", "[core][timer_heap]") {
  timer_heap heap;
  timers t{1};
  REQUIRE(heap.arm(t[0], 10));
  REQUIRE(t[0].deadline() == 10);
  REQUIRE(heap.next_deadline() == 10);
  REQUIRE(heap.fire_due(9) == 0);
  REQUIRE(heap.fire_due(10) == 1);
  REQUIRE(heap.fire_due(11) == 0);
  REQUIRE(t.fired == std::vector{0});
  REQUIRE(heap.next_deadline() == never);
}

TEST_CASE("timer_heap: arm tells whether the timer is the soonest", "[core][timer_heap]") {
  timer_heap heap;
  timers t{4};
  REQUIRE(heap.arm(t[0], 10));
  REQUIRE_FALSE(heap.arm(t[1], 20));
  REQUIRE_FALSE(heap.arm(t[2], 10));  // equal: the older stays the soonest
  REQUIRE(heap.arm(t[3], 5));
  REQUIRE(heap.next_deadline() == 5);
  REQUIRE(heap.size() == 4);
  REQUIRE(heap.fire_due(20) == 4);
}

TEST_CASE("timer_heap: timers fire in deadline order", "[core][timer_heap]") {
  timer_heap heap;
  timers t{100};
  std::vector<int> order(100);
  std::iota(order.begin(), order.end(), 0);
  std::shuffle(order.begin(), order.end(), std::mt19937{1});
  for (int i : order) {
    static_cast<void>(heap.arm(t[i], i));
  }
  REQUIRE(heap.fire_due(99) == 100);
  REQUIRE(t.fired.size() == 100);
  REQUIRE(std::is_sorted(t.fired.begin(), t.fired.end()));
}

TEST_CASE("timer_heap: equal deadlines fire in the order they were set", "[core][timer_heap]") {
  timer_heap heap;
  timers t{200};
  for (int i = 0; i < 200; ++i) {
    static_cast<void>(heap.arm(t[i], 7));
  }
  REQUIRE(heap.fire_due(7) == 200);
  REQUIRE(std::is_sorted(t.fired.begin(), t.fired.end()));
}

TEST_CASE("timer_heap: a disarmed timer never fires, wherever it was", "[core][timer_heap]") {
  int const n = 20;
  for (int victim = 0; victim < n; ++victim) {
    timer_heap heap;
    timers t{n};
    for (int i = 0; i < n; ++i) {
      static_cast<void>(heap.arm(t[i], i));
    }
    REQUIRE(heap.disarm(t[victim]));
    REQUIRE_FALSE(heap.disarm(t[victim]));
    REQUIRE(heap.next_deadline() == (victim == 0 ? 1 : 0));
    REQUIRE(heap.fire_due(n) == n - 1);
    REQUIRE(std::find(t.fired.begin(), t.fired.end(), victim) == t.fired.end());
    REQUIRE(std::is_sorted(t.fired.begin(), t.fired.end()));
  }
}

TEST_CASE("timer_heap: disarm is false for what was never armed or has fired", "[core][timer_heap]") {
  timer_heap heap;
  timers t{1};
  REQUIRE_FALSE(heap.disarm(t[0]));
  static_cast<void>(heap.arm(t[0], 1));
  REQUIRE(heap.fire_due(1) == 1);
  REQUIRE_FALSE(heap.disarm(t[0]));
}

TEST_CASE("timer_heap: disarming the last one leaves no deadline", "[core][timer_heap]") {
  timer_heap heap;
  timers t{1};
  static_cast<void>(heap.arm(t[0], 5));
  REQUIRE(heap.disarm(t[0]));
  REQUIRE(heap.next_deadline() == never);
  REQUIRE(heap.size() == 0);
  REQUIRE(heap.fire_due(never) == 0);
}

TEST_CASE("timer_heap: a timer can be armed again after it fired or was disarmed", "[core][timer_heap]") {
  timer_heap heap;
  timers t{2};
  static_cast<void>(heap.arm(t[0], 5));
  static_cast<void>(heap.arm(t[1], 5));
  REQUIRE(heap.disarm(t[0]));
  REQUIRE_FALSE(heap.arm(t[0], 5));  // behind the other now
  REQUIRE(heap.fire_due(5) == 2);
  REQUIRE(t.fired == std::vector{1, 0});
  REQUIRE(heap.arm(t[0], 6));
  REQUIRE(heap.fire_due(6) == 1);
}

TEST_CASE("timer_heap: negative deadlines are in the past and come first", "[core][timer_heap]") {
  timer_heap heap;
  timers t{4};
  static_cast<void>(heap.arm(t[0], 1));
  static_cast<void>(heap.arm(t[1], -5));
  static_cast<void>(heap.arm(t[2], std::numeric_limits<instant>::min()));
  static_cast<void>(heap.arm(t[3], 0));
  REQUIRE(heap.next_deadline() == std::numeric_limits<instant>::min());
  REQUIRE(heap.fire_due(0) == 3);
  REQUIRE(t.fired == std::vector{2, 1, 3});
  REQUIRE(heap.disarm(t[0]));
}

TEST_CASE("timer_heap: a timer that is armed for never stays until it is disarmed", "[core][timer_heap]") {
  timer_heap heap;
  timers t{2};
  static_cast<void>(heap.arm(t[0], never));
  REQUIRE(heap.next_deadline() == never);
  REQUIRE(heap.size() == 1);
  REQUIRE(heap.arm(t[1], never - 1));
  REQUIRE(heap.fire_due(never - 1) == 1);
  REQUIRE(t.fired == std::vector{1});
  REQUIRE(heap.size() == 1);
  REQUIRE(heap.disarm(t[0]));
}

TEST_CASE("timer_heap: one that is armed while others fire waits for the next call", "[core][timer_heap]") {
  struct rearming : timer_node {
    explicit rearming(timer_heap& h)
        : timer_node{[](timer_node& n) noexcept {
            auto& self = static_cast<rearming&>(n);
            ++self.fired;
            static_cast<void>(self.heap.arm(self, self.deadline()));
          }},
          heap{h} {}
    timer_heap& heap;
    int fired = 0;
  };
  timer_heap heap;
  rearming timer{heap};
  static_cast<void>(heap.arm(timer, 3));
  REQUIRE(heap.fire_due(3) == 1);
  REQUIRE(heap.fire_due(3) == 1);
  REQUIRE(timer.fired == 2);
  REQUIRE(heap.disarm(timer));
}

TEST_CASE("timer_heap: several steps can be made under the lock", "[core][timer_heap]") {
  timer_heap heap;
  timers t{2};
  {
    std::lock_guard const guard{heap.mutex()};
    REQUIRE(heap.arm_locked(t[0], 2));
    REQUIRE(heap.arm_locked(t[1], 1));
    REQUIRE(heap.disarm_locked(t[1]));
    REQUIRE_FALSE(heap.disarm_locked(t[1]));
  }
  REQUIRE(heap.next_deadline() == 2);
  REQUIRE(heap.fire_due(2) == 1);
  REQUIRE(t.fired == std::vector{0});
}

TEST_CASE("timer_heap: a random program does what a std::multimap does", "[core][timer_heap]") {
  auto const seed = GENERATE(range(0U, 8U));
  constexpr int count = 300;
  constexpr int steps = 20'000;
  std::mt19937 random{seed};
  timer_heap heap;
  timers t{count};
  std::multimap<instant, int> reference;  // equal keys keep their order
  std::vector<std::multimap<instant, int>::iterator> where(count, reference.end());
  std::vector<int> expected;
  instant now = 0;
  bool same = true;
  for (int step = 0; step < steps; ++step) {
    int const i = std::uniform_int_distribution{0, count - 1}(random);
    auto& at = where[static_cast<std::size_t>(i)];
    switch (std::uniform_int_distribution{0, 9}(random)) {
      case 0: {  // time goes on
        now += std::uniform_int_distribution{0, 30}(random);
        auto const end = reference.upper_bound(now);
        for (auto due = reference.begin(); due != end; ++due) {
          expected.push_back(due->second);
          where[static_cast<std::size_t>(due->second)] = reference.end();
        }
        auto const n = static_cast<std::size_t>(std::distance(reference.begin(), end));
        reference.erase(reference.begin(), end);
        same = same && heap.fire_due(now) == n;
        break;
      }
      case 1:
      case 2:
      case 3: {
        same = same && heap.disarm(t[i]) == (at != reference.end());
        if (at != reference.end()) {
          reference.erase(at);
          at = reference.end();
        }
        break;
      }
      default:
        if (at == reference.end()) {
          instant const deadline = now + std::uniform_int_distribution{-20, 100}(random);
          at = reference.emplace(deadline, i);
          same = same && heap.arm(t[i], deadline) == (at == reference.begin());
        }
    }
    same = same && heap.size() == reference.size() && t.fired == expected &&
           heap.next_deadline() == (reference.empty() ? never : reference.begin()->first);
    expected.clear();
    t.fired.clear();
    if (!same) {
      break;
    }
  }
  REQUIRE(same);
}

TEST_CASE("timer_heap: of 10,000 equal deadlines half are cancelled, the rest fire in order (TIMER-011)",
          "[core][timer_heap]") {
  constexpr int count = 10'000;
  timer_heap heap;
  timers t{count};
  for (int i = 0; i < count; ++i) {
    static_cast<void>(heap.arm(t[i], 1'000));
  }
  std::vector<int> order(count);
  std::iota(order.begin(), order.end(), 0);
  std::shuffle(order.begin(), order.end(), std::mt19937{11});
  bool all_disarmed = true;
  for (int i = 0; i < count / 2; ++i) {
    all_disarmed = heap.disarm(t[order[static_cast<std::size_t>(i)]]) && all_disarmed;
  }
  REQUIRE(all_disarmed);
  REQUIRE(heap.size() == count / 2);
  REQUIRE(heap.next_deadline() == 1'000);
  REQUIRE(heap.fire_due(999) == 0);
  REQUIRE(heap.fire_due(1'000) == count / 2);
  std::vector<int> expected(order.begin() + count / 2, order.end());
  std::sort(expected.begin(), expected.end());
  REQUIRE(t.fired == expected);
  REQUIRE(heap.next_deadline() == never);
}
