// SPDX-License-Identifier: Apache-2.0
// wait_node_test.cpp: a primitive built on wait_node as its file says: waking, cancelling, giving back,
// leaving.
#include <support/test_case.hpp>

#include <skein/core/create_task.hpp>
#include <skein/core/event_loop.hpp>
#include <skein/core/lowlevel/spinlock.hpp>
#include <skein/core/lowlevel/wait_node.hpp>
#include <skein/core/sleep.hpp>

#include <array>
#include <atomic>
#include <mutex>
#include <string>
#include <thread>
#include <type_traits>
#include <vector>

using skein::lowlevel::spinlock;
using skein::lowlevel::wait_list;
using skein::lowlevel::wait_node;
using skein::lowlevel::work_item;
using skein::lowlevel::work_ops;

static_assert(!std::is_copy_constructible_v<wait_node>);
static_assert(std::is_base_of_v<work_item, wait_node>);

namespace {

/// A counter of permits that tasks wait for.
class gate {
 public:
  class wait;
  struct [[nodiscard]] operation {
    using skein_awaits = void;
    gate& at;
    [[nodiscard]] wait make_awaiter(std::source_location where) const;
  };

  operation pass() { return {*this}; }

  /// Gives one permit: to the oldest waiter, if there is one.
  void give() {
    wait_node* woken = nullptr;
    {
      std::lock_guard const guard{lock_};
      woken = waiters_.pop_front();
      permits_ += woken == nullptr ? 1 : 0;
    }
    if (woken != nullptr) {
      skein::lowlevel::wake(*woken);
    }
  }

  [[nodiscard]] std::size_t waiting() {
    std::lock_guard const guard{lock_};
    return waiters_.size();
  }
  [[nodiscard]] int permits() {
    std::lock_guard const guard{lock_};
    return permits_;
  }

 private:
  spinlock lock_;
  wait_list waiters_;  // guarded by lock_
  int permits_ = 0;    // guarded by lock_
};

class gate::wait : public wait_node {
 public:
  wait(gate& at, std::source_location from) noexcept : wait_node{ops_of_it, from}, gate_{at} {}
  wait(wait const&) = delete;
  wait& operator=(wait const&) = delete;
  ~wait() { leave(); }

  [[nodiscard]] bool await_ready() const noexcept { return false; }

  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> coroutine) {
    prepare(coroutine);
    std::lock_guard const guard{gate_.lock_};
    if (gate_.permits_ > 0) {
      --gate_.permits_;
      return false;
    }
    if (!begin()) {
      begun_ = false;
      return false;
    }
    gate_.waiters_.push_back(*this);
    return true;
  }

  void await_resume() {
    bool const granted = begun_ && !is_cancelled_by_canceller_;
    if (ended()) {
      if (granted) {
        gate_.give();
      }
      skein::lowlevel::throw_cancelled();
    }
  }

 private:
  static bool cancel(wait_node& node) noexcept {
    auto& self = static_cast<wait&>(node);
    {
      std::lock_guard const guard{self.gate_.lock_};
      if (!self.linked()) {
        return false;
      }
      self.gate_.waiters_.remove(self);
      self.is_cancelled_by_canceller_ = true;
      self.set_cancelled();
    }
    skein::lowlevel::wake(self);
    return true;
  }
  static void abandon(wait_node& node) noexcept {
    auto& self = static_cast<wait&>(node);
    std::lock_guard const guard{self.gate_.lock_};
    if (self.linked()) {
      self.gate_.waiters_.remove(self);
    }
  }
  [[nodiscard]] bool linked() const {
    return previous != nullptr || next != nullptr || gate_.waiters_.front() == this;
  }
  static work_ops const ops_of_it;

  gate& gate_;
  bool begun_ = true;
  bool is_cancelled_by_canceller_ = false;
};

work_ops const gate::wait::ops_of_it{&wait_node::resume, &skein::lowlevel::drop_wait, &gate::wait::cancel,
                                     &gate::wait::abandon, "gate.pass"};

gate::wait gate::operation::make_awaiter(std::source_location where) const { return wait{at, where}; }

struct bare_wait : wait_node {
  bare_wait() : wait_node{no_ops, std::source_location::current()} {}
  static constexpr work_ops no_ops{};
};

skein::coro<> pass(gate& g) { co_await g.pass(); }

}  // namespace

TEST_CASE("wait_list: first in, first out", "[core][wait_node]") {
  wait_list list;
  std::array<bare_wait, 4> nodes;
  REQUIRE(list.empty());
  REQUIRE(list.front() == nullptr);
  REQUIRE(list.pop_front() == nullptr);
  for (auto& n : nodes) {
    list.push_back(n);
    REQUIRE(list.front() == &nodes[0]);
  }
  REQUIRE(list.size() == 4);
  for (auto& n : nodes) {
    REQUIRE(list.pop_front() == &n);
    REQUIRE(n.next == nullptr);
    REQUIRE(n.previous == nullptr);
  }
  REQUIRE(list.empty());
}

TEST_CASE("wait_list: any node can be removed, the others keep their order", "[core][wait_node]") {
  for (std::size_t victim = 0; victim < 4; ++victim) {
    wait_list list;
    std::array<bare_wait, 4> nodes;
    for (auto& n : nodes) {
      list.push_back(n);
    }
    list.remove(nodes[victim]);
    REQUIRE(list.size() == 3);
    list.push_back(nodes[victim]);  // behind the others
    for (std::size_t i = 0; i < 4; ++i) {
      if (i != victim) {
        REQUIRE(list.pop_front() == &nodes[i]);
      }
    }
    REQUIRE(list.pop_front() == &nodes[victim]);
    REQUIRE(list.empty());
  }
}

TEST_CASE("wait_list: removing the only node leaves it empty", "[core][wait_node]") {
  wait_list list;
  bare_wait node;
  list.push_back(node);
  list.remove(node);
  REQUIRE(list.empty());
  REQUIRE(list.front() == nullptr);
  list.push_back(node);
  REQUIRE(list.pop_front() == &node);
}

TEST_CASE("wait_node: it remembers where the await stands", "[core][wait_node]") {
  auto const here = std::source_location::current();
  bare_wait const node;
  REQUIRE(std::string{node.where().file_name()} == here.file_name());
  REQUIRE_FALSE(node.is_cancelled());
}

SKEIN_TEST_CASE("wait_node: what is ready needs no wait", "[core][wait_node]") {
  gate g;
  g.give();
  co_await g.pass();
  REQUIRE(g.permits() == 0);
  REQUIRE(g.waiting() == 0);
}

SKEIN_TEST_CASE("wait_node: a waiting task goes on when it is woken", "[core][wait_node]") {
  gate g;
  auto const waiter = skein::create_task(pass(g));
  co_await all_tasks_blocked();
  REQUIRE(g.waiting() == 1);
  REQUIRE_FALSE(waiter.done());
  g.give();
  co_await waiter;
  REQUIRE(g.permits() == 0);
}

SKEIN_TEST_CASE_1W("wait_node: tasks are woken in the order they came", "[core][wait_node]") {
  gate g;
  std::vector<int> order;
  std::vector<skein::task<>> tasks;
  for (int i = 0; i < 10; ++i) {
    tasks.push_back(skein::create_task([&, i]() -> skein::coro<> {
      co_await g.pass();
      order.push_back(i);
    }));
  }
  co_await all_tasks_blocked();
  for (int i = 0; i < 10; ++i) {
    g.give();
  }
  for (auto const& t : tasks) {
    co_await t;
  }
  REQUIRE(order == std::vector{0, 1, 2, 3, 4, 5, 6, 7, 8, 9});
}

SKEIN_TEST_CASE("wait_node: a cancelled wait is unlinked and takes nothing", "[core][wait_node]") {
  gate g;
  auto const first = skein::create_task(pass(g));
  co_await all_tasks_blocked();
  auto const second = skein::create_task(pass(g));
  co_await all_tasks_blocked();
  REQUIRE(g.waiting() == 2);
  REQUIRE(first.cancel());
  REQUIRE_THROWS_AS(co_await first, skein::cancelled_error);
  REQUIRE(g.waiting() == 1);
  g.give();
  co_await second;
  REQUIRE(g.permits() == 0);
}

SKEIN_TEST_CASE("wait_node: a request that was pending makes the next wait throw without waiting",
                "[core][wait_node]") {
  gate g;
  auto const self_cancelled = skein::create_task([&]() -> skein::coro<> {
    skein::current_task().cancel("stop");
    REQUIRE_THROWS_AS(co_await g.pass(), skein::cancelled_error);
    REQUIRE(skein::current_task().uncancel() == 0);
    g.give();
    co_await g.pass();  // the request was delivered once
  });
  co_await self_cancelled;
  REQUIRE(g.waiting() == 0);
  REQUIRE(g.permits() == 0);
}

SKEIN_TEST_CASE_1W("wait_node: a request that comes after the wake-up is thrown, and the permit given back",
                   "[core][wait_node]") {
  gate g;
  auto const waiter = skein::create_task(pass(g));
  co_await all_tasks_blocked();
  g.give();
  REQUIRE(g.waiting() == 0);
  REQUIRE(waiter.cancel());
  REQUIRE_THROWS_AS(co_await waiter, skein::cancelled_error);
  REQUIRE(g.permits() == 1);
}

SKEIN_TEST_CASE("wait_node: the text of the request comes with the error", "[core][wait_node]") {
  gate g;
  auto const waiter = skein::create_task([&]() -> skein::coro<std::string> {
    try {
      co_await g.pass();
    } catch (skein::cancelled_error const& e) {
      co_return e.message();
    }
    co_return "not cancelled";
  });
  co_await all_tasks_blocked();
  waiter.cancel("enough");
  REQUIRE(co_await waiter == "enough");
}

SKEIN_TEST_CASE("wait_node: a plain thread wakes a task", "[core][wait_node]") {
  gate g;
  auto const waiter = skein::create_task(pass(g));
  std::thread giver{[&] { g.give(); }};
  co_await waiter;
  giver.join();
  REQUIRE(g.permits() == 0);
}

SKEIN_TEST_CASE("wait_node: a frame that is destroyed before it waits leaves nothing", "[core][wait_node]") {
  gate g;
  {
    auto const never_run = pass(g);
  }
  REQUIRE(g.waiting() == 0);
  co_return;
}

TEST_CASE("wait_node: a frame that is destroyed while it waits leaves the list", "[core][wait_node]") {
  gate g;
  auto const loop = skein::new_event_loop();
  loop->set_exception_handler([](skein::event_loop&, skein::exception_context const&) {});
  auto const waiter = loop->create_task(pass(g));
  loop->run_until_complete([]() -> skein::coro<> { co_await all_tasks_blocked(); });
  REQUIRE(g.waiting() == 1);
  loop->close();
  REQUIRE(g.waiting() == 0);
  REQUIRE(waiter.cancelled());
  g.give();
  REQUIRE(g.permits() == 1);
}

TEST_CASE("wait_node: a task that was woken but never resumed is destroyed cleanly", "[core][wait_node]") {
  gate g;
  auto const loop = skein::new_event_loop();
  loop->set_exception_handler([](skein::event_loop&, skein::exception_context const&) {});
  auto const waiter = loop->create_task(pass(g));
  loop->run_until_complete([]() -> skein::coro<> { co_await all_tasks_blocked(); });
  g.give();
  REQUIRE(g.waiting() == 0);
  loop->close();
  REQUIRE(waiter.cancelled());
}

SKEIN_TEST_CASE("wait_node: spend_budget allows many awaits that are ready, and is renewed every turn",
                "[core][wait_node]") {
  REQUIRE(skein::lowlevel::spend_budget());
  int spent = 0;
  while (spent < 1'000 && skein::lowlevel::spend_budget()) {
    ++spent;
  }
  CHECK(spent >= 100);
  co_await skein::sleep(std::chrono::seconds{0});
  REQUIRE(skein::lowlevel::spend_budget());
}
