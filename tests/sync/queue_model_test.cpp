// SPDX-License-Identifier: Apache-2.0
// queue_model_test.cpp: a queue beside the plainest model of one, step by step.
#include <support/items.hpp>
#include <support/test_case.hpp>

#include <skein/core/create_task.hpp>
#include <skein/core/gather.hpp>
#include <skein/sync/queue.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <stdexcept>
#include <utility>
#include <vector>

namespace {

using skein_test::in_node;

/// What a queue should be, in the plainest way, for a world in which everybody runs before the next step.
struct model {
  std::size_t maxsize;
  std::deque<int> items{};
  std::deque<int> putters{};          // what they put
  std::deque<std::size_t> getters{};  // their numbers
  std::vector<int> got{};             // by getter; -1 while it waits
  std::size_t unfinished = 0;

  [[nodiscard]] bool full() const { return items.size() >= maxsize; }
  void settle() {
    while (true) {
      if (!getters.empty() && !items.empty()) {
        got[getters.front()] = items.front();
        getters.pop_front();
        items.pop_front();
      } else if (!putters.empty() && !full()) {
        items.push_back(putters.front());
        putters.pop_front();
        ++unfinished;
      } else {
        return;
      }
    }
  }
};

static_assert(skein::detail::stands_in_runs<int> && !skein::detail::stands_in_runs<in_node>);

/// Some random steps with a queue that had `first` items in the beginning.
template <class Item>
skein::coro<> follow_model(std::size_t maxsize, int first, int steps) {
  std::uint32_t random = 11;
  auto const dice = [&](std::size_t sides) {
    random = random * 1664525U + 1013904223U;
    return (random >> 16) % sides;
  };
  skein::queue<Item> q{maxsize};
  model m{.maxsize = maxsize == 0 ? SIZE_MAX : maxsize};
  for (int item = -first; item < 0; ++item) {
    q.put_nowait(item);
    m.items.push_back(item);
    ++m.unfinished;
  }
  std::vector<skein::task<int>> getters;
  std::deque<std::pair<int, skein::task<>>> putters;
  std::vector<skein::task<>> ended;
  for (int step = 0; step < steps; ++step) {
    switch (dice(7)) {
      case 0:
        if (m.full()) {
          REQUIRE_THROWS_AS(q.put_nowait(step), skein::queue_full);
        } else {
          q.put_nowait(step);
          m.items.push_back(step);
          ++m.unfinished;
        }
        break;
      case 1:
        if (m.items.empty()) {
          REQUIRE_THROWS_AS(q.get_nowait(), skein::queue_empty);
        } else {
          REQUIRE(q.get_nowait() == m.items.front());
          m.items.pop_front();
        }
        break;
      case 2:
        putters.emplace_back(step,
                             skein::create_task([&q, step]() -> skein::coro<> { co_await q.put(step); }));
        m.putters.push_back(step);
        break;
      case 3:
        getters.push_back(skein::create_task([&q]() -> skein::coro<int> { co_return co_await q.get(); }));
        m.getters.push_back(m.got.size());
        m.got.push_back(-1);
        break;
      case 4:
        if (!m.putters.empty()) {
          std::size_t const victim = dice(m.putters.size());
          auto const waiting = std::find_if(putters.begin(), putters.end(),
                                            [&](auto const& p) { return p.first == m.putters[victim]; });
          REQUIRE(waiting->second.cancel());
          m.putters.erase(m.putters.begin() + static_cast<std::ptrdiff_t>(victim));
        }
        break;
      case 5:
        if (!m.getters.empty()) {
          std::size_t const victim = dice(m.getters.size());
          REQUIRE(getters[m.getters[victim]].cancel());
          m.getters.erase(m.getters.begin() + static_cast<std::ptrdiff_t>(victim));
        }
        break;
      default:
        if (m.unfinished == 0) {
          REQUIRE_THROWS_AS(q.task_done(), std::invalid_argument);
        } else {
          q.task_done();
          --m.unfinished;
        }
    }
    m.settle();
    co_await all_tasks_blocked();
    REQUIRE(q.qsize() == m.items.size());
    REQUIRE(q.empty() == m.items.empty());
    REQUIRE(q.full() == m.full());
    REQUIRE(q.waiting() == m.getters.size() + m.putters.size());
    for (std::size_t i = 0; i < getters.size(); ++i) {
      if (m.got[i] != -1) {
        REQUIRE(getters[i].done());
        REQUIRE(getters[i].result() == m.got[i]);
      }
    }
  }
  q.shutdown();
  co_await all_tasks_blocked();
  REQUIRE(q.waiting() == 0);
  for (auto const& [item, putter] : putters) {
    REQUIRE(putter.done());
    ended.push_back(putter);
  }
  co_await skein::gather(skein::return_exceptions, ended);  // some were refused
  co_await skein::gather(skein::return_exceptions, getters);
}

}  // namespace

SKEIN_TEST_CASE("queue: it does what a deque with two lines does, step by step (B11)", "[sync][queue]") {
  for (std::size_t const maxsize : {1U, 3U}) {
    co_await follow_model<int>(maxsize, 0, 150);
    co_await follow_model<in_node>(maxsize, 0, 150);
  }
}

SKEIN_TEST_CASE("queue: so it does with many items, without a bound or nearly full", "[sync][queue]") {
  for (std::size_t const maxsize : {0U, 132U}) {
    co_await follow_model<int>(maxsize, 130, 250);
    co_await follow_model<in_node>(maxsize, 130, 250);
  }
}
