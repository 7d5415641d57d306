// SPDX-License-Identifier: Apache-2.0
// channel_test.cpp: items from senders to receivers: order, bounds, rendezvous, closing, cancelling.
#include <support/test_case.hpp>

#include <skein/core/create_task.hpp>
#include <skein/core/gather.hpp>
#include <skein/core/sleep.hpp>
#include <skein/sync/channel.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <stdexcept>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

using namespace std::chrono_literals;

static_assert(!std::is_copy_constructible_v<skein::channel<int>>);
static_assert(!std::is_default_constructible_v<skein::channel<int>>);  // the capacity is spelled out
static_assert(std::is_base_of_v<std::runtime_error, skein::channel_closed>);

namespace {

template <class T>
skein::coro<std::optional<T>> receive(skein::channel<T>& c) {
  co_return co_await c.receive();
}
skein::coro<> send(skein::channel<int>& c, int item) { co_await c.send(item); }

}  // namespace

SKEIN_TEST_CASE("channel: first in, first out, with a bound", "[sync][channel]") {
  skein::channel<int> c{2};
  REQUIRE_FALSE(c.try_receive());
  co_await c.send(1);
  REQUIRE(c.try_send(2));
  REQUIRE_FALSE(c.try_send(3));
  REQUIRE(c.size() == 2);
  auto const sender = skein::create_task(send(c, 3));
  co_await all_tasks_blocked();
  REQUIRE_FALSE(sender.done());
  REQUIRE(c.waiting() == 1);
  REQUIRE(c.repr() == "<channel capacity=2 size=2 senders[1]>");
  REQUIRE(co_await c.receive() == 1);
  co_await sender;
  REQUIRE(c.try_receive() == 2);
  REQUIRE(co_await c.receive() == 3);
  REQUIRE(c.size() == 0);
  REQUIRE_THROWS_AS(skein::channel<int>{static_cast<std::size_t>(-1)}, std::invalid_argument);
}

SKEIN_TEST_CASE("channel: unbounded takes any number", "[sync][channel]") {
  skein::channel<int> c{skein::unbounded};
  REQUIRE(c.repr() == "<channel unbounded>");
  for (int i = 0; i < 1000; ++i) {
    REQUIRE(c.try_send(i));
  }
  for (int i = 0; i < 1000; ++i) {
    REQUIRE(co_await c.receive() == i);
  }
}

SKEIN_TEST_CASE("channel: close lets receivers drain it and fails senders (B10)", "[sync][channel]") {
  skein::channel<int> c{1};
  REQUIRE(c.try_send(1));
  auto const sender = skein::create_task(send(c, 2));
  co_await all_tasks_blocked();
  c.close();
  c.close();
  REQUIRE(c.closed());
  REQUIRE(c.repr() == "<channel capacity=1 size=1 closed>");
  REQUIRE_THROWS_AS(co_await sender, skein::channel_closed);
  REQUIRE_THROWS_AS(co_await c.send(3), skein::channel_closed);
  int kept = 4;
  REQUIRE_THROWS_AS(c.try_send(kept), skein::channel_closed);
  REQUIRE(co_await c.receive() == 1);
  REQUIRE_FALSE(co_await c.receive());
  REQUIRE_FALSE(c.try_receive());
}

SKEIN_TEST_CASE("channel: receivers that wait are told that it was closed (B10)", "[sync][channel]") {
  skein::channel<int> c{1};
  std::vector<skein::task<std::optional<int>>> tasks;
  for (int i = 0; i < 3; ++i) {
    tasks.push_back(skein::create_task(receive(c)));
  }
  co_await all_tasks_blocked();
  REQUIRE(c.waiting() == 3);
  c.close();
  for (auto const& task : tasks) {
    REQUIRE_FALSE((co_await task).has_value());
  }
  REQUIRE(c.waiting() == 0);
}

SKEIN_TEST_CASE_1W("channel: room that was promised when it was closed ends in an error, on every way (B10)",
                   "[sync][channel]") {
  for (bool const cancels : {false, true}) {
    skein::channel<int> c{1};
    REQUIRE(c.try_send(1));
    auto const promised = skein::create_task(send(c, 2));
    auto const receiver_later = [&]() -> skein::coro<std::optional<int>> { co_return co_await c.receive(); };
    co_await all_tasks_blocked();
    REQUIRE(c.try_receive() == 1);  // promised has the room now
    auto const receiver = skein::create_task(receiver_later);
    c.close();
    if (cancels) {
      promised.cancel();
      REQUIRE_THROWS_AS(co_await promised, skein::cancelled_error);
    } else {
      REQUIRE_THROWS_AS(co_await promised, skein::channel_closed);
    }
    REQUIRE_FALSE((co_await receiver).has_value());
  }
}

SKEIN_TEST_CASE_1W("channel: nobody is told that it is drained while an item may come back (B11)",
                   "[sync][channel]") {
  for (bool const comes_back : {true, false}) {
    skein::channel<int> c{2};
    auto const a = skein::create_task(receive(c));
    co_await all_tasks_blocked();
    auto const b = skein::create_task(receive(c));  // has its turn before a
    REQUIRE(c.try_send(1));
    c.close();
    if (comes_back) {
      a.cancel();
      REQUIRE(co_await b == 1);
    } else {
      REQUIRE(co_await a == 1);
      REQUIRE_FALSE((co_await b).has_value());
    }
  }
}

SKEIN_TEST_CASE(
    "channel: a try_send that fails leaves the item where it was; a cancelled send sent nothing (B12)",
    "[sync][channel]") {
  skein::channel<std::unique_ptr<int>> owners{1};
  auto item = std::make_unique<int>(7);
  REQUIRE(owners.try_send(std::make_unique<int>(1)));
  REQUIRE_FALSE(owners.try_send(std::move(item)));
  REQUIRE(*item == 7);
  owners.close();
  REQUIRE_THROWS_AS(owners.try_send(std::move(item)), skein::channel_closed);
  REQUIRE(*item == 7);

  skein::channel<std::shared_ptr<int>> c{1};
  auto const message = std::make_shared<int>(7);
  REQUIRE(c.try_send(nullptr));
  auto const sender = skein::create_task([&]() -> skein::coro<> { co_await c.send(message); });
  co_await all_tasks_blocked();
  REQUIRE(message.use_count() == 2);
  sender.cancel();
  REQUIRE_THROWS_AS(co_await sender, skein::cancelled_error);
  REQUIRE(message.use_count() == 1);
  REQUIRE(co_await c.receive() == nullptr);
  REQUIRE_FALSE(c.try_receive());
}

// ---- from hand to hand -----------------------------------------------------------------------------------

SKEIN_TEST_CASE("channel: with capacity 0 a sender waits for a receiver", "[sync][channel]") {
  skein::channel<int> c{0};
  REQUIRE_FALSE(c.try_send(0));
  auto const sender = skein::create_task(send(c, 1));
  co_await all_tasks_blocked();
  REQUIRE_FALSE(sender.done());
  REQUIRE(c.size() == 0);
  REQUIRE(c.repr() == "<channel capacity=0 senders[1]>");
  REQUIRE(co_await c.receive() == 1);
  co_await sender;
  auto const second = skein::create_task(send(c, 2));
  co_await all_tasks_blocked();
  REQUIRE(c.try_receive() == 2);
  co_await second;
  REQUIRE_FALSE(c.try_receive());
}

SKEIN_TEST_CASE("channel: with capacity 0 a receiver waits for a sender", "[sync][channel]") {
  skein::channel<int> c{0};
  auto const a = skein::create_task(receive(c));
  co_await all_tasks_blocked();
  auto const b = skein::create_task(receive(c));
  co_await all_tasks_blocked();
  REQUIRE(c.try_send(1));
  co_await c.send(2);
  REQUIRE_FALSE(c.try_send(3));
  REQUIRE(co_await a == 1);
  REQUIRE(co_await b == 2);
}

SKEIN_TEST_CASE("channel: with capacity 0 it meets in order, and closing fails who waits",
                "[sync][channel]") {
  skein::channel<int> c{0};
  std::vector<skein::task<>> senders;
  for (int i = 0; i < 3; ++i) {
    senders.push_back(skein::create_task(send(c, i)));
    co_await all_tasks_blocked();
  }
  REQUIRE(co_await c.receive() == 0);
  senders[1].cancel();
  REQUIRE(co_await c.receive() == 2);
  REQUIRE_THROWS_AS(co_await senders[1], skein::cancelled_error);
  auto const late = skein::create_task(send(c, 3));
  co_await all_tasks_blocked();
  c.close();
  REQUIRE_THROWS_AS(co_await late, skein::channel_closed);
  REQUIRE_FALSE(co_await c.receive());
  co_await skein::gather(senders[0], senders[2]);
}

SKEIN_TEST_CASE_1W("channel: a cancel that comes after the item was taken is thrown by the next wait (B2)",
                   "[sync][channel]") {
  skein::channel<int> c{0};
  bool sent = false;
  bool thrown_later = false;
  auto const sender = skein::create_task([&]() -> skein::coro<> {
    co_await c.send(1);
    sent = true;
    try {
      co_await skein::sleep(0s);
    } catch (skein::cancelled_error const&) {
      thrown_later = true;
      throw;
    }
  });
  co_await all_tasks_blocked();
  REQUIRE(c.try_receive() == 1);
  sender.cancel();
  REQUIRE_THROWS_AS(co_await sender, skein::cancelled_error);
  REQUIRE(sent);
  REQUIRE(thrown_later);
}

SKEIN_TEST_CASE_1W(
    "channel: an item of a cancelled receiver waits for the next one, also with capacity 0 (B16)",
    "[sync][channel]") {
  skein::channel<int> c{0};
  auto const a = skein::create_task(receive(c));
  auto const b = skein::create_task(receive(c));
  co_await all_tasks_blocked();
  REQUIRE(c.try_send(1));
  a.cancel();
  REQUIRE(c.waiting() == 0);  // it is b's
  b.cancel();
  REQUIRE(c.size() == 1);
  REQUIRE_FALSE(c.try_send(2));
  auto const sender = skein::create_task(send(c, 2));
  co_await all_tasks_blocked();
  REQUIRE(co_await c.receive() == 1);
  REQUIRE_FALSE(sender.done());
  REQUIRE(co_await c.receive() == 2);
  co_await sender;
  REQUIRE_THROWS_AS(co_await a, skein::cancelled_error);
  REQUIRE_THROWS_AS(co_await b, skein::cancelled_error);
}

SKEIN_TEST_CASE("channel: a long exchange from hand to hand, in order", "[sync][channel]") {
  skein::channel<int> c{0};
  constexpr int items = 20'000;  // more than a budget
  auto const sender = skein::create_task([&]() -> skein::coro<> {
    for (int i = 0; i < items; ++i) {
      co_await c.send(i);
    }
    c.close();
  });
  int expected = 0;
  int wrong = 0;
  while (auto const item = co_await c.receive()) {
    wrong += *item == expected++ ? 0 : 1;
  }
  co_await sender;
  REQUIRE(expected == items);
  REQUIRE(wrong == 0);
}

// ---- incidents -------------------------------------------------------------------------------------------

SKEIN_TEST_CASE(
    "channel: close, send and try_receive at the same time: each item is received or refused (C1)",
    "[sync][channel]") {
  for (std::size_t const capacity : {0U, 1U, 3U}) {
    for (int round = 0; round < 100; ++round) {
      skein::channel<std::shared_ptr<int>> c{capacity};
      auto const counted = std::make_shared<int>(0);
      std::atomic<int> sent{0};
      std::atomic<int> received{0};
      std::vector<skein::task<>> tasks;
      for (int i = 0; i < 3; ++i) {
        tasks.push_back(skein::create_task([&]() -> skein::coro<> {
          try {
            for (;;) {
              co_await c.send(counted);
              sent.fetch_add(1);
            }
          } catch (skein::channel_closed const&) {
          }
        }));
      }
      tasks.push_back(skein::create_task([&]() -> skein::coro<> {
        while (auto const item = co_await c.receive()) {
          received.fetch_add(1);
        }
      }));
      std::thread closer{[&] {
        for (int i = 0; i < round; ++i) {
          received.fetch_add(c.try_receive() ? 1 : 0);
        }
        c.close();
      }};
      for (auto const& task : tasks) {
        co_await task;
      }
      closer.join();
      REQUIRE(sent.load() == received.load());
      REQUIRE_FALSE(c.try_receive());
      REQUIRE(counted.use_count() == 1);
    }
  }
}

SKEIN_TEST_CASE("channel: of a cancelled receiver nothing is left in it (C4)", "[sync][channel]") {
  skein::channel<int> c{1};
  auto const local = std::make_shared<int>(0);
  for (int i = 0; i < 100; ++i) {
    auto const receiver = skein::create_task([&c, mine = local]() -> skein::coro<> {
      auto const kept = mine;
      static_cast<void>(co_await c.receive());
    });
    co_await all_tasks_blocked();
    REQUIRE(local.use_count() > 1);
    receiver.cancel();
    co_await all_tasks_blocked();
    REQUIRE(local.use_count() == 1);
    REQUIRE(c.waiting() == 0);
  }
}

SKEIN_TEST_CASE("channel: items that are left are destroyed with it (A9)", "[sync][channel]") {
  auto const item = std::make_shared<int>(0);
  {
    skein::channel<std::shared_ptr<int>> c{4};
    for (int i = 0; i < 4; ++i) {
      co_await c.send(item);
    }
    REQUIRE(co_await c.receive() == item);
    REQUIRE(item.use_count() == 4);
  }
  REQUIRE(item.use_count() == 1);
}

namespace {

/// An item that looks at its channel whenever it is moved or destroyed.
class curious {
 public:
  explicit curious(skein::channel<curious>& c) : channel_{&c} {}
  curious(curious&& other) noexcept : channel_{other.channel_} { look(); }
  curious& operator=(curious&& other) noexcept {
    channel_ = other.channel_;
    look();
    return *this;
  }
  ~curious() { look(); }

 private:
  void look() noexcept {
    static_cast<void>(channel_->size());
    static_cast<void>(channel_->waiting());
  }
  skein::channel<curious>* channel_;
};

}  // namespace

SKEIN_TEST_CASE("channel: items may use the channel when they are moved or destroyed, on every way (A14)",
                "[sync][channel]") {
  for (std::size_t const capacity : {0U, 1U}) {
    skein::channel<curious> c{capacity};
    auto const put = [&]() -> skein::coro<> { co_await c.send(curious{c}); };
    auto const get = [&]() -> skein::coro<> { curious const item = *co_await c.receive(); };
    auto const cancelled_receiver = skein::create_task(get);
    auto const receiver = skein::create_task(get);
    co_await all_tasks_blocked();
    REQUIRE(c.try_send(curious{c}));
    cancelled_receiver.cancel();  // may have its item already
    auto const first = skein::create_task(put);
    co_await all_tasks_blocked();
    static_cast<void>(c.try_receive());  // if the capacity is 0, from the hands of `first`
    co_await first;
    auto const cancelled_sender = skein::create_task(put);
    auto const sender = skein::create_task(put);
    co_await all_tasks_blocked();
    static_cast<void>(c.try_send(curious{c}));
    cancelled_sender.cancel();
    c.close();
    co_await skein::gather(skein::return_exceptions, cancelled_receiver, receiver, cancelled_sender, sender);
  }
}
