// SPDX-License-Identifier: Apache-2.0
// tasks_stress.cpp: many tasks, deep trees of when_all against a sequential reference, more workers than
// cores.
#include <support/catch.hpp>

#include <skein/core/create_task.hpp>
#include <skein/core/gather.hpp>
#include <skein/core/run.hpp>
#include <skein/core/runtime.hpp>
#include <skein/core/sleep.hpp>
#include <skein/core/when_all.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <stdexcept>
#include <vector>

using namespace std::chrono_literals;

namespace {

/// A well mixed number (splitmix64).
constexpr std::uint64_t mix(std::uint64_t x) {
  x += 0x9e3779b97f4a7c15U;
  x = (x ^ (x >> 30U)) * 0xbf58476d1ce4e5b9U;
  x = (x ^ (x >> 27U)) * 0x94d049bb133111ebU;
  return x ^ (x >> 31U);
}

/// What a node of the tree does; follows from its seed.
struct plan {
  std::uint64_t seed;
  int depth;

  [[nodiscard]] std::uint64_t dice(unsigned which) const { return mix(seed * 16 + which); }
  [[nodiscard]] std::size_t children() const { return depth == 0 ? 0 : dice(0) % 5; }
  [[nodiscard]] bool suspends() const { return dice(1) % 16 == 0; }
  [[nodiscard]] bool sleeps() const { return dice(2) % 256 == 0; }
  [[nodiscard]] bool throws() const { return dice(3) % 24 == 0; }
  [[nodiscard]] bool catches() const { return dice(4) % 2 == 0; }
  [[nodiscard]] bool uses_range() const { return children() != 2 || dice(5) % 2 == 0; }
  [[nodiscard]] plan child(std::size_t i) const { return {mix(seed + i + 1), depth - 1}; }
};

struct tree_error : std::runtime_error {
  tree_error() : std::runtime_error{"a node of the tree"} {}
};

constexpr std::uint64_t value_of_error = 77;

std::uint64_t sequential(plan p) {
  std::uint64_t sum = p.dice(6);
  bool failed = false;
  for (std::size_t i = 0; i < p.children(); ++i) {
    try {
      sum = sum * 31 + sequential(p.child(i));
    } catch (tree_error const&) {
      failed = true;
    }
  }
  if (failed) {
    if (!p.catches()) {
      throw tree_error{};
    }
    sum = value_of_error;
  }
  if (p.throws()) {
    throw tree_error{};
  }
  return sum;
}

struct live_count {
  explicit live_count(std::atomic<int>& c) : count{c} { count.fetch_add(1, std::memory_order_relaxed); }
  live_count(live_count const&) = delete;
  live_count& operator=(live_count const&) = delete;
  ~live_count() { count.fetch_sub(1, std::memory_order_relaxed); }
  std::atomic<int>& count;
};

skein::coro<std::uint64_t> parallel(plan p, std::atomic<int>& live) {
  live_count const counted{live};
  std::uint64_t sum = p.dice(6);
  if (p.suspends()) {
    co_await skein::sleep(0s);
  }
  bool failed = false;
  try {
    if (!p.uses_range()) {
      auto const [a, b] = co_await skein::when_all(parallel(p.child(0), live), parallel(p.child(1), live));
      sum = (sum * 31 + a) * 31 + b;
    } else if (p.children() != 0) {
      std::vector<skein::coro<std::uint64_t>> children;
      for (std::size_t i = 0; i < p.children(); ++i) {
        children.push_back(parallel(p.child(i), live));
      }
      for (std::uint64_t const value : co_await skein::when_all(std::move(children))) {
        sum = sum * 31 + value;
      }
    }
  } catch (tree_error const&) {
    failed = true;
  }
  if (p.sleeps()) {
    co_await skein::sleep(10us);
  }
  if (failed) {
    if (!p.catches()) {
      throw tree_error{};
    }
    sum = value_of_error;
  }
  if (p.throws()) {
    throw tree_error{};
  }
  co_return sum;
}

/// Grows trees of many seeds and compares each with what one thread makes of it.
void compare_trees(unsigned workers, std::uint64_t first_seed, int trees, int depth) {
  std::atomic<int> live{0};
  int wrong = 0;
  int failures = 0;
  skein::run(
      [&]() -> skein::coro<> {
        for (int i = 0; i < trees; ++i) {
          plan const p{first_seed + static_cast<std::uint64_t>(i), depth};
          std::uint64_t expected = 0;
          bool expected_error = false;
          try {
            expected = sequential(p);
          } catch (tree_error const&) {
            expected_error = true;
          }
          std::uint64_t value = 0;
          bool error = false;
          try {
            value = co_await parallel(p, live);
          } catch (tree_error const&) {
            error = true;
          }
          wrong += value == expected && error == expected_error && live.load() == 0 ? 0 : 1;
          failures += error ? 1 : 0;
        }
      },
      {.workers = workers});
  REQUIRE(wrong == 0);
  CHECK(failures > 0);
  CHECK(failures < trees);
}

skein::coro<std::uint64_t> fibonacci(int n) {
  if (n < 2) {
    co_return static_cast<std::uint64_t>(n);
  }
  auto const [a, b] = co_await skein::when_all(fibonacci(n - 1), fibonacci(n - 2));
  co_return a + b;
}

}  // namespace

TEST_CASE("tasks stress: 10,000 tasks sleep and wake, none early, none twice", "[stress][tasks]") {
  constexpr int count = 10'000;
  unsigned const workers = GENERATE(1U, 4U);
  std::vector<std::atomic<int>> woken(count);
  std::atomic<int> early{0};
  skein::run(
      [&]() -> skein::coro<> {
        std::vector<skein::task<>> tasks;
        for (int i = 0; i < count; ++i) {
          tasks.push_back(skein::create_task([&, i]() -> skein::coro<> {
            for (unsigned n = 0; n < 3; ++n) {
              auto const nap = std::chrono::microseconds{mix(static_cast<unsigned>(i) * 3U + n) % 50'000};
              auto const before = std::chrono::steady_clock::now();
              co_await skein::sleep(nap);
              early += std::chrono::steady_clock::now() - before < nap ? 1 : 0;
            }
            ++woken[static_cast<std::size_t>(i)];
          }));
        }
        for (auto const& t : tasks) {
          co_await t;
        }
      },
      {.workers = workers});
  REQUIRE(early.load() == 0);
  REQUIRE(std::all_of(woken.begin(), woken.end(), [](auto const& n) { return n.load() == 1; }));
}

TEST_CASE("tasks stress: 1,000,000 tasks are spawned and awaited", "[stress][tasks]") {
  constexpr int spawners = 4;
  constexpr int batches = 250;
  constexpr int batch = 1'000;
  std::uint64_t sum = 0;
  std::uint64_t expected = 0;
  skein::run(
      [&]() -> skein::coro<> {
        auto const spawn = [](int n) -> skein::coro<std::uint64_t> {
          std::uint64_t all = 0;
          for (int b = 0; b < batches; ++b) {
            std::vector<skein::task<std::uint64_t>> tasks;
            for (int i = 0; i < batch; ++i) {
              tasks.push_back(skein::create_task([](std::uint64_t x) -> skein::coro<std::uint64_t> {
                co_return mix(x) % 1'000;
              }(static_cast<std::uint64_t>((n * batches + b) * batch + i))));
            }
            for (auto& t : tasks) {
              all += co_await std::move(t);
            }
          }
          co_return all;
        };
        std::vector<skein::task<std::uint64_t>> tasks;
        for (int n = 0; n < spawners; ++n) {
          tasks.push_back(skein::create_task(spawn, n));
        }
        for (auto const& t : tasks) {
          sum += co_await t;
        }
      },
      {.workers = 4});
  for (std::uint64_t i = 0; i < spawners * batches * batch; ++i) {
    expected += mix(i) % 1'000;
  }
  REQUIRE(sum == expected);
}

TEST_CASE("tasks stress: tasks that spawn tasks: a tree of 4^8 ends completely", "[stress][tasks]") {
  constexpr int depth = 8;
  std::atomic<int> nodes{0};
  struct tree {
    std::atomic<int>& nodes;
    skein::coro<> grow(int levels) {
      ++nodes;
      if (levels == 0) {
        co_return;
      }
      std::vector<skein::task<>> children;
      for (int i = 0; i < 4; ++i) {
        children.push_back(skein::create_task(grow(levels - 1)));
      }
      for (auto const& c : children) {
        co_await c;
      }
    }
  };
  tree t{nodes};
  skein::run(t.grow(depth), {.workers = 4});
  int expected = 0;
  for (int level = 0, width = 1; level <= depth; ++level, width *= 4) {
    expected += width;
  }
  REQUIRE(nodes.load() == expected);
}

TEST_CASE("tasks stress: when_all trees with suspensions and errors give what one thread gives",
          "[stress][tasks]") {
  compare_trees(4, 1'000, 2'000, 8);
}

TEST_CASE("tasks stress: when_all trees are right on one worker", "[stress][tasks]") {
  compare_trees(1, 5'000, 500, 8);
}

TEST_CASE("tasks stress: when_all trees are right with more workers than cores", "[stress][tasks]") {
  compare_trees(16, 9'000, 500, 8);
}

TEST_CASE("tasks stress: a fork tree without suspensions is right with 4 and 16 workers", "[stress][tasks]") {
  unsigned const workers = GENERATE(4U, 16U);
  constexpr int n = 25;
  std::uint64_t const expected = 75'025;
  for (int i = 0; i < 10; ++i) {
    REQUIRE(skein::run(fibonacci(n), {.workers = workers}) == expected);
  }
}

TEST_CASE("tasks stress: 16 workers on few cores gather, sleep and yield, and lose nothing",
          "[stress][tasks]") {
  constexpr int rounds = 1'000;
  std::uint64_t sum = 0;
  skein::run(
      [&]() -> skein::coro<> {
        auto const job = [](std::uint64_t n) -> skein::coro<std::uint64_t> {
          switch (mix(n) % 4) {
            case 0:
              co_await skein::sleep(0s);
              break;
            case 1:
              co_await skein::sleep(std::chrono::microseconds{mix(n) % 100});
              break;
            default:
              break;
          }
          co_return n;
        };
        for (int round = 0; round < rounds; ++round) {
          std::vector<skein::coro<std::uint64_t>> jobs;
          for (std::uint64_t i = 0; i < 500; ++i) {
            jobs.push_back(job(i));
          }
          for (std::uint64_t const n : co_await skein::gather(std::move(jobs))) {
            sum += n;
          }
        }
      },
      {.workers = 16});
  REQUIRE(sum == rounds * (499U * 500U / 2));
}
