// SPDX-License-Identifier: Apache-2.0
// run_queue_test.cpp: the run queue used by one thread: order, full, wrap-around, what a thief gets.
#include <support/catch.hpp>

#include <skein/core/lowlevel/run_queue.hpp>

#include <array>
#include <type_traits>

using skein::lowlevel::basic_run_queue;
using skein::lowlevel::run_queue;
using skein::lowlevel::work_item;
using skein::lowlevel::work_ops;

static_assert(run_queue::capacity == 256);
static_assert(!std::is_copy_constructible_v<run_queue>);

namespace {

constexpr work_ops no_ops{};

struct item : work_item {
  item() : work_item{no_ops} {}
};

template <std::uint64_t Capacity>
void fill(basic_run_queue<Capacity>& queue, item* first, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) {
    REQUIRE(queue.push(first[i]));
  }
}

}  // namespace

TEST_CASE("run_queue: a new one is empty", "[core][run_queue]") {
  run_queue queue;
  run_queue thief;
  REQUIRE(queue.empty());
  REQUIRE(queue.size() == 0);
  REQUIRE(queue.pop() == nullptr);
  REQUIRE(queue.steal_half(thief) == nullptr);
}

TEST_CASE("run_queue: the oldest comes first", "[core][run_queue]") {
  basic_run_queue<8> queue;
  std::array<item, 3> items;
  fill(queue, items.data(), 3);
  REQUIRE(queue.size() == 3);
  for (item& i : items) {
    REQUIRE(queue.pop() == &i);
  }
  REQUIRE(queue.pop() == nullptr);
}

TEST_CASE("run_queue: a full one refuses and keeps what it has", "[core][run_queue]") {
  basic_run_queue<8> queue;
  std::array<item, 9> items;
  fill(queue, items.data(), 8);
  REQUIRE_FALSE(queue.push(items[8]));
  REQUIRE(queue.size() == 8);
  REQUIRE(queue.pop() == &items[0]);
  REQUIRE(queue.push(items[8]));
  for (std::size_t i = 1; i < 9; ++i) {
    REQUIRE(queue.pop() == &items[i]);
  }
  REQUIRE(queue.empty());
}

TEST_CASE("run_queue: it wraps around many times without losing the order", "[core][run_queue]") {
  basic_run_queue<8> queue;
  std::array<item, 5> items;
  std::size_t in = 0;
  std::size_t out = 0;
  for (int round = 0; round < 100; ++round) {
    while (in - out < items.size()) {
      REQUIRE(queue.push(items[in++ % items.size()]));
    }
    for (int i = 0; i < 3; ++i) {
      REQUIRE(queue.pop() == &items[out++ % items.size()]);
    }
  }
}

TEST_CASE("run_queue: a thief takes the older half, rounded up, in order", "[core][run_queue]") {
  std::size_t const n = GENERATE(range(std::size_t{1}, std::size_t{9}));
  basic_run_queue<8> victim;
  basic_run_queue<8> thief;
  std::array<item, 8> items;
  fill(victim, items.data(), n);
  std::size_t const stolen = n - n / 2;

  REQUIRE(victim.steal_half(thief) == &items[0]);
  REQUIRE(thief.size() == stolen - 1);
  REQUIRE(victim.size() == n / 2);
  for (std::size_t i = 1; i < stolen; ++i) {
    REQUIRE(thief.pop() == &items[i]);
  }
  for (std::size_t i = stolen; i < n; ++i) {
    REQUIRE(victim.pop() == &items[i]);
  }
  REQUIRE(thief.empty());
  REQUIRE(victim.empty());
}

TEST_CASE("run_queue: a thief takes half of a full one that has wrapped around", "[core][run_queue]") {
  basic_run_queue<8> victim;
  basic_run_queue<8> thief;
  std::array<item, 13> items;
  fill(victim, items.data(), 8);
  for (std::size_t i = 0; i < 5; ++i) {
    REQUIRE(victim.pop() == &items[i]);
    REQUIRE(victim.push(items[8 + i]));
  }
  REQUIRE(victim.steal_half(thief) == &items[5]);
  for (std::size_t i = 6; i < 9; ++i) {
    REQUIRE(thief.pop() == &items[i]);
  }
  for (std::size_t i = 9; i < 13; ++i) {
    REQUIRE(victim.pop() == &items[i]);
  }
}

TEST_CASE("run_queue: stolen items go behind those that the thief has", "[core][run_queue]") {
  basic_run_queue<8> victim;
  basic_run_queue<8> thief;
  std::array<item, 6> items;
  fill(thief, items.data(), 2);
  fill(victim, items.data() + 2, 4);
  REQUIRE(victim.steal_half(thief) == &items[2]);
  REQUIRE(thief.pop() == &items[0]);
  REQUIRE(thief.pop() == &items[1]);
  REQUIRE(thief.pop() == &items[3]);
}

TEST_CASE("run_queue: room that a thief made can be used at once", "[core][run_queue]") {
  basic_run_queue<8> victim;
  basic_run_queue<8> thief;
  std::array<item, 13> items;
  fill(victim, items.data(), 8);
  static_cast<void>(victim.steal_half(thief));
  for (std::size_t i = 8; i < 12; ++i) {
    REQUIRE(victim.push(items[i]));
  }
  REQUIRE_FALSE(victim.push(items[12]));
  for (std::size_t i = 4; i < 12; ++i) {
    REQUIRE(victim.pop() == &items[i]);
  }
}
