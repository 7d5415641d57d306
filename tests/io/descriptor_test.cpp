// SPDX-License-Identifier: Apache-2.0
// descriptor_test.cpp: a socket that several threads use and one closes.
#include <io/support.hpp>

#include <descriptor.hpp>

#include <skein/core/create_task.hpp>
#include <skein/core/sleep.hpp>

#include <fcntl.h>

#include <chrono>
#include <thread>
#include <utility>

using namespace std::chrono_literals;
using skein::detail::descriptor;
using skein::detail::side;

namespace {

bool is_open(int fd) { return ::fcntl(fd, F_GETFD) >= 0; }

skein::coro<> wait_readable(descriptor& d) {
  d.spent(side::read, d.look(side::read));
  co_await d.ready(side::read);
}

}  // namespace

TEST_CASE("descriptor: it needs a loop", "[io][descriptor]") {
  auto pair = skein_test::connected_sockets();
  int const fd = pair.ours.fileno();
  REQUIRE_THROWS_AS(descriptor{std::move(pair.ours)}, skein::no_running_loop_error);
  REQUIRE_FALSE(is_open(fd));
}

SKEIN_TEST_CASE("descriptor: the socket is closed when the last use of it ends", "[io][descriptor]") {
  auto pair = skein_test::connected_sockets();
  int const fd = pair.ours.fileno();
  descriptor d{std::move(pair.ours)};
  REQUIRE((::fcntl(fd, F_GETFL) & O_NONBLOCK) != 0);
  {
    descriptor::use const first{d};
    descriptor::use const second{d};
    d.close();
    REQUIRE(d.closed());
    REQUIRE(is_open(fd));
    descriptor::use const late{d};
    REQUIRE_FALSE(static_cast<bool>(late));
  }
  REQUIRE_FALSE(is_open(fd));
  d.close();
  co_return;
}

SKEIN_TEST_CASE("descriptor: closing it ends a wait for it (SOCK-008)", "[io][descriptor]") {
  auto pair = skein_test::connected_sockets();
  descriptor d{std::move(pair.ours)};
  auto waiting = skein::create_task(wait_readable(d));
  co_await all_tasks_blocked();
  REQUIRE_FALSE(waiting.done());
  std::thread other{[&] { d.close(); }};
  co_await waiting;
  other.join();
}

SKEIN_TEST_CASE("descriptor: one direction has one waiter, the other its own (SOCK-006, SOCK-007)",
                "[io][descriptor]") {
  auto pair = skein_test::connected_sockets();
  descriptor d{std::move(pair.ours)};
  auto first = skein::create_task(wait_readable(d));
  co_await all_tasks_blocked();
  REQUIRE_THROWS_AS(co_await wait_readable(d), std::runtime_error);
  co_await d.ready(side::write);
  REQUIRE_FALSE(first.done());
  skein_test::send_all(pair.theirs, "x");
  co_await first;
}

SKEIN_TEST_CASE("descriptor: a cancelled wait leaves the number free for the next socket (E2)",
                "[io][descriptor]") {
  for (int round = 0; round < 100; ++round) {
    auto pair = skein_test::connected_sockets();
    descriptor d{std::move(pair.ours)};
    auto waiting = skein::create_task(wait_readable(d));
    if (round % 2 == 0) {
      co_await all_tasks_blocked();
    }
    skein_test::send_all(pair.theirs, "x");
    waiting.cancel();
    try {
      co_await waiting;
    } catch (skein::cancelled_error const&) {
      REQUIRE(waiting.cancelled());
    }
    d.close();  // the next round gets the same number
  }
}

SKEIN_TEST_CASE("descriptor: a peer that hangs up while nobody waits does not keep the loop busy (E4)",
                "[io][descriptor]") {
  auto pair = skein_test::connected_sockets();
  descriptor d{std::move(pair.ours)};
  pair.theirs = {};
  co_await all_tasks_blocked();
  auto const parks = [] {
    std::uint64_t sum = 0;
    for (auto const& w : skein::runtime::current().metrics().workers) {
      sum += w.parks;
    }
    return sum;
  };
  auto const before = parks();
  co_await skein::sleep(50ms);
  REQUIRE(parks() - before < 20);
}
