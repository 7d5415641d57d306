// SPDX-License-Identifier: Apache-2.0
// fd_callbacks_test.cpp: add_reader and add_writer: how often they call, where, and for how long.
#include <io/support.hpp>

#include <skein/core/event_loop.hpp>
#include <skein/core/runtime.hpp>
#include <skein/core/sleep.hpp>
#include <skein/io/fd_callbacks.hpp>

#include <atomic>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

using skein_test::connected_sockets;
using skein_test::receive;
using skein_test::send_all;
using namespace std::chrono_literals;

SKEIN_TEST_CASE("add_reader: it calls as long as data is there, until it is removed (LOOP-013)",
                "[io][loop]") {
  auto const pair = connected_sockets();
  auto& loop = skein::get_running_loop();
  int const fd = pair.ours.fileno();
  std::atomic<int> calls{0};
  std::atomic<int> bytes{0};
  std::atomic<bool> at_once{false};
  std::atomic<int> inside{0};
  send_all(pair.theirs, "abc");
  loop.add_reader(fd, [&] {
    at_once.store(at_once.load() || inside.fetch_add(1) != 0);
    calls.fetch_add(1);
    bytes.fetch_add(static_cast<int>(receive(pair.ours, 1).size()));
    inside.fetch_sub(1);
  });
  while (bytes.load() < 3) {
    co_await skein::sleep(0s);
  }
  co_await all_tasks_blocked();
  REQUIRE(calls.load() == 3);
  send_all(pair.theirs, "d");  // it waits again
  while (bytes.load() < 4) {
    co_await skein::sleep(1ms);
  }
  REQUIRE(loop.remove_reader(fd));
  REQUIRE_FALSE(loop.remove_reader(fd));
  send_all(pair.theirs, "e");
  co_await all_tasks_blocked();
  REQUIRE(calls.load() == 4);
  REQUIRE_FALSE(at_once.load());
}

SKEIN_TEST_CASE("add_reader: adding again replaces, and reading and writing are apart (LOOP-013)",
                "[io][loop]") {
  auto const pair = connected_sockets();
  auto& loop = skein::get_running_loop();
  int const fd = pair.ours.fileno();
  auto const payload = std::make_shared<int>(1);
  std::atomic<int> first{0};
  std::atomic<int> second{0};
  std::atomic<int> writes{0};
  loop.add_reader(fd, [&](std::shared_ptr<int> const&) { first.fetch_add(1); }, payload);
  loop.add_reader(fd, [&] {
    second.fetch_add(1);
    static_cast<void>(receive(pair.ours, 1));
  });
  REQUIRE(payload.use_count() == 1);
  loop.add_writer(fd, [&] {
    if (writes.fetch_add(1) == 2) {
      loop.remove_writer(fd);  // inside its own call
    }
  });
  while (writes.load() < 3) {
    co_await skein::sleep(0s);
  }
  send_all(pair.theirs, "x");
  while (second.load() == 0) {
    co_await skein::sleep(1ms);
  }
  co_await all_tasks_blocked();
  REQUIRE(first.load() == 0);
  REQUIRE(second.load() == 1);
  REQUIRE(writes.load() == 3);
  REQUIRE_FALSE(loop.remove_writer(fd));
  REQUIRE(loop.remove_reader(fd));
  loop.add_reader(fd, [&] {
    first.fetch_add(1);
    static_cast<void>(receive(pair.ours, 1));
  });
  send_all(pair.theirs, "y");
  while (first.load() == 0) {
    co_await skein::sleep(1ms);
  }
  REQUIRE(loop.remove_reader(fd));
}

SKEIN_TEST_CASE("add_reader: an error in it goes to the handler, and it goes on; a bad descriptor is refused",
                "[io][loop]") {
  auto const pair = connected_sockets();
  auto& runtime = skein::runtime::current();
  auto& loop = skein::get_running_loop();
  int const fd = pair.ours.fileno();
  std::atomic<int> reports{0};
  runtime.set_exception_handler(
      [&](skein::event_loop&, skein::exception_context const&) { reports.fetch_add(1); });
  loop.add_reader(fd, [&] {
    static_cast<void>(receive(pair.ours, 1));
    throw std::runtime_error{"no luck"};
  });
  send_all(pair.theirs, "ab");
  while (reports.load() < 2) {
    co_await skein::sleep(1ms);
  }
  REQUIRE(loop.remove_reader(fd));
  runtime.set_exception_handler(nullptr);
  auto& here = skein::get_running_loop();
  REQUIRE_THROWS_AS(here.add_reader(-1, [] {}), std::invalid_argument);
  REQUIRE_FALSE(here.remove_reader(-1));
}

TEST_CASE("add_reader: before the loop runs, and from another thread (LOOP-013)", "[io][loop]") {
  auto const pair = connected_sockets();
  auto const loop = skein::new_event_loop();
  int const fd = pair.ours.fileno();
  auto const payload = std::make_shared<int>(1);
  int calls = 0;
  loop->add_reader(fd, [&, payload] {
    static_cast<void>(receive(pair.ours, 1));
    if (++calls == 2) {
      REQUIRE(loop->remove_reader(fd));
      loop->stop();
    }
  });
  send_all(pair.theirs, "a");
  std::thread other{[&] { send_all(pair.theirs, "b"); }};
  loop->run_forever();
  other.join();
  REQUIRE(calls == 2);
  REQUIRE(payload.use_count() == 1);
  loop->add_reader(fd, [payload] {});
  std::thread{[&] { REQUIRE(loop->remove_reader(fd)); }}.join();
  REQUIRE(payload.use_count() == 1);
}
