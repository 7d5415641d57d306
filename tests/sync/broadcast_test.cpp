// SPDX-License-Identifier: Apache-2.0
// broadcast_test.cpp: every message to every subscriber.
#include <support/test_case.hpp>

#include <skein/core/create_task.hpp>
#include <skein/sync/broadcast.hpp>

#include <atomic>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

using receiver = skein::broadcast<int>::receiver;

static_assert(!std::is_copy_constructible_v<skein::broadcast<int>>);
static_assert(!std::is_copy_constructible_v<receiver>);
static_assert(std::is_nothrow_move_constructible_v<receiver>);

SKEIN_TEST_CASE("broadcast: every subscriber gets every message that was sent since", "[sync][broadcast]") {
  skein::broadcast<int> news{4};
  REQUIRE(news.send(0) == 0);
  receiver a = news.subscribe();
  REQUIRE(news.send(1) == 1);
  receiver b = news.subscribe();
  REQUIRE(news.send(2) == 2);
  REQUIRE(co_await a.receive() == 1);
  REQUIRE(co_await a.receive() == 2);
  REQUIRE(b.try_receive() == 2);
  REQUIRE_FALSE(a.try_receive());
  REQUIRE_FALSE(b.try_receive());
  REQUIRE(news.repr() == "<broadcast capacity=4 sent=3 receivers=2>");
  {
    receiver const moved = std::move(b);
    REQUIRE(news.receivers() == 2);
  }
  REQUIRE(news.receivers() == 1);
  REQUIRE_THROWS_AS(skein::broadcast<int>{0}, std::invalid_argument);
  REQUIRE_THROWS_AS(skein::broadcast<int>{static_cast<std::size_t>(-1)}, std::invalid_argument);
}

SKEIN_TEST_CASE("broadcast: 40 who wait get a message once, and none gets it for two waits (B9)",
                "[sync][broadcast]") {
  skein::broadcast<int> news{2};
  std::atomic<int> first{0};
  std::atomic<int> second{0};
  std::vector<skein::task<>> tasks;
  for (int i = 0; i < 40; ++i) {
    tasks.push_back(skein::create_task([&]() -> skein::coro<> {
      receiver mine = news.subscribe();
      std::optional<int> message = co_await mine.receive();
      first.fetch_add(message.value());
      message = co_await mine.receive();
      second.fetch_add(message.value());
    }));
  }
  co_await all_tasks_blocked();
  REQUIRE(news.waiting() == 40);
  REQUIRE(news.send(1) == 40);
  co_await all_tasks_blocked();
  REQUIRE(first.load() == 40);
  REQUIRE(second.load() == 0);
  REQUIRE(news.waiting() == 40);
  news.send(2);
  for (auto const& task : tasks) {
    co_await task;
  }
  REQUIRE(second.load() == 80);
  REQUIRE(news.receivers() == 0);
}

SKEIN_TEST_CASE("broadcast: a slow receiver is told how many messages it missed", "[sync][broadcast]") {
  skein::broadcast<int> news{3};
  receiver slow = news.subscribe();
  receiver quick = news.subscribe();
  for (int i = 0; i < 3; ++i) {
    news.send(i);
    REQUIRE(co_await quick.receive() == i);
  }
  REQUIRE(slow.try_receive() == 0);
  for (int i = 3; i < 8; ++i) {
    news.send(i);
  }
  std::uint64_t missed = 0;
  try {
    static_cast<void>(co_await slow.receive());
  } catch (skein::lagged_error const& error) {
    missed = error.missed();
    REQUIRE(std::string{error.what()}.find("4 message") != std::string::npos);
  }
  REQUIRE(missed == 4);  // 1, 2, 3, 4
  for (int i = 5; i < 8; ++i) {
    REQUIRE(co_await slow.receive() == i);
  }
  REQUIRE_THROWS_AS(quick.try_receive(), skein::lagged_error);
  REQUIRE(quick.try_receive() == 5);
}

SKEIN_TEST_CASE("broadcast: after close what is there can still be read (B10)", "[sync][broadcast]") {
  skein::broadcast<int> news{3};
  receiver a = news.subscribe();
  receiver waits = news.subscribe();
  news.send(1);
  REQUIRE(co_await waits.receive() == 1);
  auto const waiting = skein::create_task(waits.receive());
  co_await all_tasks_blocked();
  REQUIRE(news.waiting() == 1);
  news.close();
  REQUIRE(news.closed());
  REQUIRE_FALSE((co_await waiting).has_value());
  REQUIRE_THROWS_AS(news.send(2), skein::channel_closed);
  REQUIRE(co_await a.receive() == 1);
  REQUIRE_FALSE(co_await a.receive());
  REQUIRE(news.repr() == "<broadcast capacity=3 sent=1 receivers=2 closed>");
}

SKEIN_TEST_CASE("broadcast: receivers may outlive it", "[sync][broadcast]") {
  auto news = std::make_unique<skein::broadcast<std::string>>(3);
  auto mine = news->subscribe();
  auto other = news->subscribe();
  news->send("last");
  REQUIRE(co_await other.receive() == "last");
  auto const waiting = skein::create_task(other.receive());
  co_await all_tasks_blocked();
  news.reset();
  REQUIRE_FALSE((co_await waiting).has_value());
  REQUIRE(co_await mine.receive() == "last");
  REQUIRE_FALSE(co_await mine.receive());
}

SKEIN_TEST_CASE("broadcast: a cancelled receive loses no message (T1, B8)", "[sync][broadcast]") {
  skein::broadcast<int> news{3};
  receiver mine = news.subscribe();
  auto const victim =
      skein::create_task([&]() -> skein::coro<> { static_cast<void>(co_await mine.receive()); });
  co_await all_tasks_blocked();
  victim.cancel();
  news.send(1);
  REQUIRE_THROWS_AS(co_await victim, skein::cancelled_error);
  REQUIRE(co_await mine.receive() == 1);
  REQUIRE_FALSE(mine.try_receive());
  REQUIRE(news.waiting() == 0);
}

SKEIN_TEST_CASE("broadcast: of a cancelled receiver nothing is left in it (C4)", "[sync][broadcast]") {
  skein::broadcast<int> news{1};
  auto const local = std::make_shared<int>(0);
  for (int i = 0; i < 100; ++i) {
    auto const task = skein::create_task([&news, mine = local]() -> skein::coro<> {
      auto const kept = mine;
      receiver r = news.subscribe();
      static_cast<void>(co_await r.receive());
    });
    co_await all_tasks_blocked();
    REQUIRE(news.receivers() == 1);
    task.cancel();
    co_await all_tasks_blocked();
    REQUIRE(local.use_count() == 1);
    REQUIRE(news.receivers() == 0);
    REQUIRE(news.waiting() == 0);
  }
}

namespace {

/// Notices when two copies are made at the same time.
struct hostile {
  static inline std::atomic<int> copying{0};
  static inline std::atomic<int> together{0};
  static inline long plain = 0;  // ThreadSanitizer sees it too

  hostile() = default;
  hostile(hostile const&) {
    together.fetch_add(copying.fetch_add(1) == 0 ? 0 : 1);
    ++plain;
    for (int i = 0; i < 50; ++i) {
      skein::lowlevel::cpu_relax();
    }
    copying.fetch_sub(1);
  }
  hostile(hostile&&) noexcept {}
  hostile& operator=(hostile const&) = delete;
  ~hostile() = default;
};

struct fails_once {
  static inline int copies_until_error = -1;
  int value = 0;
  explicit fails_once(int v) : value{v} {}
  fails_once(fails_once const& other) : value{other.value} {
    if (copies_until_error-- == 0) {
      throw std::domain_error{"no copy"};
    }
  }
  fails_once(fails_once&&) noexcept = default;
  fails_once& operator=(fails_once const&) = delete;
  ~fails_once() = default;
};

/// A message that looks at its broadcast whenever it is copied or destroyed.
struct curious {
  skein::broadcast<curious>* news;
  explicit curious(skein::broadcast<curious>& n) : news{&n} {}
  curious(curious const& other) : news{other.news} { look(); }
  curious& operator=(curious const&) = delete;
  ~curious() { look(); }
  void look() noexcept { static_cast<void>(news->waiting() + news->receivers()); }
};

}  // namespace

SKEIN_TEST_CASE("broadcast: messages are never copied at the same time (C2)", "[sync][broadcast]") {
  constexpr int messages = 200;
  skein::broadcast<hostile> news{messages};
  hostile::plain = 0;
  std::vector<skein::task<int>> tasks;
  for (int i = 0; i < 6; ++i) {
    tasks.push_back(skein::create_task([mine = news.subscribe()]() mutable -> skein::coro<int> {
      int got = 0;
      while (std::optional<hostile> const message = co_await mine.receive()) {
        ++got;
      }
      co_return got;
    }));
  }
  std::thread other{[mine = news.subscribe()]() mutable {
    for (int got = 0; got < messages;) {
      got += mine.try_receive() ? 1 : 0;
    }
  }};
  for (int i = 0; i < messages; ++i) {
    news.send(hostile{});
  }
  other.join();
  news.close();
  for (auto const& task : tasks) {
    REQUIRE(co_await task == messages);
  }
  REQUIRE(hostile::together.load() == 0);
  REQUIRE(hostile::plain == 7L * messages);
}

SKEIN_TEST_CASE_1W("broadcast: a copy that throws leaves the message where it is", "[sync][broadcast]") {
  skein::broadcast<fails_once> news{2};
  auto mine = news.subscribe();
  news.send(fails_once{7});
  fails_once::copies_until_error = 0;
  REQUIRE_THROWS_AS(mine.try_receive(), std::domain_error);
  auto const message = co_await mine.receive();
  REQUIRE(message->value == 7);
}

SKEIN_TEST_CASE("broadcast: messages may use it when they are copied or destroyed (A14)",
                "[sync][broadcast]") {
  skein::broadcast<curious> news{1};
  auto mine = news.subscribe();
  auto const reader =
      skein::create_task([&]() -> skein::coro<> { static_cast<void>(co_await mine.receive()); });
  co_await all_tasks_blocked();
  news.send(curious{news});
  co_await reader;
  news.send(curious{news});  // overwrites the first
  REQUIRE(mine.try_receive().has_value());
}

SKEIN_TEST_CASE("broadcast: with several senders all receivers see one order", "[sync][broadcast]") {
  constexpr int messages = 500;
  skein::broadcast<int> news{3 * messages};
  std::vector<skein::task<std::vector<int>>> readers;
  for (int i = 0; i < 3; ++i) {
    readers.push_back(
        skein::create_task([mine = news.subscribe()]() mutable -> skein::coro<std::vector<int>> {
          std::vector<int> seen;
          while (std::optional<int> const message = co_await mine.receive()) {
            seen.push_back(*message);
          }
          co_return seen;
        }));
  }
  std::vector<std::thread> senders;
  for (int s = 0; s < 3; ++s) {
    senders.emplace_back([&news, s] {
      for (int i = 0; i < messages; ++i) {
        news.send(s * messages + i);
      }
    });
  }
  for (auto& sender : senders) {
    sender.join();
  }
  news.close();
  auto const seen = co_await readers[0];
  REQUIRE(seen.size() == 3 * messages);
  for (auto const& reader : readers) {
    REQUIRE(co_await reader == seen);
  }
}
