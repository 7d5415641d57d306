// SPDX-License-Identifier: Apache-2.0
// stall_stress.cpp: steps that hold workers up all the time, while their neighbours fire their timers, take
// their tasks and poll their drivers: nothing is lost or comes twice, timers of a loop keep their order.
#include <support/catch.hpp>

#include <skein/io/connect.hpp>

#include <skein/core/create_task.hpp>
#include <skein/core/event_loop.hpp>
#include <skein/core/report.hpp>
#include <skein/core/run.hpp>
#include <skein/core/runtime.hpp>
#include <skein/core/sleep.hpp>
#include <skein/core/task_group.hpp>
#include <skein/core/timeout.hpp>
#include <skein/core/with.hpp>

#include <sys/socket.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <random>
#include <string_view>
#include <utility>
#include <vector>

using namespace std::chrono_literals;

namespace {

constexpr unsigned workers = 4;
constexpr int rounds = 4;
constexpr int strollers = 48;
constexpr int steps_each = 25;
constexpr int connections = 6;
constexpr int messages = 40;
constexpr int callbacks_each = 150;

/// Limits so short that most of what blocks is taken over; the reports go nowhere.
struct short_limits {
  short_limits() {
    skein::set_log_sink([](std::string_view) {});
  }
  short_limits(short_limits const&) = delete;
  short_limits& operator=(short_limits const&) = delete;
  ~short_limits() { skein::set_log_sink(nullptr); }
  skein::run_options options{.workers = workers, .stall_report = 3ms, .stall_takeover = 2ms};
};

using random = std::minstd_rand;

/// Holds its worker up.
void block(std::chrono::microseconds time) {
  auto const end = std::chrono::steady_clock::now() + time;
  while (std::chrono::steady_clock::now() < end) {
  }
}

std::chrono::microseconds up_to(random& r, int us) {
  return std::chrono::microseconds{std::uniform_int_distribution{0, us}(r)};
}

skein::coro<> stroll(unsigned seed, std::atomic<int>& steps) {
  random r{seed};
  for (int i = 0; i < steps_each; ++i) {
    switch (r() % 6) {
      case 0:
        block(up_to(r, 8000));
        break;
      case 1:
        co_await skein::sleep(0s);
        break;
      case 2:
        try {
          co_await skein::with(skein::timeout(up_to(r, 2000)),
                               [&]() -> skein::coro<> { co_await skein::sleep(up_to(r, 2000)); });
        } catch (skein::timeout_error const&) {
        }
        break;
      default:
        co_await skein::sleep(up_to(r, 3000));
    }
    steps.fetch_add(1, std::memory_order_relaxed);
  }
}

// One side counts up and the other sends it back; each blocks now and then.
skein::coro<> talk(skein::owned_socket socket, bool first, unsigned seed, std::atomic<int>& received) {
  random r{seed};
  auto connection = co_await skein::open_connection(std::move(socket));
  for (int i = 0; i < messages; ++i) {
    if (first) {
      co_await connection.writer.write("ping");
    }
    if (co_await connection.reader.readexactly(4) == (first ? "pong" : "ping")) {
      received.fetch_add(1, std::memory_order_relaxed);
    }
    if (r() % 8 == 0) {
      block(up_to(r, 5000));
    }
    if (!first) {
      co_await connection.writer.write("pong");
    }
  }
}

// Callbacks of one loop, each a little later than the one before.
struct calls_in_order {
  int next = 0;  // the loop only
  std::atomic<int> out_of_order{0};
  std::atomic<int> made{0};

  void schedule(skein::event_loop& loop) {
    auto const begin = skein::clock::now() + 1ms;
    for (int i = 0; i < callbacks_each; ++i) {
      loop.call_at(begin + i * 400us, [this, i] {
        out_of_order.fetch_add(i == next ? 0 : 1);
        next = i + 1;
        if (i % 32 == 31) {
          block(4ms);
        }
        made.fetch_add(1);
      });
    }
  }
};

}  // namespace

TEST_CASE("stall stress: what steps hold up comes once, and timers of a loop in order", "[stress][stall]") {
  short_limits const limits;
  for (unsigned round = 0; round < rounds; ++round) {
    std::atomic<int> steps{0};
    std::atomic<int> received{0};
    std::array<calls_in_order, workers> calls;
    skein::run(
        [&]() -> skein::coro<void> {
          for (unsigned i = 0; i < workers; ++i) {
            calls[i].schedule(skein::runtime::current().loop(i));
          }
          co_await skein::with(skein::task_group{}, [&](skein::task_group& group) -> skein::coro<void> {
            for (unsigned i = 0; i < strollers; ++i) {
              group.create_task(stroll(round * 1000 + i, steps));
            }
            for (unsigned i = 0; i < connections; ++i) {
              std::array<int, 2> fds{};
              REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds.data()) == 0);
              group.create_task(talk(skein::owned_socket{fds[0]}, true, i, received));
              group.create_task(talk(skein::owned_socket{fds[1]}, false, i + 100, received));
            }
            co_return;
          });
          for (auto const& c : calls) {
            while (c.made.load() < callbacks_each) {
              co_await skein::sleep(1ms);
            }
          }
        },
        limits.options);
    REQUIRE(steps.load() == strollers * steps_each);
    REQUIRE(received.load() == 2 * connections * messages);
    for (auto const& c : calls) {
      REQUIRE(c.out_of_order.load() == 0);
    }
  }
}

TEST_CASE("stall stress: a runtime ends while steps hold it up and others do its work", "[stress][stall]") {
  short_limits const limits;
  for (unsigned round = 0; round < 30; ++round) {
    std::atomic<int> steps{0};
    skein::run(
        [&]() -> skein::coro<void> {
          for (unsigned i = 0; i < strollers; ++i) {
            static_cast<void>(skein::create_task(stroll(round * 1000 + i, steps)));
          }
          co_await skein::sleep(round * 1ms);
        },
        limits.options);
  }
}
