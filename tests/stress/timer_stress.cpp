// SPDX-License-Identifier: Apache-2.0
// timer_stress.cpp: threads that arm, disarm and fire the timers of one heap; each timer ends in one way.
#include <support/catch.hpp>

#include <skein/core/lowlevel/timer_heap.hpp>

#include <atomic>
#include <deque>
#include <random>
#include <thread>
#include <vector>

namespace {

using skein::lowlevel::instant;
using skein::lowlevel::never;
using skein::lowlevel::timer_heap;
using skein::lowlevel::timer_node;

constexpr int armers = 3;
constexpr int timers_each = 50;
constexpr int rounds = 1'000'000;

class contest;

struct counted_timer : timer_node {
  explicit counted_timer(contest& c) : timer_node{&fire}, owner{c} {}
  static void fire(timer_node& t) noexcept;

  contest& owner;
  std::atomic<int> fired{0};
  // Of the thread that arms it.
  int armed = 0;
  int disarmed = 0;
  bool pending = false;

  [[nodiscard]] int ended() const { return disarmed + fired.load(std::memory_order_acquire); }
};

class contest {
 public:
  void run() {
    std::vector<std::thread> threads;
    for (unsigned i = 0; i < armers; ++i) {
      threads.emplace_back([this, i] { arm_and_disarm(i + 1); });
    }
    threads.emplace_back([this] { fire(); });
    fire();
    for (std::thread& t : threads) {
      t.join();
    }
    REQUIRE(intact_.load());
    REQUIRE(heap_.size() == 0);
    REQUIRE(heap_.next_deadline() == never);
  }

  void check_due(instant deadline) {
    if (deadline > now_.load(std::memory_order_relaxed)) {
      intact_.store(false);  // it was fired early
    }
  }

 private:
  void fire() {
    while (running_.load(std::memory_order_acquire) != 0) {
      heap_.fire_due(now_.fetch_add(1, std::memory_order_relaxed));
      if (heap_.next_deadline() > now_.load(std::memory_order_relaxed)) {
        std::this_thread::yield();
      }
    }
  }

  void arm_and_disarm(unsigned seed) {
    std::mt19937 random{seed};
    std::deque<counted_timer> timers;
    for (int i = 0; i < timers_each; ++i) {
      timers.emplace_back(*this);
    }
    for (int round = 0; round < rounds; ++round) {
      counted_timer& t = timers[random() % timers_each];
      if (!t.pending) {
        instant const away = static_cast<instant>(random() % 200) - 20;
        t.pending = true;
        ++t.armed;
        static_cast<void>(heap_.arm(t, now_.load(std::memory_order_relaxed) + away));
      } else if (random() % 2 == 0) {
        finish(t);
      } else if (t.ended() == t.armed) {
        t.pending = false;
      }
      if (random() % 64 == 0) {
        heap_.fire_due(now_.load(std::memory_order_relaxed));
      }
    }
    for (counted_timer& t : timers) {
      if (t.pending) {
        finish(t);
      }
      if (t.ended() != t.armed) {
        intact_.store(false);
      }
    }
    running_.fetch_sub(1, std::memory_order_release);
  }

  // Disarmed, or fired: somebody is about to call fire, or did.
  void finish(counted_timer& t) {
    if (heap_.disarm(t)) {
      ++t.disarmed;
    } else {
      while (t.ended() < t.armed) {
        std::this_thread::yield();
      }
    }
    if (t.ended() != t.armed) {
      intact_.store(false);
    }
    t.pending = false;
  }

  timer_heap heap_;
  std::atomic<instant> now_{0};
  std::atomic<int> running_{armers};
  std::atomic<bool> intact_{true};
};

void counted_timer::fire(timer_node& t) noexcept {
  auto& self = static_cast<counted_timer&>(t);
  self.owner.check_due(self.deadline());
  self.fired.fetch_add(1, std::memory_order_release);  // from here on the owner may arm it again
}

}  // namespace

TEST_CASE("timer stress: a timer is disarmed or fires, once, never early, whoever fires", "[stress][timer]") {
  contest c;
  c.run();
}
