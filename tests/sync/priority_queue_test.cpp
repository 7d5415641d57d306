// SPDX-License-Identifier: Apache-2.0
// priority_queue_test.cpp: the smallest item first.
#include "queue_facts.hpp"

#include <skein/core/event_loop.hpp>
#include <skein/sync/priority_queue.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

using priority = skein::priority_queue<int>;

static_assert(!std::is_copy_constructible_v<priority>);

SKEIN_TEST_CASE("priority_queue: the smallest item leaves first (QUE-002)", "[sync][priority_queue]") {
  priority q;
  for (int const i : {1, 3, 2}) {
    co_await q.put(i);
  }
  REQUIRE(co_await q.get() == 1);
  REQUIRE(q.get_nowait() == 2);
  q.put_nowait(0);
  REQUIRE(q.get_nowait() == 0);
  REQUIRE(co_await q.get() == 3);
  REQUIRE(q.empty());
}

SKEIN_TEST_CASE("priority_queue: it has the bounds of a queue (QUE-001, QUE-003)", "[sync][priority_queue]") {
  co_await queue_facts::has_bounds<priority>();
}

SKEIN_TEST_CASE("priority_queue: join waits for every task_done (QUE-009)", "[sync][priority_queue]") {
  co_await queue_facts::joins<priority>();
}

SKEIN_TEST_CASE("priority_queue: after shutdown what is in it can still be taken (QUE-010)",
                "[sync][priority_queue]") {
  co_await queue_facts::shuts_down<priority>();
}

SKEIN_TEST_CASE("priority_queue: an immediate shutdown destroys the items (QUE-011, QUE-012)",
                "[sync][priority_queue]") {
  co_await queue_facts::drops_at_once<skein::priority_queue<std::shared_ptr<int>>>();
}

SKEIN_TEST_CASE("priority_queue: it says what it is (QUE-013)", "[sync][priority_queue]") {
  co_await queue_facts::says_what_it_is<priority>("priority_queue");
}

SKEIN_TEST_CASE("priority_queue: threads and tasks take every item once, cancelled or not",
                "[sync][priority_queue]") {
  co_await queue_facts::keeps_every_item<priority>();
}

SKEIN_TEST_CASE("priority_queue: equal items leave in the order in which they were put; beside a multimap",
                "[sync][priority_queue]") {
  struct by_first {
    bool operator()(std::pair<int, int> const& a, std::pair<int, int> const& b) const {
      return a.first < b.first;
    }
  };
  skein::priority_queue<std::pair<int, int>, by_first> q;
  std::multimap<int, int> model;  // equal keys stay in the order in which they came
  std::uint32_t random = 3;
  auto const dice = [&](std::uint32_t sides) {
    random = random * 1664525U + 1013904223U;
    return static_cast<int>((random >> 16) % sides);
  };
  for (int step = 0; step < 3000; ++step) {
    if (dice(5) < 3) {
      int const key = dice(20);
      co_await q.put({key, step});
      model.emplace(key, step);
    } else if (!model.empty()) {
      auto const [key, value] = co_await q.get();
      REQUIRE(key == model.begin()->first);
      REQUIRE(value == model.begin()->second);
      model.erase(model.begin());
    }
    REQUIRE(q.qsize() == model.size());
  }
  for (auto const& [key, value] : model) {
    REQUIRE(q.get_nowait() == std::pair{key, value});
  }
  REQUIRE(q.empty());
}

SKEIN_TEST_CASE("priority_queue: with a comparison of its own, also one that has a state",
                "[sync][priority_queue]") {
  skein::priority_queue<int, std::greater<>> greatest_first;
  for (int const i : {1, 3, 2}) {
    greatest_first.put_nowait(i);
  }
  REQUIRE(co_await greatest_first.get() == 3);

  struct nearest_to {
    int middle;
    bool operator()(int a, int b) const { return std::abs(a - middle) < std::abs(b - middle); }
  };
  skein::priority_queue<int, nearest_to> nearest{4, nearest_to{10}};
  for (int const i : {1, 11, 30, 7}) {
    nearest.put_nowait(i);
  }
  REQUIRE(nearest.full());
  for (int const i : {11, 7, 1, 30}) {
    REQUIRE(co_await nearest.get() == i);
  }

  auto const by_value = [](std::unique_ptr<int> const& a, std::unique_ptr<int> const& b) { return *a < *b; };
  skein::priority_queue<std::unique_ptr<int>, decltype(by_value)> owners{0, by_value};
  owners.put_nowait(std::make_unique<int>(2));
  owners.put_nowait(std::make_unique<int>(1));
  auto const owner = co_await owners.get();
  REQUIRE(*owner == 1);  // the other is destroyed with its queue
}

SKEIN_TEST_CASE("priority_queue: a comparison that throws loses no item, and strands no getter",
                "[sync][priority_queue]") {
  bool throws = true;
  auto const moody = [&](int a, int b) {
    if (throws) {
      throw std::domain_error{"incomparable"};
    }
    return a < b;
  };
  skein::priority_queue<int, decltype(moody)> q{0, moody};
  for (int const i : {5, 4, 3, 2, 1}) {
    q.put_nowait(i);
  }
  REQUIRE_THROWS_AS(q.get_nowait(), std::domain_error);
  REQUIRE_THROWS_AS(co_await q.get(), std::domain_error);
  REQUIRE(q.qsize() == 5);
  throws = false;
  for (int const i : {1, 2, 3}) {
    REQUIRE(co_await q.get() == i);
  }
  REQUIRE(q.qsize() == 2);
  q.shutdown();
  REQUIRE(q.get_nowait() == 4);
  REQUIRE(q.get_nowait() == 5);
  REQUIRE_THROWS_AS(q.get_nowait(), skein::queue_shut_down);
}

SKEIN_TEST_CASE_1W("priority_queue: a called getter whose comparison throws leaves its claim to the next",
                   "[sync][priority_queue]") {
  int calls_until_error = 0;
  auto const once = [&](int a, int b) {
    if (calls_until_error-- == 0) {
      throw std::domain_error{"incomparable"};
    }
    return a < b;
  };
  skein::priority_queue<int, decltype(once)> q{0, once};
  auto const get = [&]() -> skein::coro<int> { co_return co_await q.get(); };
  std::vector<skein::task<int>> getters;
  for (int i = 0; i < 3; ++i) {
    getters.push_back(skein::create_task(get));
  }
  co_await all_tasks_blocked();
  q.put_nowait(2);
  q.put_nowait(1);
  co_await all_tasks_blocked();
  REQUIRE_THROWS_AS(co_await getters[0], std::domain_error);
  REQUIRE(co_await getters[1] == 1);
  REQUIRE(co_await getters[2] == 2);
  REQUIRE(q.empty());
}

SKEIN_TEST_CASE("priority_queue: a comparison may put into the queue and look at it (A14)",
                "[sync][priority_queue]") {
  struct curious {
    std::optional<std::reference_wrapper<skein::priority_queue<int, curious>>>* queue;
    bool operator()(int a, int b) const {
      if (*queue && (*queue)->get().qsize() < 20) {
        (*queue)->get().put_nowait(100);
      }
      return a < b;
    }
  };
  std::optional<std::reference_wrapper<skein::priority_queue<int, curious>>> self;
  skein::priority_queue<int, curious> q{0, curious{&self}};
  self = q;
  for (int const i : {3, 1, 2}) {
    q.put_nowait(i);
  }
  REQUIRE(co_await q.get() == 1);
  REQUIRE(q.qsize() > 2);
  REQUIRE(co_await q.get() == 2);
  REQUIRE(co_await q.get() == 3);
  REQUIRE(co_await q.get() == 100);
}

SKEIN_TEST_CASE_1W("priority_queue: a getter that was called takes what is the smallest item when it runs",
                   "[sync][priority_queue]") {
  priority q;
  auto const get = [&]() -> skein::coro<int> { co_return co_await q.get(); };
  auto const a = skein::create_task(get);
  auto const b = skein::create_task(get);
  co_await all_tasks_blocked();
  q.put_nowait(3);
  q.put_nowait(2);
  q.put_nowait(1);
  REQUIRE(q.qsize() == 1);
  a.cancel();
  REQUIRE(q.qsize() == 2);  // its claim came back
  REQUIRE_THROWS_AS(co_await a, skein::cancelled_error);
  REQUIRE(co_await b == 1);
  REQUIRE(q.get_nowait() == 2);
  REQUIRE(q.get_nowait() == 3);
}

TEST_CASE("priority_queue: a getter that was called is not left with a claim when the queue goes",
          "[sync][priority_queue]") {
  for (bool const closes : {false, true}) {
    auto const loop = skein::new_event_loop();
    loop->set_exception_handler([](skein::event_loop&, skein::exception_context const&) {});
    auto q = std::make_unique<priority>();
    skein::task<int> getter;
    loop->run_until_complete([&]() -> skein::coro<> {
      getter = skein::create_task([&]() -> skein::coro<int> { co_return co_await q->get(); });
      co_await all_tasks_blocked();
    });
    q->put_nowait(1);
    q.reset();
    if (closes) {
      loop->close();
      REQUIRE(getter.cancelled());
    } else {
      REQUIRE_THROWS_AS(loop->run_until_complete(getter), skein::queue_shut_down);
      loop->close();
    }
  }
}
