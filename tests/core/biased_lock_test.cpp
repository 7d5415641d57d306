// SPDX-License-Identifier: Apache-2.0
// biased_lock_test.cpp: one is inside at a time, whoever took the lock before.
#include <support/catch.hpp>
#include <support/two_in_step.hpp>

#include <skein/core/create_task.hpp>
#include <skein/core/lowlevel/biased_lock.hpp>
#include <skein/core/run.hpp>
#include <skein/core/sleep.hpp>

#include <atomic>
#include <chrono>
#include <mutex>
#include <thread>
#include <vector>

using namespace std::chrono_literals;
using skein::lowlevel::biased_lock;
using skein_test::two_in_step;

namespace {

// A number that only who is inside may touch.
struct guarded {
  biased_lock lock;
  long value = 0;

  void add() {
    std::lock_guard const guard{lock};
    long const seen = value;
    skein::lowlevel::cpu_relax();
    value = seen + 1;
  }
};

// A lone loop that takes the lock again and again, and is its favourite when the constructor returns.
class favourite {
 public:
  explicit favourite(guarded& g) : thread_{[this, &g] { run(g); }} {
    while (!begun_.load()) {
      std::this_thread::yield();
    }
  }

  // Returns     How often it took the lock.
  long stop() {
    stop_.store(true);
    thread_.join();
    return times_;
  }

 private:
  void run(guarded& g) {
    skein::run([&]() -> skein::coro<> {
      while (!stop_.load()) {
        g.add();
        ++times_;
        begun_.store(true);
      }
      co_return;
    });
  }

  std::atomic<bool> begun_{false};
  std::atomic<bool> stop_{false};
  long times_ = 0;
  std::thread thread_;
};

}  // namespace

TEST_CASE("biased_lock: a thread comes in while a lone loop is the favourite", "[core][biased_lock]") {
  for (int round = 0; round < 300; ++round) {
    guarded g;
    favourite loop{g};
    // The revocation comes at any moment of the favourite's sections.
    auto const moment = std::chrono::steady_clock::now() + round * 100ns;
    while (std::chrono::steady_clock::now() < moment) {
    }
    for (int i = 0; i < 200; ++i) {
      g.add();
    }
    long const of_loop = loop.stop();
    REQUIRE(g.value == of_loop + 200);
  }
}

// Each round has a lock of its own, which is revoked in the very moment in which the favourite takes it.
TEST_CASE("biased_lock: of favourite and revoker one waits for the other", "[core][biased_lock]") {
  constexpr int rounds = 100'000;
  using skein::lowlevel::memory_order_relaxed;
  struct alignas(skein::lowlevel::cache_line) one {
    biased_lock lock;
    std::atomic<int> value{0};  // relaxed: it must not order what the lock has to order
    void add() {
      std::lock_guard const guard{lock};
      int const seen = value.load(memory_order_relaxed);
      value.store(seen + 1, memory_order_relaxed);
    }
  };
  std::vector<one> locks(rounds);
  two_in_step step;
  std::thread loop{[&] {
    skein::run([&]() -> skein::coro<> {
      int round = 0;
      for (one& contended : locks) {
        contended.add();
        step.arrive();
        for (int delay = ++round % 512; delay > 0; --delay) {  // the revoker's exchange takes a while
          std::atomic_signal_fence(std::memory_order_seq_cst);
        }
        contended.add();
      }
      co_return;
    });
  }};
  for (one& contended : locks) {
    step.arrive();
    contended.add();
  }
  loop.join();
  int lost = 0;
  for (one const& contended : locks) {
    lost += 3 - contended.value.load();
  }
  REQUIRE(lost == 0);
}

TEST_CASE("biased_lock: several threads come in at once, and stay", "[core][biased_lock]") {
  constexpr int threads = 3;
  constexpr int each = 2000;
  for (int round = 0; round < 20; ++round) {
    guarded g;
    favourite loop{g};
    std::vector<std::thread> others;
    for (int t = 0; t < threads; ++t) {
      others.emplace_back([&] {
        for (int i = 0; i < each; ++i) {
          g.add();
        }
      });
    }
    for (auto& other : others) {
      other.join();
    }
    long const of_loop = loop.stop();
    REQUIRE(g.value == of_loop + long{threads} * each);
  }
}

TEST_CASE("biased_lock: the loop of another runtime takes it over", "[core][biased_lock]") {
  guarded g;
  for (int runs = 0; runs < 3; ++runs) {
    skein::run([&]() -> skein::coro<> {
      g.add();
      co_await skein::sleep(0s);
      g.add();
    });
  }
  g.add();  // outside of every loop
  skein::run([&]() -> skein::coro<> {
    g.add();
    co_return;
  });
  REQUIRE(g.value == 8);
}

TEST_CASE("biased_lock: the workers of a runtime exclude each other", "[core][biased_lock]") {
  guarded g;
  constexpr int tasks = 8;
  constexpr int each = 2000;
  skein::run(
      [&]() -> skein::coro<> {
        std::vector<skein::task<void>> all;
        for (int t = 0; t < tasks; ++t) {
          all.push_back(skein::create_task([&]() -> skein::coro<> {
            for (int i = 0; i < each; ++i) {
              g.add();
              if (i % 100 == 0) {
                co_await skein::sleep(0s);
              }
            }
          }));
        }
        for (auto& one : all) {
          co_await one;
        }
      },
      {.workers = 4});
  REQUIRE(g.value == long{tasks} * each);
}
