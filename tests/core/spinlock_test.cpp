// SPDX-License-Identifier: Apache-2.0
// spinlock_test.cpp: the one-byte lock excludes, also when there are more threads than cores.
#include <support/catch.hpp>

#include <skein/core/lowlevel/spinlock.hpp>

#include <mutex>
#include <thread>
#include <type_traits>
#include <vector>

using skein::lowlevel::spinlock;

static_assert(sizeof(spinlock) == 1);
static_assert(!std::is_copy_constructible_v<spinlock>);

TEST_CASE("spinlock: try_lock fails while it is held and works after unlock", "[core][spinlock]") {
  spinlock lock;
  REQUIRE(lock.try_lock());
  REQUIRE_FALSE(lock.try_lock());
  lock.unlock();
  REQUIRE(lock.try_lock());
  lock.unlock();
}

TEST_CASE("spinlock: a failed try_lock leaves it held", "[core][spinlock]") {
  spinlock lock;
  lock.lock();
  REQUIRE_FALSE(lock.try_lock());
  REQUIRE_FALSE(lock.try_lock());
  lock.unlock();
  std::unique_lock const guard{lock, std::try_to_lock};
  REQUIRE(guard.owns_lock());
}

TEST_CASE("spinlock: increments under it are not lost", "[core][spinlock]") {
  constexpr int threads = 8;
  constexpr int rounds = 20'000;
  spinlock lock;
  int count = 0;
  std::vector<std::thread> all;
  for (int t = 0; t < threads; ++t) {
    all.emplace_back([&, by_trying = t % 2 == 0] {
      for (int i = 0; i < rounds; ++i) {
        if (by_trying) {
          while (!lock.try_lock()) {
            std::this_thread::yield();
          }
          ++count;
          lock.unlock();
        } else {
          std::lock_guard const guard{lock};
          ++count;
        }
      }
    });
  }
  for (std::thread& t : all) {
    t.join();
  }
  REQUIRE(count == threads * rounds);
}

TEST_CASE("spinlock: who waits gets it when the holder gives it back", "[core][spinlock]") {
  spinlock lock;
  skein::lowlevel::atomic<bool> asked{false};
  bool written = false;
  lock.lock();
  std::thread waiter{[&] {
    asked.store(true, std::memory_order_release);
    std::lock_guard const guard{lock};
    CHECK(written);
  }};
  while (!asked.load(std::memory_order_acquire)) {
    std::this_thread::yield();
  }
  for (int i = 0; i < 100; ++i) {
    std::this_thread::yield();
  }
  written = true;
  lock.unlock();
  waiter.join();
}
