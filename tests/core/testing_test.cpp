// SPDX-License-Identifier: Apache-2.0
// testing_test.cpp: waiting until everything else has come to rest.
#include <support/test_case.hpp>

#include <skein/core/create_task.hpp>
#include <skein/core/future.hpp>
#include <skein/core/sleep.hpp>

#include <atomic>
#include <vector>

using namespace std::chrono_literals;

// It once read the list of ready items of workers that were running: a data race, for ThreadSanitizer to see.
SKEIN_TEST_CASE("all_tasks_blocked: it looks at workers that are busy, and returns when all tasks wait",
                "[core][testing]") {
  constexpr int tasks = 16;
  for (int round = 0; round < 20; ++round) {
    auto const end = skein::create_future<>();
    std::atomic<int> waiting{0};
    std::vector<skein::task<>> all;
    for (int i = 0; i < tasks; ++i) {
      all.push_back(skein::create_task([&]() -> skein::coro<> {
        for (int turn = 0; turn < 100; ++turn) {
          co_await skein::sleep(0s);  // ready again and again, here or with a thief
        }
        waiting.fetch_add(1, std::memory_order_relaxed);
        co_await end;
      }));
    }
    co_await all_tasks_blocked();
    REQUIRE(waiting.load(std::memory_order_relaxed) == tasks);
    end.set_result();
    for (auto const& task : all) {
      co_await task;
    }
  }
}
