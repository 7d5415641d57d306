// SPDX-License-Identifier: Apache-2.0
// item_run_test.cpp: items that stand side by side in a queue or a channel, beside those that have nodes.
#include <support/test_case.hpp>

#include <skein/core/create_task.hpp>
#include <skein/core/run.hpp>
#include <skein/core/sleep.hpp>
#include <skein/sync/channel.hpp>
#include <skein/sync/queue.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

using namespace std::chrono_literals;
using skein::detail::queue_core;
using skein::detail::queue_share;
using skein::detail::stands_in_runs;

namespace {

/// Trivially copyable, and as unwilling as that allows.
class unwilling {
 public:
  explicit unwilling(int v) : value_{v} {}
  void operator&() const = delete;
  [[nodiscard]] int value() const { return value_; }

 private:
  int value_;
};

struct alignas(32) aligned {};
struct guarded {
  int value = 0;
  ~guarded() {}
};

static_assert(stands_in_runs<unwilling> && stands_in_runs<int> && stands_in_runs<void*> &&
              stands_in_runs<std::array<char, 64>>);
static_assert(!stands_in_runs<std::array<char, 65>> && !stands_in_runs<aligned>);
static_assert(!stands_in_runs<std::string> && !stands_in_runs<guarded> && !stands_in_runs<int const>);

using runs = skein::detail::runs_of<int>;
using item = skein::detail::queue_item<int>;

constexpr int in_a_run = runs::capacity;

/// What is left in a queue, in order.
std::vector<int> rest_of(skein::queue<int>& q) {
  std::vector<int> rest;
  while (!q.empty()) {
    rest.push_back(q.get_nowait());
  }
  return rest;
}

std::vector<int> numbers(int first, int last) {
  std::vector<int> all;
  for (int i = first; i <= last; ++i) {
    all.push_back(i);
  }
  return all;
}

/// A queue_core with the numbers 1 to `last` in runs.
struct core_of_runs {
  explicit core_of_runs(int last) {
    for (int i = 1; i <= last; ++i) {
      REQUIRE(runs::put(core, i));
    }
  }
  ~core_of_runs() { skein::detail::destroy_items<item>(core.disband("core")); }

  /// Takes the oldest item on the slow way.
  int get() {
    int copied = 0;
    queue_share share{.into = &copied};
    REQUIRE(core.try_get(share) == queue_core::result::done);
    REQUIRE(share.copied == (share.item == nullptr));
    if (share.item == nullptr) {
      return copied;
    }
    std::unique_ptr<item> const owned{static_cast<item*>(share.item)};
    return owned->value;
  }

  queue_core core{queue_core::no_bound, skein::detail::item_order::oldest, sizeof(int)};
};

}  // namespace

TEST_CASE("item_run: items leave in order, over many runs, and runs are used again", "[sync][queue]") {
  skein::queue<int> q;
  int next_in = 0;
  int next_out = 0;
  for (int const goal : {1, in_a_run, in_a_run + 1, 10 * in_a_run, 3, 0, 5 * in_a_run, 0}) {
    while (next_in - next_out < goal) {
      q.put_nowait(next_in++);
    }
    while (next_in - next_out > goal) {
      REQUIRE(q.get_nowait() == next_out++);
    }
    REQUIRE(q.qsize() == static_cast<std::size_t>(goal));
  }
}

TEST_CASE("item_run: items of every size come out as they went in", "[sync][queue]") {
  auto const check = [](auto example) {
    using bytes = decltype(example);
    skein::queue<bytes> q;
    for (int i = 0; i < 300; ++i) {
      bytes b;
      b.fill(static_cast<unsigned char>(i));
      q.put_nowait(b);
    }
    for (int i = 0; i < 300; ++i) {
      bytes const b = q.get_nowait();
      REQUIRE(b.front() == static_cast<unsigned char>(i));
      REQUIRE(b.back() == static_cast<unsigned char>(i));
    }
  };
  check(std::array<unsigned char, 1>{});
  check(std::array<unsigned char, 7>{});
  check(std::array<unsigned char, 24>{});
  check(std::array<unsigned char, 64>{});
  check(std::array<unsigned char, 65>{});
}

TEST_CASE("item_run: the slow way takes items out of runs one by one", "[sync][queue]") {
  core_of_runs c{2 * in_a_run + 1};
  for (int i = 1; i <= 2 * in_a_run + 1; ++i) {
    REQUIRE(c.get() == i);
  }
  REQUIRE(c.core.size() == 0);
  REQUIRE(runs::put(c.core, 7));  // into the empty run that was kept
  REQUIRE(c.get() == 7);
}

#ifndef SKEIN_PLAIN_FRAMES
TEST_CASE("item_run: of runs that are emptied one is kept, the others are freed", "[sync][queue]") {
  constexpr std::size_t count = 10;
  std::vector<std::unique_ptr<skein::detail::item_run>> blocks;
  std::set<void const*> known;
  for (std::size_t i = 0; i < count; ++i) {
    blocks.push_back(std::make_unique<skein::detail::item_run>());
    known.insert(blocks.back().get());
  }
  auto const take_known = [&] {
    std::size_t found = 0;
    for (std::size_t i = 0; i < count; ++i) {
      blocks.push_back(std::make_unique<skein::detail::item_run>());
      found += known.count(blocks.back().get());
    }
    blocks.clear();
    return found;
  };
  blocks.clear();  // the next blocks of this thread, the last first
  for (bool const slowly : {true, false}) {
    core_of_runs c{static_cast<int>(count) * in_a_run};
    for (int i = 1; i <= static_cast<int>(count) * in_a_run; ++i) {
      int item = 0;
      if (slowly) {
        item = c.get();
      } else {
        REQUIRE(runs::take(c.core, &item));
      }
      REQUIRE(item == i);
    }
    REQUIRE(take_known() == count - 1);
  }
}
#endif

TEST_CASE("item_run: an item that was copied and not taken goes back to its place", "[sync][queue]") {
  core_of_runs c{3};
  int copied = 0;
  queue_share share{.into = &copied};
  REQUIRE(c.core.try_get(share) == queue_core::result::done);
  REQUIRE(share.copied);
  REQUIRE(c.get() == 2);
  skein::detail::discard_item<item>(c.core, share);
  REQUIRE_FALSE(share.copied);
  REQUIRE(c.core.size() == 2);
  int fast = 0;
  REQUIRE_FALSE(runs::take(c.core, &fast));  // the oldest has a node now
  REQUIRE(c.get() == 1);
  REQUIRE(c.get() == 3);
}

TEST_CASE("item_run: after all were dropped an item that comes back is destroyed", "[sync][queue]") {
  core_of_runs c{3};
  int copied = 0;
  queue_share share{.into = &copied};
  REQUIRE(c.core.try_get(share) == queue_core::result::done);
  skein::detail::destroy_items<item>(c.core.shut_down(true));
  skein::detail::discard_item<item>(c.core, share);
  REQUIRE(c.core.size() == 0);
  REQUIRE(c.core.look().unfinished == 0);
  REQUIRE_FALSE(c.core.task_done());
}

SKEIN_TEST_CASE("item_run: what a cancelled getter was given comes before the run", "[sync][queue]") {
  for (int round = 0; round < 20; ++round) {
    skein::queue<int> q;
    auto const getter = skein::create_task([&]() -> skein::coro<int> { co_return co_await q.get(); });
    while (q.waiting() == 0) {
      co_await skein::sleep(0s);
    }
    for (int i = 1; i <= in_a_run + 2; ++i) {
      q.put_nowait(i);
    }
    getter.cancel();
    while (!getter.done()) {
      co_await skein::sleep(0s);
    }
    REQUIRE(rest_of(q) == numbers(getter.cancelled() ? 1 : 2, in_a_run + 2));
  }
}

SKEIN_TEST_CASE("item_run: putters that waited come behind the run, and before later items",
                "[sync][queue]") {
  skein::queue<int> q{2};
  q.put_nowait(1);
  q.put_nowait(2);
  auto const third = skein::create_task([&]() -> skein::coro<> { co_await q.put(3); });
  while (q.waiting() == 0) {
    co_await skein::sleep(0s);
  }
  REQUIRE(co_await q.get() == 1);
  co_await third;
  REQUIRE_THROWS_AS(q.put_nowait(4), skein::queue_full);
  REQUIRE(co_await q.get() == 2);
  q.put_nowait(4);
  REQUIRE(rest_of(q) == numbers(3, 4));
}

SKEIN_TEST_CASE("item_run: a channel hands over, stores, and ends", "[sync][channel]") {
  skein::channel<int> c{skein::unbounded};
  auto const receiver =
      skein::create_task([&]() -> skein::coro<std::optional<int>> { co_return co_await c.receive(); });
  while (c.waiting() == 0) {
    co_await skein::sleep(0s);
  }
  for (int i = 1; i <= in_a_run; ++i) {
    co_await c.send(i);
  }
  REQUIRE(c.try_send(in_a_run + 1));
  REQUIRE(co_await receiver == 1);
  c.close();
  for (int i = 2; i <= in_a_run + 1; ++i) {
    std::optional<int> got = c.try_receive();
    if (!got) {
      got = co_await c.receive();
    }
    REQUIRE(got == i);
  }
  REQUIRE(co_await c.receive() == std::nullopt);
}

SKEIN_TEST_CASE("item_run: items need no default constructor and no address", "[sync][queue]") {
  skein::queue<unwilling> q{1};
  q.put_nowait(unwilling{1});
  auto const putter = skein::create_task([&]() -> skein::coro<> { co_await q.put(unwilling{2}); });
  while (q.waiting() == 0) {
    co_await skein::sleep(0s);
  }
  REQUIRE((co_await q.get()).value() == 1);
  REQUIRE((co_await q.get()).value() == 2);
  co_await putter;
  skein::channel<unwilling> c{1};
  REQUIRE(c.try_send(unwilling{3}));
  auto const got = co_await c.receive();
  REQUIRE(got->value() == 3);
}

// With several workers a get yields when its budget is spent, with an item in its hands: a cancel that comes
// then waits for the next get.
TEST_CASE("item_run: a getter that is cancelled while it yields loses nothing", "[sync][queue]") {
  for (int round = 0; round < 200; ++round) {
    std::vector<int> taken;
    skein::queue<int> q;
    for (int i = 1; i <= 500; ++i) {
      q.put_nowait(i);
    }
    skein::run(
        [&]() -> skein::coro<> {
          auto getter = skein::create_task([&]() -> skein::coro<> {
            for (;;) {
              taken.push_back(co_await q.get());
            }
          });
          for (int i = 0; i < round % 20; ++i) {
            co_await skein::sleep(0s);
          }
          getter.cancel();
          REQUIRE_THROWS_AS(co_await getter, skein::cancelled_error);
        },
        {.workers = 2, .budget = 4});
    std::vector<int> const rest = rest_of(q);
    taken.insert(taken.end(), rest.begin(), rest.end());
    REQUIRE(taken == numbers(1, 500));
  }
}
