// SPDX-License-Identifier: Apache-2.0
// rw_lock_test.cpp: readers together, writers alone, in one line.
#include <support/test_case.hpp>

#include <skein/core/create_task.hpp>
#include <skein/core/sleep.hpp>
#include <skein/sync/event.hpp>
#include <skein/sync/rw_lock.hpp>

#include <atomic>
#include <chrono>
#include <mutex>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <vector>

using namespace std::chrono_literals;

static_assert(!std::is_copy_constructible_v<skein::rw_lock>);

namespace {

/// Tasks that hold the lock until they are told to go, in a line that is written down: "rrwr".
class visitors {
 public:
  explicit visitors(skein::rw_lock& l) : lock_{l} {}

  skein::coro<> come(std::string const line) {
    for (char const kind : line) {
      std::size_t const who = tasks.size();
      leave_.emplace_back(std::make_unique<skein::event>());
      tasks.push_back(skein::create_task([this, kind, who]() -> skein::coro<> {
        if (kind == 'r') {
          auto const permit = co_await lock_.scoped_read();
          enter(who);
          co_await leave_[who]->wait();
        } else {
          auto const permit = co_await lock_.scoped_write();
          enter(who);
          co_await leave_[who]->wait();
        }
      }));
      co_await all_tasks_blocked();
    }
  }
  skein::coro<> leave(std::size_t who) {
    leave_[who]->set();
    co_await all_tasks_blocked();
    REQUIRE(tasks[who].done());
  }
  std::vector<std::size_t> entered() {
    std::lock_guard const guard{mutex_};
    return entered_;
  }

  std::vector<skein::task<>> tasks;

 private:
  void enter(std::size_t who) {
    std::lock_guard const guard{mutex_};
    entered_.push_back(who);
  }

  skein::rw_lock& lock_;
  std::vector<std::unique_ptr<skein::event>> leave_;
  std::mutex mutex_;
  std::vector<std::size_t> entered_;
};

using order = std::vector<std::size_t>;

}  // namespace

SKEIN_TEST_CASE("rw_lock: readers share it, a writer has it alone", "[sync][rw_lock]") {
  skein::rw_lock l;
  REQUIRE(l.repr() == "<rw_lock [unlocked]>");
  co_await l.acquire_read();
  co_await l.acquire_read();
  REQUIRE(l.locked());
  REQUIRE_FALSE(l.write_locked());
  REQUIRE(l.readers() == 2);
  REQUIRE(l.repr() == "<rw_lock [read, readers:2]>");
  REQUIRE_FALSE(l.try_acquire_write());
  REQUIRE(l.try_acquire_read());
  l.release_read();
  l.release_read();
  l.release_read();
  REQUIRE_FALSE(l.locked());
  co_await l.acquire_write();
  REQUIRE(l.write_locked());
  REQUIRE(l.repr() == "<rw_lock [write]>");
  REQUIRE_FALSE(l.try_acquire_read());
  REQUIRE_FALSE(l.try_acquire_write());
  l.release_write();
  REQUIRE(l.try_acquire_write());
  l.release_write();
}

SKEIN_TEST_CASE("rw_lock: releasing what is not held is refused", "[sync][rw_lock]") {
  skein::rw_lock l;
  REQUIRE_THROWS_AS(l.release_read(), std::runtime_error);
  REQUIRE_THROWS_AS(l.release_write(), std::runtime_error);
  co_await l.acquire_read();
  REQUIRE_THROWS_AS(l.release_write(), std::runtime_error);
  l.release_read();
  co_await l.acquire_write();
  REQUIRE_THROWS_AS(l.release_read(), std::runtime_error);
  l.release_write();
  REQUIRE_THROWS_AS(l.release_write(), std::runtime_error);
  REQUIRE_FALSE(l.locked());
}

SKEIN_TEST_CASE_1W("rw_lock: what is on its way to a waiter cannot be released", "[sync][rw_lock]") {
  skein::rw_lock l;
  co_await l.acquire_write();
  auto const reader = skein::create_task(l.acquire_read());
  co_await all_tasks_blocked();
  l.release_write();
  REQUIRE(l.readers() == 1);
  REQUIRE_THROWS_AS(l.release_read(), std::runtime_error);
  REQUIRE(l.try_acquire_read());
  l.release_read();
  co_await reader;
  auto const writer = skein::create_task(l.acquire_write());
  co_await all_tasks_blocked();
  l.release_read();
  REQUIRE(l.write_locked());
  REQUIRE_THROWS_AS(l.release_write(), std::runtime_error);
  co_await writer;
  l.release_write();
}

SKEIN_TEST_CASE("rw_lock: a writer in line stops later readers, readers in a row enter together",
                "[sync][rw_lock]") {
  skein::rw_lock l;
  visitors v{l};
  co_await v.come("rrwrrwr");
  REQUIRE(v.entered() == order{0, 1});
  REQUIRE(l.waiting() == 5);
  REQUIRE(l.repr() == "<rw_lock [read, readers:2, waiters:5]>");
  REQUIRE_FALSE(l.try_acquire_read());  // no barging past the writer
  co_await v.leave(0);
  REQUIRE(v.entered().size() == 2);
  co_await v.leave(1);
  REQUIRE(v.entered() == order{0, 1, 2});
  REQUIRE(l.write_locked());
  co_await v.leave(2);
  REQUIRE(v.entered().size() == 5);
  REQUIRE(l.readers() == 2);
  co_await v.leave(4);
  co_await v.leave(3);
  REQUIRE(v.entered().back() == 5);
  co_await v.leave(5);
  REQUIRE(v.entered().back() == 6);
  co_await v.leave(6);
  REQUIRE_FALSE(l.locked());
  REQUIRE(l.waiting() == 0);
}

SKEIN_TEST_CASE("rw_lock: a writer that is cancelled in line lets the readers behind it in (B6, T1)",
                "[sync][rw_lock]") {
  skein::rw_lock l;
  visitors v{l};
  co_await v.come("rwrrw");
  REQUIRE(v.entered() == order{0});
  v.tasks[1].cancel();
  REQUIRE(l.readers() == 3);  // during the cancel
  co_await all_tasks_blocked();
  REQUIRE(v.tasks[1].cancelled());
  REQUIRE(v.entered().size() == 3);
  REQUIRE(l.waiting() == 1);
  for (std::size_t const who : {0U, 2U, 3U}) {
    co_await v.leave(who);
  }
  REQUIRE(v.entered().back() == 4);
  co_await v.leave(4);
  REQUIRE_FALSE(l.locked());
}

SKEIN_TEST_CASE_1W("rw_lock: who is cancelled after it was called gives it to the next at once (B6, B21)",
                   "[sync][rw_lock]") {
  skein::rw_lock l;
  co_await l.acquire_write();
  auto const a = skein::create_task(l.acquire_write());
  auto const b = skein::create_task(l.acquire_read());
  auto const c = skein::create_task(l.acquire_read());
  auto const d = skein::create_task(l.acquire_write());
  co_await all_tasks_blocked();
  l.release_write();
  REQUIRE(l.write_locked());
  a.cancel();
  REQUIRE(l.readers() == 2);
  REQUIRE(l.waiting() == 1);
  b.cancel();
  REQUIRE(l.readers() == 1);
  c.cancel();
  REQUIRE(l.write_locked());
  co_await d;
  REQUIRE_THROWS_AS(co_await a, skein::cancelled_error);
  REQUIRE_THROWS_AS(co_await b, skein::cancelled_error);
  REQUIRE_THROWS_AS(co_await c, skein::cancelled_error);
  l.release_write();
  REQUIRE_FALSE(l.locked());
}

SKEIN_TEST_CASE("rw_lock: scoped permits and the two resources release on every way", "[sync][rw_lock]") {
  skein::rw_lock l;
  {
    auto const one = co_await l.scoped_read();
    auto const two = co_await l.scoped_read();
    REQUIRE(l.readers() == 2);
  }
  try {
    auto const permit = co_await l.scoped_write();
    REQUIRE(l.write_locked());
    throw std::domain_error{"inside"};
  } catch (std::domain_error const&) {
  }
  REQUIRE_FALSE(l.locked());

  auto reading = l.reading();
  auto writing = l.writing();
  co_await reading.aenter();
  REQUIRE(l.readers() == 1);
  auto const writer = skein::create_task(writing.aenter());
  co_await all_tasks_blocked();
  REQUIRE_FALSE(writer.done());
  REQUIRE_FALSE(co_await reading.aexit(nullptr));
  co_await writer;
  REQUIRE(l.write_locked());
  REQUIRE_FALSE(co_await writing.aexit(nullptr));
  REQUIRE_FALSE(l.locked());
  REQUIRE_THROWS_AS(co_await writing.aexit(nullptr), std::runtime_error);
}

SKEIN_TEST_CASE_1W("rw_lock: taking it when it is free does not suspend", "[sync][rw_lock]") {
  skein::rw_lock l;
  bool ran = false;
  auto const other = skein::create_task([&]() -> skein::coro<> {
    ran = true;
    co_return;
  });
  co_await l.acquire_read();
  l.release_read();
  co_await l.acquire_write();
  l.release_write();
  REQUIRE_FALSE(ran);
  co_await other;
}

SKEIN_TEST_CASE("rw_lock: readers see no half-written value", "[sync][rw_lock]") {
  skein::rw_lock l;
  int a = 0;
  int b = 0;
  std::atomic<int> torn{0};
  std::vector<skein::task<>> tasks;
  for (int t = 0; t < 8; ++t) {
    tasks.push_back(skein::create_task([&, t]() -> skein::coro<> {
      for (int i = 0; i < 200; ++i) {
        if ((t + i) % 4 == 0) {
          auto const permit = co_await l.scoped_write();
          ++a;
          co_await skein::sleep(0s);
          ++b;
        } else {
          auto const permit = co_await l.scoped_read();
          torn.fetch_add(a == b ? 0 : 1);
          if (i % 16 == 0) {
            co_await skein::sleep(0s);
          }
        }
      }
    }));
  }
  for (auto const& task : tasks) {
    co_await task;
  }
  REQUIRE(torn.load() == 0);
  REQUIRE(a == 8 * 50);
  REQUIRE(b == a);
  REQUIRE_FALSE(l.locked());
}
