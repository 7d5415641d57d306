// SPDX-License-Identifier: Apache-2.0
// handoff_cancel_beyond_test.cpp: hand-over against cancel for the primitives that asyncio does not have.
#include "handoff_scenario.hpp"

#include <skein/sync/latch.hpp>
#include <skein/sync/once_cell.hpp>
#include <skein/sync/rw_lock.hpp>

#include <memory>
#include <stdexcept>
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

}  // namespace

SKEIN_TEST_CASE("handoff_cancel: latch (T1, B9)", "[sync][handoff]") {
  co_await every_scenario<latch_adapter>();
}

SKEIN_TEST_CASE("handoff_cancel: rw_lock.acquire_write (T1, B6, B7, B14)", "[sync][handoff]") {
  co_await every_scenario<write_adapter>();
}

SKEIN_TEST_CASE("handoff_cancel: rw_lock.acquire_read (T1, B6, B7)", "[sync][handoff]") {
  co_await every_scenario<read_adapter>();
}

TEMPLATE_TEST_CASE(
    "handoff_cancel: frames beyond asyncio's that are destroyed while they wait give back (A14, B8)",
    "[sync][handoff]", latch_adapter, write_adapter, read_adapter) {
  close_while_waiting<TestType>(0);
  close_while_waiting<TestType>(1);
}
