// SPDX-License-Identifier: Apache-2.0
// handoff_cancel_beyond_test.cpp: hand-over against cancel for the primitives that asyncio does not have.
#include "handoff_scenario.hpp"

#include <skein/sync/broadcast.hpp>
#include <skein/sync/channel.hpp>
#include <skein/sync/latch.hpp>
#include <skein/sync/once_cell.hpp>
#include <skein/sync/rw_lock.hpp>
#include <skein/sync/watch.hpp>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace {

using handoff::close_while_waiting;
using handoff::every_scenario;

struct latch_adapter {
  static constexpr bool to_all = true;
  std::unique_ptr<skein::latch> latch = std::make_unique<skein::latch>(1);

  skein::coro<> begin() { co_return; }
  skein::coro<> take(int) { co_await latch->wait(); }
  void prepare() {}
  void give() { latch->count_down(); }
  bool kept(int, int) { return latch->try_wait(); }
  void reclaim() { latch = std::make_unique<skein::latch>(1); }
  std::size_t waiting() { return latch->waiting(); }
  void touch() { static_cast<void>(latch->waiting()); }
};

/// Writers, each of whom keeps the lock until the next give().
struct write_adapter {
  static constexpr bool to_all = false;
  skein::rw_lock lock;

  skein::coro<> begin() { co_await lock.acquire_write(); }
  skein::coro<> take(int) { co_await lock.acquire_write(); }
  void prepare() {}
  void give() { lock.release_write(); }
  bool kept(int given, int taken) { return lock.write_locked() == (given == taken) && lock.readers() == 0; }
  void reclaim() { REQUIRE(lock.try_acquire_write()); }
  std::size_t waiting() { return lock.waiting(); }
  void touch() { static_cast<void>(lock.waiting()); }
};

/// Readers, all of whom a writer lets in.
struct read_adapter {
  static constexpr bool to_all = true;
  skein::rw_lock lock;

  skein::coro<> begin() { co_await lock.acquire_write(); }
  skein::coro<> take(int) { auto const permit = co_await lock.scoped_read(); }
  void prepare() {}
  void give() { lock.release_write(); }
  bool kept(int, int) { return !lock.locked(); }
  void reclaim() { REQUIRE(lock.try_acquire_write()); }
  std::size_t waiting() { return lock.waiting(); }
  void touch() { static_cast<void>(lock.waiting()); }
};

template <std::size_t Capacity>
struct receive_adapter {
  static constexpr bool to_all = false;
  skein::channel<int> channel{Capacity};
  std::vector<int> taken_items;  // one taker at a time
  int next_item = 0;

  skein::coro<> begin() { co_return; }
  skein::coro<> take(int) {
    std::optional<int> const item = co_await channel.receive();
    taken_items.push_back(item.value());
  }
  void prepare() {}
  void give() {
    if (channel.try_send(next_item)) {
      ++next_item;
    } else {  // only a rendezvous has no room, when those in line were all cancelled
      lost_room = true;
    }
  }
  bool lost_room = false;
  bool kept(int given, int taken) {
    bool in_order = static_cast<int>(taken_items.size()) == taken;
    for (int i = 0; i < taken && in_order; ++i) {
      in_order = taken_items[static_cast<std::size_t>(i)] == i;
    }
    return in_order && static_cast<int>(channel.size()) == given - taken - (lost_room ? 1 : 0);
  }
  void reclaim() {
    if (!std::exchange(lost_room, false)) {
      next_item = channel.try_receive().value();  // it is given again
    }
  }
  std::size_t waiting() { return channel.waiting(); }
  void touch() { static_cast<void>(channel.waiting()); }
};

/// Senders in line, for each of whom something is taken out.
template <std::size_t Capacity>
struct send_adapter {
  static constexpr bool to_all = false;
  static constexpr bool commits = Capacity == 0;  // what was taken from a sender's hands is sent
  static constexpr int filler = -1;
  skein::channel<int> channel{Capacity};
  std::vector<int> got;
  std::vector<int> expected;

  skein::coro<> begin() {
    if (Capacity > 0) {
      co_await channel.send(filler);
      expected.push_back(filler);
    }
  }
  skein::coro<> take(int who) {
    co_await channel.send(who);
    expected.push_back(who);
  }
  void prepare() {}
  void give() {
    if (auto const item = channel.try_receive()) {
      got.push_back(*item);
    } else {
      nobody_there = true;
    }
  }
  bool nobody_there = false;
  bool kept(int given, int taken) {
    std::size_t const left = Capacity == 0 ? 0 : static_cast<std::size_t>(1 - (given - taken));
    return (Capacity > 0 || nobody_there == (given > taken)) && channel.size() == left &&
           expected.size() == got.size() + left && std::equal(got.begin(), got.end(), expected.begin());
  }
  void reclaim() {
    if (Capacity > 0) {
      REQUIRE(channel.try_send(filler));
      expected.push_back(filler);
    }
    nobody_there = false;
  }
  std::size_t waiting() { return channel.waiting(); }
  void touch() { static_cast<void>(channel.waiting()); }
};

/// Subscribers, each of whom takes one message.
struct broadcast_adapter {
  static constexpr bool to_all = true;
  skein::broadcast<int> broadcast{4};
  int sent = 0;

  skein::coro<> begin() { co_return; }
  skein::coro<> take(int) {
    auto mine = broadcast.subscribe();
    std::optional<int> const message = co_await mine.receive();
    REQUIRE(message.value() == sent - 1);
  }
  void prepare() { ++sent; }
  void give() { broadcast.send(sent - 1); }
  bool kept(int, int) { return broadcast.receivers() == 0; }
  void reclaim() {}
  std::size_t waiting() { return broadcast.waiting(); }
  void touch() { static_cast<void>(broadcast.waiting()); }
};

struct watch_adapter {
  static constexpr bool to_all = true;
  skein::watch<int> watch{0};
  int sent = 0;

  skein::coro<> begin() { co_return; }
  skein::coro<> take(int) {
    auto mine = watch.subscribe();
    bool const changed = co_await mine.changed();
    REQUIRE(changed);
    REQUIRE(mine.get() == sent);
  }
  void prepare() { ++sent; }
  void give() { watch.send(sent); }
  bool kept(int, int) { return watch.receivers() == 0 && watch.get() == sent; }
  void reclaim() {}
  std::size_t waiting() { return watch.waiting(); }
  void touch() { static_cast<void>(watch.waiting()); }
};

}  // namespace

SKEIN_TEST_CASE("handoff_cancel: broadcast and watch (T1, B9)", "[sync][handoff]") {
  co_await every_scenario<broadcast_adapter>();
  co_await every_scenario<watch_adapter>();
}

SKEIN_TEST_CASE("handoff_cancel: latch (T1, B9)", "[sync][handoff]") {
  co_await every_scenario<latch_adapter>();
}

SKEIN_TEST_CASE("handoff_cancel: rw_lock.acquire_write (T1, B6, B7, B14)", "[sync][handoff]") {
  co_await every_scenario<write_adapter>();
}

SKEIN_TEST_CASE("handoff_cancel: rw_lock.acquire_read (T1, B6, B7)", "[sync][handoff]") {
  co_await every_scenario<read_adapter>();
}

SKEIN_TEST_CASE("handoff_cancel: channel.receive (T1, B1, B14, B16)", "[sync][handoff]") {
  co_await every_scenario<receive_adapter<0>>();
  co_await every_scenario<receive_adapter<1>>();
}

SKEIN_TEST_CASE("handoff_cancel: channel.send (T1, B12)", "[sync][handoff]") {
  co_await every_scenario<send_adapter<0>>();
  co_await every_scenario<send_adapter<1>>();
}

TEMPLATE_TEST_CASE(
    "handoff_cancel: frames beyond asyncio's that are destroyed while they wait give back (A14, B8)",
    "[sync][handoff]", latch_adapter, write_adapter, read_adapter, receive_adapter<0>, receive_adapter<1>,
    send_adapter<1>, broadcast_adapter, watch_adapter) {
  close_while_waiting<TestType>(0);
  close_while_waiting<TestType>(1);
}
