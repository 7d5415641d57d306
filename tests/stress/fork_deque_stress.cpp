// SPDX-License-Identifier: Apache-2.0
// fork_deque_stress.cpp: an owner that forks and takes back against two thieves; every entry is taken once.
#include <support/catch.hpp>

#include <skein/core/lowlevel/fork_deque.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <random>
#include <thread>
#include <vector>

namespace {

constexpr int entries_total = 500'000;
constexpr unsigned contests = 12;
constexpr int thieves = 2;

/// What is forked. The payload is no atomic: ThreadSanitizer sees whether the deque publishes it.
struct job {
  int payload = 0;
  std::atomic<int> taken{0};

  void take(std::atomic<bool>& intact) {
    if (payload == 0 || taken.fetch_add(1, std::memory_order_relaxed) != 0) {
      intact.store(false, std::memory_order_relaxed);
    }
  }
};

template <std::uint32_t Capacity>
class contest {
 public:
  explicit contest(unsigned seed) : random_{seed}, jobs_(entries_total) {}

  void run() {
    std::vector<std::thread> threads;
    for (int i = 0; i < thieves; ++i) {
      threads.emplace_back([this] { steal(); });
    }
    while (ready_.load(std::memory_order_acquire) < thieves) {
      std::this_thread::yield();
    }
    while (next_ < entries_total) {
      fork(0);
    }
    owner_done_.store(true, std::memory_order_release);
    for (std::thread& t : threads) {
      t.join();
    }
    REQUIRE(intact_.load());
    REQUIRE(deque_.looks_empty());
    REQUIRE(std::all_of(jobs_.begin(), jobs_.end(), [](job const& j) { return j.taken.load() == 1; }));
    REQUIRE(kept_ + stolen_.load() == entries_total);
  }

 private:
  using deque = skein::lowlevel::basic_fork_deque<Capacity>;
  using index = typename deque::index;
  static constexpr int depth_max = 6;

  // As when_all: some entries, perhaps more forks inside, then back from the newest to the oldest.
  void fork(int depth) {
    int const n = std::min(std::uniform_int_distribution{1, 3}(random_), entries_total - next_);
    index const base = deque_.mark();
    if (n == 0 || !deque_.room(base, n)) {
      if (n != 0) {
        make().take(intact_);
        ++kept_;
      }
      return;
    }
    std::array<job*, 3> mine;
    for (int i = 0; i < n; ++i) {
      mine.at(static_cast<std::size_t>(i)) = &make();
      deque_.put(base + i, mine.at(static_cast<std::size_t>(i)));
    }
    static_cast<void>(deque_.publish(base + n));
    if (random_() % 2 == 0) {
      deque_.expose(random_() % 2 == 0);
    }
    for (int i = n - 1; i >= 0; --i) {
      if (depth < depth_max && random_() % 4 == 0) {
        fork(depth + 1);
      }
      if (!deque_.pop(base + i)) {
        break;  // then the older ones were stolen too
      }
      mine.at(static_cast<std::size_t>(i))->take(intact_);
      ++kept_;
    }
  }

  job& make() {
    job& j = jobs_[static_cast<std::size_t>(next_)];
    j.payload = ++next_;
    return j;
  }

  void steal() {
    ready_.fetch_add(1, std::memory_order_release);
    int count = 0;
    for (;;) {
      bool const last_look = owner_done_.load(std::memory_order_acquire);
      if (auto* const j = static_cast<job*>(deque_.steal())) {
        j->take(intact_);
        ++count;
      } else if (last_look && deque_.looks_empty()) {
        break;
      } else if (count % 8 == 0) {
        std::this_thread::yield();
      }
    }
    stolen_.fetch_add(count);
  }

  // Owner only.
  std::mt19937 random_;
  int next_ = 0;
  int kept_ = 0;
  // Shared.
  deque deque_;
  std::vector<job> jobs_;
  std::atomic<bool> intact_{true};
  std::atomic<int> ready_{0};  // thieves
  std::atomic<bool> owner_done_{false};
  std::atomic<int> stolen_{0};
};

}  // namespace

TEST_CASE("fork_deque stress: each entry is taken by exactly one of the owner and two thieves",
          "[stress][fork_deque]") {
  for (unsigned seed = 1; seed <= contests; ++seed) {
    contest<8192>{seed}.run();
  }
}

TEST_CASE("fork_deque stress: the same with room for eight, which is often full and wraps around",
          "[stress][fork_deque]") {
  for (unsigned seed = 1; seed <= contests; ++seed) {
    contest<8>{seed}.run();
  }
}

TEST_CASE("fork_deque stress: the last entry goes to the owner or to a thief, never to both",
          "[stress][fork_deque]") {
  constexpr int rounds = 2'000'000;
  skein::lowlevel::basic_fork_deque<8> deque;
  std::vector<job> jobs(rounds);
  std::atomic<bool> intact{true};
  std::atomic<bool> done{false};
  std::vector<std::thread> threads;
  for (int i = 0; i < thieves; ++i) {
    threads.emplace_back([&] {
      while (!done.load(std::memory_order_acquire)) {
        if (auto* const j = static_cast<job*>(deque.steal())) {
          j->take(intact);
        }
      }
    });
  }
  for (job& j : jobs) {
    j.payload = 1;
    auto const base = deque.mark();
    while (!deque.room(base, 1)) {
      std::this_thread::yield();
    }
    deque.put(base, &j);
    static_cast<void>(deque.publish(base + 1));
    if (deque.pop(base)) {
      j.take(intact);
    }
  }
  while (!deque.looks_empty()) {
    std::this_thread::yield();
  }
  done.store(true, std::memory_order_release);
  for (std::thread& t : threads) {
    t.join();
  }
  REQUIRE(intact.load());
  REQUIRE(std::all_of(jobs.begin(), jobs.end(), [](job const& j) { return j.taken.load() == 1; }));
}
