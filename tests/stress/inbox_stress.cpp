// SPDX-License-Identifier: Apache-2.0
// inbox_stress.cpp: four producers and one consumer: nothing is lost, each producer's order is kept, and a
// closed inbox takes nothing.
#include <support/catch.hpp>

#include <skein/core/lowlevel/inbox.hpp>

#include <array>
#include <atomic>
#include <thread>
#include <vector>

namespace {

using skein::lowlevel::inbox;
using skein::lowlevel::work_item;
using skein::lowlevel::work_list;
using skein::lowlevel::work_ops;

constexpr std::size_t producers = 4;
constexpr work_ops no_ops{};

/// No atomics: ThreadSanitizer sees whether the inbox publishes them.
struct item : work_item {
  item() : work_item{no_ops} {}
  std::size_t producer = 0;
  std::size_t number = 0;
  int taken = 0;  // consumer only
};

class contest {
 public:
  explicit contest(std::size_t items_each) {
    for (auto& v : items_) {
      v = std::vector<item>(items_each);
    }
  }

  /// Each producer pushes all its items, or those before the inbox is closed.
  void start() {
    for (std::size_t p = 0; p < producers; ++p) {
      threads_.emplace_back([this, p] {
        std::size_t number = 0;
        for (item& i : items_[p]) {
          i.producer = p;
          i.number = ++number;
          if (!box_.push(i)) {
            break;
          }
          ++accepted_[p].count;
          pushed_.fetch_add(1, std::memory_order_relaxed);
        }
        running_.fetch_sub(1, std::memory_order_release);
      });
    }
  }

  [[nodiscard]] bool running() const { return running_.load(std::memory_order_acquire) != 0; }
  [[nodiscard]] std::size_t pushed() const { return pushed_.load(std::memory_order_relaxed); }

  void take() { check(box_.take_all(list_)); }
  void close() {
    check(box_.close(list_));
    closed_ = true;
  }

  void join() {
    for (std::thread& t : threads_) {
      t.join();
    }
    if (closed_) {
      REQUIRE(box_.looks_empty());
    }
    take();
    bool exact = true;
    for (std::size_t p = 0; p < producers; ++p) {
      std::size_t const accepted = accepted_[p].count;
      for (std::size_t i = 0; i < items_[p].size(); ++i) {
        exact = exact && items_[p][i].taken == (i < accepted ? 1 : 0);
      }
    }
    REQUIRE(intact_);
    REQUIRE(exact);
  }

 private:
  void check(std::size_t count) {
    intact_ = intact_ && count == list_.size();
    while (work_item* const w = list_.pop_front()) {
      item& i = static_cast<item&>(*w);
      intact_ = intact_ && i.number == newest_[i.producer] + 1 && !closed_;
      newest_[i.producer] = i.number;
      ++i.taken;
    }
  }

  struct alignas(64) counter {
    std::size_t count = 0;
  };

  inbox box_;
  std::atomic<std::size_t> pushed_{0};
  std::atomic<std::size_t> running_{producers};
  std::array<counter, producers> accepted_;  // each by its producer
  std::array<std::vector<item>, producers> items_;
  std::vector<std::thread> threads_;
  // Consumer only.
  work_list list_;
  std::array<std::size_t, producers> newest_{};
  bool intact_ = true;
  bool closed_ = false;
};

}  // namespace

TEST_CASE("inbox stress: nothing is lost and each producer's order is kept", "[stress][inbox]") {
  contest c{1'000'000};
  c.start();
  while (c.running()) {
    c.take();
  }
  c.join();
}

TEST_CASE("inbox stress: nothing is lost when the consumer looks rarely", "[stress][inbox]") {
  constexpr std::size_t each = 500'000;
  contest c{each};
  c.start();
  for (std::size_t seen = 0; seen < producers * each;) {
    if (c.pushed() > seen + 1'000 || !c.running()) {
      seen = c.pushed();
      c.take();
    } else {
      std::this_thread::yield();
    }
  }
  c.join();
}

TEST_CASE("inbox stress: closed while four push, it gave exactly what it accepted", "[stress][inbox]") {
  for (std::size_t round = 0; round < 300; ++round) {
    contest c{2'000};
    c.start();
    std::size_t const moment = round * 20;
    while (c.pushed() < moment && c.running()) {
      if (round % 2 == 0) {
        c.take();
      }
    }
    c.close();
    c.join();
  }
}
