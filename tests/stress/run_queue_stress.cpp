// SPDX-License-Identifier: Apache-2.0
// run_queue_stress.cpp: an owner that pushes and pops against thieves that take halves; each item runs once.
#include <support/catch.hpp>

#include <skein/core/lowlevel/run_queue.hpp>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <random>
#include <thread>
#include <vector>

namespace {

using skein::lowlevel::basic_run_queue;
using skein::lowlevel::work_item;
using skein::lowlevel::work_ops;

constexpr int items_total = 500'000;
constexpr unsigned contests = 12;
constexpr work_ops no_ops{};

/// The number is no atomic: ThreadSanitizer sees whether the queue publishes it.
struct item : work_item {
  item() : work_item{no_ops} {}
  int number = 0;
  std::atomic<int> runs{0};
};

template <std::uint64_t Capacity>
class contest {
 public:
  explicit contest(unsigned seed) : random_{seed}, items_(items_total) {}

  void run() {
    std::thread first{[this] { steal(first_queue_, nullptr); }};
    std::thread second{[this] { steal(second_queue_, &first_queue_); }};
    while (ready_.load(std::memory_order_acquire) < 2) {
      std::this_thread::yield();
    }
    own();
    owner_done_.store(true, std::memory_order_release);
    first.join();
    second.join();
    REQUIRE(queue_.empty());
    REQUIRE(intact_.load());
    REQUIRE(std::all_of(items_.begin(), items_.end(), [](item const& i) { return i.runs.load() == 1; }));
  }

 private:
  using queue = basic_run_queue<Capacity>;

  void own() {
    int pushed = 0;
    int newest = 0;
    while (pushed < items_total) {
      for (auto n = random_() % (Capacity + 1); n > 0 && pushed < items_total; --n) {
        item& i = items_[static_cast<std::size_t>(pushed)];
        i.number = ++pushed;
        if (!queue_.push(i)) {
          execute(i);  // full: the item was not taken
        }
      }
      for (auto n = random_() % (Capacity + 1); n > 0; --n) {
        if (!execute_in_order(queue_.pop(), newest)) {
          break;
        }
      }
    }
    while (execute_in_order(queue_.pop(), newest)) {
    }
  }

  // One thief takes from the owner only, the other also from the first thief.
  void steal(queue& mine, queue* other) {
    ready_.fetch_add(1, std::memory_order_release);
    int newest = 0;
    int anything = 0;
    int rounds = 0;
    for (;;) {
      bool const last_look = owner_done_.load(std::memory_order_acquire);
      bool const from_other = other != nullptr && ++rounds % 2 == 0;
      work_item* got = (from_other ? *other : queue_).steal_half(mine);
      if (got == nullptr) {
        if (last_look && queue_.empty()) {
          break;
        }
        std::this_thread::yield();
        continue;
      }
      // What was stolen from one queue only comes in order, however it is divided.
      while (execute_in_order(got, other == nullptr ? newest : anything)) {
        anything = 0;
        got = mine.pop();
      }
    }
  }

  bool execute_in_order(work_item* w, int& newest) {
    if (w == nullptr) {
      return false;
    }
    item& i = static_cast<item&>(*w);
    if (i.number <= newest) {
      intact_.store(false);
    }
    newest = i.number;
    execute(i);
    return true;
  }
  void execute(item& i) {
    if (i.number == 0 || i.runs.fetch_add(1, std::memory_order_relaxed) != 0) {
      intact_.store(false);
    }
  }

  // Owner only.
  std::mt19937 random_;
  // Shared.
  queue queue_;
  queue first_queue_;
  queue second_queue_;
  std::vector<item> items_;
  std::atomic<bool> intact_{true};
  std::atomic<int> ready_{0};  // thieves
  std::atomic<bool> owner_done_{false};
};

}  // namespace

TEST_CASE("run_queue stress: each item runs once, in order for each who takes them", "[stress][run_queue]") {
  for (unsigned seed = 1; seed <= contests; ++seed) {
    contest<256>{seed}.run();
  }
}

TEST_CASE("run_queue stress: the same with room for eight, which is often full and wraps around",
          "[stress][run_queue]") {
  for (unsigned seed = 1; seed <= contests; ++seed) {
    contest<8>{seed}.run();
  }
}

TEST_CASE("run_queue stress: the same with room for four", "[stress][run_queue]") {
  for (unsigned seed = 1; seed <= contests; ++seed) {
    contest<4>{seed}.run();
  }
}
