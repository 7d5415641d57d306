// SPDX-License-Identifier: Apache-2.0
// queue_test.cpp: items between tasks: order, bounds, cancelling, shutting down.
#include <support/test_case.hpp>

#include <skein/core/create_task.hpp>
#include <skein/core/event_loop.hpp>
#include <skein/core/gather.hpp>
#include <skein/core/sleep.hpp>
#include <skein/sync/queue.hpp>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

using namespace std::chrono_literals;

SKEIN_TEST_CASE("queue: first in, first out, with its size (QUE-001)", "[sync][queue]") {
  skein::queue<int> q{2};
  REQUIRE(q.empty());
  REQUIRE_THROWS_AS(q.get_nowait(), skein::queue_empty);
  q.put_nowait(1);
  co_await q.put(2);
  REQUIRE(q.full());
  REQUIRE(q.qsize() == 2);
  REQUIRE_THROWS_AS(q.put_nowait(3), skein::queue_full);
  REQUIRE_THROWS_WITH(q.put_nowait(3), Catch::Contains("full with 2 items"));
  REQUIRE(co_await q.get() == 1);
  REQUIRE(q.get_nowait() == 2);
  skein::queue<int> unbounded;
  for (int i = 0; i < 1000; ++i) {
    unbounded.put_nowait(i);
  }
  REQUIRE_FALSE(unbounded.full());
  REQUIRE(unbounded.qsize() == 1000);
  for (int i = 0; i < 1000; ++i) {
    REQUIRE(unbounded.get_nowait() == i);
  }
  skein::queue<int> negative{static_cast<std::size_t>(-1)};
  negative.put_nowait(1);
  REQUIRE_FALSE(negative.full());
  REQUIRE(negative.maxsize() == 0);
}

SKEIN_TEST_CASE_1W("queue: gets and puts that need not wait do not suspend (QUE-004)", "[sync][queue]") {
  skein::queue<int> q{1000};
  bool ran = false;
  auto const other = skein::create_task([&]() -> skein::coro<> {
    ran = true;
    co_return;
  });
  for (int i = 0; i < 1000; ++i) {
    co_await q.put(i);
  }
  for (int i = 0; i < 1000; ++i) {
    REQUIRE(co_await q.get() == i);
  }
  REQUIRE_FALSE(ran);
  co_await other;
}

SKEIN_TEST_CASE("queue: a put waits for room (QUE-003)", "[sync][queue]") {
  skein::queue<int> q{2};
  auto const putter = skein::create_task([&]() -> skein::coro<> {
    for (int i = 0; i < 3; ++i) {
      co_await q.put(i);
    }
  });
  co_await all_tasks_blocked();
  REQUIRE_FALSE(putter.done());
  REQUIRE(q.waiting() == 1);
  REQUIRE(co_await q.get() == 0);
  co_await putter;
  REQUIRE(q.get_nowait() == 1);
  REQUIRE(q.get_nowait() == 2);
}

SKEIN_TEST_CASE("queue: a cancelled get loses no item", "[sync][queue]") {
  skein::queue<int> jobs;
  auto const getter = skein::create_task([&]() -> skein::coro<int> { co_return co_await jobs.get(); });
  co_await all_tasks_blocked();

  getter.cancel();
  REQUIRE_THROWS_AS(co_await getter, skein::cancelled_error);

  co_await jobs.put(7);
  REQUIRE(co_await jobs.get() == 7);
}

SKEIN_TEST_CASE_1W("queue: a getter that is cancelled with an item gives it back in its place (QUE-005, B1)",
                   "[sync][queue]") {
  skein::queue<int> q;
  auto const getter = skein::create_task([&]() -> skein::coro<int> { co_return co_await q.get(); });
  co_await all_tasks_blocked();
  q.put_nowait(1);
  q.put_nowait(2);
  getter.cancel();
  REQUIRE_THROWS_AS(co_await getter, skein::cancelled_error);
  REQUIRE(q.get_nowait() == 1);
  REQUIRE(q.get_nowait() == 2);
}

SKEIN_TEST_CASE_1W("queue: the items of a cancelled getter go to those behind it (QUE-006)",
                   "[sync][queue]") {
  skein::queue<int> q;
  auto const get = [&]() -> skein::coro<int> { co_return co_await q.get(); };
  auto const a = skein::create_task(get);
  auto const b = skein::create_task(get);
  auto const c = skein::create_task(get);
  co_await all_tasks_blocked();
  q.put_nowait(1);
  q.put_nowait(2);
  a.cancel();
  REQUIRE_THROWS_AS(co_await a, skein::cancelled_error);
  int const x = co_await b;
  int const y = co_await c;
  REQUIRE(x + y == 3);
}

SKEIN_TEST_CASE("queue: a getter that was cancelled while it had an item swallows nothing (B14, B16)",
                "[sync][queue]") {
  skein::queue<int> q;
  std::vector<skein::task<int>> getters;
  for (int i = 0; i < 4; ++i) {
    getters.push_back(skein::create_task([&]() -> skein::coro<int> { co_return co_await q.get(); }));
    co_await all_tasks_blocked();
  }
  q.put_nowait(1);
  getters[0].cancel();
  q.put_nowait(2);
  getters[1].cancel();
  getters[3].cancel();
  co_await all_tasks_blocked();
  q.put_nowait(3);
  std::vector<int> got;
  for (auto const& getter : getters) {
    try {
      got.push_back(co_await getter);
    } catch (skein::cancelled_error const&) {
    }
  }
  while (!q.empty()) {
    got.push_back(q.get_nowait());
  }
  REQUIRE(q.waiting() == 0);
  std::sort(got.begin(), got.end());
  REQUIRE(got == std::vector<int>{1, 2, 3});
}

SKEIN_TEST_CASE_1W(
    "queue: an item that comes back from a cancelled getter is at the next one's at once (B16)",
    "[sync][queue]") {
  skein::queue<int> q;
  auto const get = [&]() -> skein::coro<int> { co_return co_await q.get(); };
  auto const a = skein::create_task(get);
  auto const b = skein::create_task(get);
  co_await all_tasks_blocked();
  q.put_nowait(1);
  REQUIRE(q.empty());
  REQUIRE(q.waiting() == 1);
  a.cancel();
  REQUIRE(q.waiting() == 0);  // b has it
  REQUIRE(q.empty());
  b.cancel();
  REQUIRE(q.get_nowait() == 1);  // and the queue again
  REQUIRE_THROWS_AS(co_await a, skein::cancelled_error);
  REQUIRE_THROWS_AS(co_await b, skein::cancelled_error);
}

SKEIN_TEST_CASE_1W("queue: items that come back stand in their old order (B16)", "[sync][queue]") {
  skein::queue<int> q;
  std::vector<skein::task<int>> getters;
  for (int i = 0; i < 3; ++i) {
    getters.push_back(skein::create_task([&]() -> skein::coro<int> { co_return co_await q.get(); }));
  }
  co_await all_tasks_blocked();
  for (int i = 1; i <= 5; ++i) {
    q.put_nowait(i);
  }
  for (std::size_t const victim : {1U, 2U, 0U}) {
    getters[victim].cancel();
  }
  for (int i = 1; i <= 5; ++i) {
    REQUIRE(q.get_nowait() == i);
  }
  co_await all_tasks_blocked();
}

SKEIN_TEST_CASE("queue: an item that was handed over cannot be taken by a third party (QUE-007)",
                "[sync][queue]") {
  skein::queue<int> q;
  auto const get = [&]() -> skein::coro<int> { co_return co_await q.get(); };
  auto const a = skein::create_task(get);
  co_await all_tasks_blocked();
  auto const b = skein::create_task(get);
  co_await all_tasks_blocked();
  q.put_nowait(1);
  REQUIRE_THROWS_AS(q.get_nowait(), skein::queue_empty);
  q.put_nowait(2);
  q.put_nowait(3);
  REQUIRE(co_await a == 1);
  REQUIRE(co_await b == 2);
  REQUIRE(q.get_nowait() == 3);
}

SKEIN_TEST_CASE("queue: room that was promised to a putter cannot be taken by a third party (QUE-008)",
                "[sync][queue]") {
  skein::queue<char> q{1};
  q.put_nowait('0');
  std::vector<skein::task<>> putters;
  for (char const c : {'a', 'b', 'c'}) {
    putters.push_back(skein::create_task([&, c]() -> skein::coro<> { co_await q.put(c); }));
    co_await all_tasks_blocked();
  }
  REQUIRE(q.get_nowait() == '0');
  REQUIRE(q.full());
  REQUIRE_THROWS_AS(q.put_nowait('X'), skein::queue_full);
  auto const late = skein::create_task([&]() -> skein::coro<> { co_await q.put('X'); });
  for (char const c : {'a', 'b', 'c', 'X'}) {
    REQUIRE(co_await q.get() == c);
  }
  for (auto const& putter : putters) {
    co_await putter;
  }
  co_await late;
  REQUIRE(q.empty());
}

SKEIN_TEST_CASE("queue: a cancelled put says so; the copy that the caller kept is the only one (B12)",
                "[sync][queue]") {
  skein::queue<std::shared_ptr<int>> q{1};
  q.put_nowait(nullptr);
  auto const message = std::make_shared<int>(7);
  auto const putter = skein::create_task([&]() -> skein::coro<> {
    auto kept = message;
    co_await q.put(message);
  });
  co_await all_tasks_blocked();
  REQUIRE(message.use_count() == 3);
  putter.cancel();
  REQUIRE_THROWS_AS(co_await putter, skein::cancelled_error);
  REQUIRE(message.use_count() == 1);
  REQUIRE(q.get_nowait() == nullptr);
  REQUIRE(q.empty());
  co_await q.put(message);  // it can be sent again
  REQUIRE(co_await q.get() == message);
}

SKEIN_TEST_CASE_1W("queue: a put that is cancelled is not put, and its room goes to the next",
                   "[sync][queue]") {
  skein::queue<int> q{1};
  q.put_nowait(0);
  auto const put = [&](int n) -> skein::coro<> { co_await q.put(n); };
  auto const a = skein::create_task(put, 1);
  auto const b = skein::create_task(put, 2);
  co_await all_tasks_blocked();
  REQUIRE(q.get_nowait() == 0);
  a.cancel();
  REQUIRE_THROWS_AS(co_await a, skein::cancelled_error);
  co_await b;
  REQUIRE(q.get_nowait() == 2);
  REQUIRE(q.empty());
}

SKEIN_TEST_CASE("queue: join waits for every task_done (QUE-009)", "[sync][queue]") {
  skein::queue<int> q;
  co_await q.join();
  for (int i = 0; i < 100; ++i) {
    q.put_nowait(i);
  }
  std::atomic<int> done{0};
  std::vector<skein::task<>> workers;
  for (int w = 0; w < 2; ++w) {
    workers.push_back(skein::create_task([&]() -> skein::coro<> {
      while (true) {
        static_cast<void>(co_await q.get());
        co_await skein::sleep(0s);
        ++done;
        q.task_done();
      }
    }));
  }
  co_await q.join();
  REQUIRE(done == 100);
  REQUIRE_THROWS_AS(q.task_done(), std::invalid_argument);
  REQUIRE_THROWS_WITH(q.task_done(), Catch::StartsWith("task_done() called too many times"));
  for (auto const& worker : workers) {
    worker.cancel();
  }
  co_await skein::gather(skein::return_exceptions, workers);
}

SKEIN_TEST_CASE("queue: move-only items, and its repr (QUE-013)", "[sync][queue]") {
  skein::queue<std::unique_ptr<int>> q{3};
  co_await q.put(std::make_unique<int>(5));
  REQUIRE(q.repr() == "<queue maxsize=3 size=1 tasks=1>");
  auto const item = co_await q.get();
  REQUIRE(*item == 5);
  REQUIRE(q.repr() == "<queue maxsize=3 tasks=1>");
  q.task_done();
  auto const getter = skein::create_task([&]() -> skein::coro<> { static_cast<void>(co_await q.get()); });
  co_await all_tasks_blocked();
  REQUIRE(q.repr() == "<queue maxsize=3 _getters[1]>");
  q.shutdown();
  REQUIRE(q.repr() == "<queue maxsize=3 shutdown>");
  REQUIRE_THROWS_AS(co_await getter, skein::queue_shut_down);

  skein::queue<int> full{1};
  full.put_nowait(1);
  auto const putter = skein::create_task([&]() -> skein::coro<> { co_await full.put(2); });
  co_await all_tasks_blocked();
  REQUIRE(full.repr() == "<queue maxsize=1 size=1 _putters[1] tasks=1>");
  REQUIRE(full.get_nowait() == 1);
  co_await putter;
}

SKEIN_TEST_CASE("queue: a thread may put, tasks get every item once, cancelled or not", "[sync][queue]") {
  constexpr int items = 4000;
  skein::queue<int> q;
  std::atomic<int> taken{0};
  std::atomic<long> sum{0};
  auto const get = [&]() -> skein::coro<> {
    while (true) {
      sum += co_await q.get();
      ++taken;
    }
  };
  std::vector<skein::task<>> getters;
  std::vector<skein::task<>> cancelled;
  for (int i = 0; i < 8; ++i) {
    getters.push_back(skein::create_task(get));
  }
  std::thread producer{[&] {
    for (int i = 0; i < items; ++i) {
      q.put_nowait(i);
    }
  }};
  std::uint32_t random = 1;
  while (taken < items) {
    co_await skein::sleep(50us);
    random = random * 1664525U + 1013904223U;
    auto& victim = getters[random % getters.size()];
    victim.cancel();
    cancelled.push_back(std::exchange(victim, skein::create_task(get)));
  }
  producer.join();
  REQUIRE(sum == static_cast<long>(items) * (items - 1) / 2);
  q.shutdown();
  co_await skein::gather(skein::return_exceptions, getters);  // they use what ends with this body
  co_await skein::gather(skein::return_exceptions, cancelled);
}

// g++ 12 resumes both operands after both waits (core/notes/compilers.md): between, the first one has an item
// and nobody will ask for it.
TEST_CASE("queue: a frame that is destroyed between two waits of one expression leaves no trace",
          "[sync][queue]") {
  skein::queue<int> first{1};
  skein::queue<int> second{1};
  auto const loop = skein::new_event_loop();
  loop->set_exception_handler([](skein::event_loop&, skein::exception_context const&) {});
  loop->run_until_complete([&]() -> skein::coro<> {
    auto const both = skein::create_task(
        [&]() -> skein::coro<int> { co_return co_await first.get() + co_await second.get(); });
    co_await all_tasks_blocked();
    first.put_nowait(1);
    co_await all_tasks_blocked();
    REQUIRE_FALSE(both.done());
  });
  loop->close();
  REQUIRE(first.waiting() + second.waiting() == 0);
  REQUIRE(first.full() == (first.qsize() == 1));
  if (first.empty()) {
    first.put_nowait(2);
  }
  REQUIRE(first.get_nowait() > 0);
  REQUIRE_FALSE(first.full());
}

// ---- items that use their queue --------------------------------------------------------------------------

namespace {

/// An item that looks at its queue whenever it is moved or destroyed.
class curious {
 public:
  explicit curious(skein::queue<curious>& q) : queue_{&q} {}
  curious(curious&& other) noexcept : queue_{other.queue_} { look(); }
  curious& operator=(curious&&) = delete;
  ~curious() { look(); }

 private:
  void look() noexcept {
    static_cast<void>(queue_->full());
    static_cast<void>(queue_->waiting());
  }
  skein::queue<curious>* queue_;
};

}  // namespace

SKEIN_TEST_CASE("queue: items may use the queue when they are moved or destroyed, on every way (A14)",
                "[sync][queue]") {
  skein::queue<curious> q{2};
  auto const put = [&]() -> skein::coro<> { co_await q.put(curious{q}); };
  auto const get = [&]() -> skein::coro<> { curious const item = co_await q.get(); };
  auto const cancelled_getter = skein::create_task(get);
  auto const getter = skein::create_task(get);
  co_await all_tasks_blocked();
  q.put_nowait(curious{q});
  cancelled_getter.cancel();  // may have its item already
  co_await put();
  co_await all_tasks_blocked();
  q.shutdown(true);
  REQUIRE(cancelled_getter.done());
  REQUIRE(getter.done());

  skein::queue<curious> full{1};
  full.put_nowait(curious{full});
  auto const cancelled_putter =
      skein::create_task([&]() -> skein::coro<> { co_await full.put(curious{full}); });
  auto const refused_putter =
      skein::create_task([&]() -> skein::coro<> { co_await full.put(curious{full}); });
  co_await all_tasks_blocked();
  REQUIRE_THROWS_AS(full.put_nowait(curious{full}), skein::queue_full);
  cancelled_putter.cancel();
  REQUIRE_THROWS_AS(co_await cancelled_putter, skein::cancelled_error);
  full.shutdown(true);
  REQUIRE_THROWS_AS(co_await refused_putter, skein::queue_shut_down);
}

// A call of the loop that runs the task can only run when the task has left its worker. With several workers
// a task yields after as many awaits as run_options.budget says: 100 are fewer.
SKEIN_TEST_CASE("queue: gets and puts that need not wait stay on their worker (QUE-004)", "[sync][queue]") {
  skein::queue<int> q{50};
  co_await skein::sleep(0s);
  std::atomic<bool> other_ran{false};
  auto const here = std::this_thread::get_id();
  skein::get_running_loop().call_soon([&] { other_ran.store(true); });
  bool in_order = true;
  for (int i = 0; i < 50; ++i) {
    co_await q.put(i);
  }
  for (int i = 0; i < 50; ++i) {
    in_order = co_await q.get() == i && in_order;
  }
  REQUIRE_FALSE(other_ran.load());
  REQUIRE(std::this_thread::get_id() == here);
  REQUIRE(in_order);
  while (!other_ran.load()) {
    co_await skein::sleep(0s);
  }
}

SKEIN_TEST_CASE("queue: of a getter that is cancelled as items come, none is lost or doubled (QUE-005)",
                "[sync][queue]") {
  for (int round = 0; round < 50; ++round) {
    skein::queue<int> q;
    auto const getter = skein::create_task([&]() -> skein::coro<int> { co_return co_await q.get(); });
    while (q.waiting() == 0) {
      co_await skein::sleep(0s);
    }
    q.put_nowait(1);
    q.put_nowait(2);
    getter.cancel();
    while (!getter.done()) {
      co_await skein::sleep(0s);
    }
    if (getter.cancelled()) {
      REQUIRE(q.get_nowait() == 1);
    } else {
      REQUIRE(getter.result() == 1);
    }
    REQUIRE(q.get_nowait() == 2);
    REQUIRE(q.empty());
  }
}

SKEIN_TEST_CASE(
    "queue: of three getters and two items, one cancelled, no item and no getter is left (QUE-006)",
    "[sync][queue]") {
  for (int round = 0; round < 50; ++round) {
    skein::queue<int> q;
    std::vector<skein::task<int>> getters;
    for (std::size_t i = 0; i < 3; ++i) {
      getters.push_back(skein::create_task([&]() -> skein::coro<int> { co_return co_await q.get(); }));
      while (q.waiting() < i + 1) {
        co_await skein::sleep(0s);
      }
    }
    q.put_nowait(1);
    q.put_nowait(2);
    getters[0].cancel();
    while (!getters[0].done()) {
      co_await skein::sleep(0s);
    }
    if (!getters[0].cancelled()) {
      REQUIRE(getters[0].result() == 1);  // it had its item already, the third waits
      q.put_nowait(1);
    }
    int const x = co_await getters[1];
    int const y = co_await getters[2];
    REQUIRE(x + y == 3);
    REQUIRE(x != y);
    REQUIRE(q.empty());
  }
}
