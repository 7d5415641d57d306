// SPDX-License-Identifier: Apache-2.0
// executor_test.cpp: blocking and computing calls on other threads.
#include <support/test_case.hpp>

#include <skein/core/create_task.hpp>
#include <skein/core/executor.hpp>
#include <skein/core/gather.hpp>
#include <skein/core/report.hpp>
#include <skein/core/sleep.hpp>

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <vector>

using namespace std::chrono_literals;

template <class P>
concept can_be_default = requires(skein::event_loop& l, std::shared_ptr<P> p) { l.set_default_executor(p); };
static_assert(can_be_default<skein::thread_pool_executor>);
static_assert(!can_be_default<skein::cpu_executor>);  // THR-008

namespace {

// A door that jobs wait at until the test opens it.
class gate {
 public:
  void open() {
    std::lock_guard const guard{mutex_};
    open_ = true;
    opened_.notify_all();
  }
  void wait() {
    std::unique_lock guard{mutex_};
    ++waiting_;
    opened_.notify_all();
    opened_.wait(guard, [&] { return open_; });
  }
  void until_waiting(int n) {
    std::unique_lock guard{mutex_};
    opened_.wait(guard, [&] { return waiting_ >= n; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable opened_;
  bool open_ = false;
  int waiting_ = 0;
};

}  // namespace

SKEIN_TEST_CASE("executor: a call runs on another thread and its result comes back (THR-005)",
                "[core][executor]") {
  auto const here = std::this_thread::get_id();
  auto const there = co_await skein::run_in_executor(nullptr, [] { return std::this_thread::get_id(); });
  REQUIRE(there != here);
  REQUIRE(co_await skein::to_thread([](int a, int b) { return a + b; }, 2, 3) == 5);
  co_await skein::to_thread([] {});
}

SKEIN_TEST_CASE("executor: an error of the call is thrown at the await (THR-005)", "[core][executor]") {
  REQUIRE_THROWS_WITH(co_await skein::to_thread([]() -> int { throw std::runtime_error{"no luck"}; }),
                      "no luck");
}

SKEIN_TEST_CASE("executor: move-only arguments and results", "[core][executor]") {
  auto result = co_await skein::to_thread([](std::unique_ptr<int>& p) { return std::move(p); },
                                          std::make_unique<int>(6));
  REQUIRE(*result == 6);
}

SKEIN_TEST_CASE("executor: ten calls at once all run once (THR-009)", "[core][executor]") {
  std::atomic<int> calls{0};
  std::vector<skein::future<int>> futures;
  for (int i = 0; i < 10; ++i) {
    futures.push_back(skein::to_thread([&calls, i] {
      ++calls;
      return i;
    }));
  }
  auto const results = co_await skein::gather(futures);
  REQUIRE(calls == 10);
  REQUIRE(results.back() == 9);
}

SKEIN_TEST_CASE("executor: the pool grows while its threads are blocked", "[core][executor]") {
  skein::thread_pool_executor pool{8};
  gate door;
  std::vector<skein::future<>> futures;
  for (int i = 0; i < 8; ++i) {
    futures.push_back(skein::run_in_executor(&pool, [&] { door.wait(); }));
  }
  door.until_waiting(8);
  REQUIRE(pool.threads() == 8);
  door.open();
  co_await skein::gather(futures);
}

SKEIN_TEST_CASE("executor: a thread whose result is seen is idle and used again", "[core][executor]") {
  skein::thread_pool_executor pool{8};
  for (int i = 0; i < 200; ++i) {
    co_await skein::run_in_executor(&pool, [] {});
  }
  REQUIRE(pool.threads() == 1);
}

SKEIN_TEST_CASE("executor: a queued call whose future is cancelled never runs", "[core][executor]") {
  skein::thread_pool_executor pool{1};
  gate door;
  auto const first = skein::run_in_executor(&pool, [&] { door.wait(); });
  std::atomic<bool> ran{false};
  auto const second = skein::run_in_executor(&pool, [&] { ran = true; });
  REQUIRE(second.cancel());
  door.open();
  co_await first;
  REQUIRE(pool.shutdown(std::nullopt));
  REQUIRE_FALSE(ran);
}

SKEIN_TEST_CASE("executor: cancelling a running call frees the waiter at once (THR-006, THR-011)",
                "[core][executor]") {
  skein::thread_pool_executor pool{1};
  gate door;
  std::atomic<bool> finished{false};
  auto const waiter = skein::create_task([&]() -> skein::coro<> {
    co_await skein::run_in_executor(&pool, [&] {
      door.wait();
      finished = true;
    });
  });
  co_await skein::sleep(0s);
  door.until_waiting(1);
  waiter.cancel();
  REQUIRE_THROWS_AS(co_await waiter, skein::cancelled_error);
  REQUIRE_FALSE(finished);
  door.open();
  REQUIRE(pool.shutdown(std::nullopt));
  REQUIRE(finished);
}

SKEIN_TEST_CASE("executor: after shutdown it refuses (THR-007)", "[core][executor]") {
  skein::thread_pool_executor pool;
  co_await skein::run_in_executor(&pool, [] {});
  REQUIRE(pool.shutdown(std::nullopt));
  REQUIRE_THROWS_WITH(skein::run_in_executor(&pool, [] {}),
                      Catch::StartsWith("Executor shutdown has been called"));
}

SKEIN_TEST_CASE("executor: a shutdown with a limit names what it leaves behind (THR-007)",
                "[core][executor]") {
  gate door;
  std::vector<std::string> lines;
  {
    skein::thread_pool_executor pool{1, "slow"};
    auto const job = skein::run_in_executor(&pool, [&] { door.wait(); });
    door.until_waiting(1);
    skein::set_log_sink([&](std::string_view line) { lines.emplace_back(line); });
    REQUIRE_FALSE(pool.shutdown(1ms));
    skein::set_log_sink(nullptr);
    door.open();
    co_await job;
  }
  REQUIRE(lines.size() == 1);
  REQUIRE_THAT(lines[0], Catch::Contains("slow") && Catch::Contains("1 job(s)"));
}

TEST_CASE("executor: absurd sizes are refused", "[core][executor]") {
  REQUIRE_THROWS_AS(skein::thread_pool_executor{1'000'000}, std::invalid_argument);
}

SKEIN_TEST_CASE("executor: the cpu_executor computes on oneTBB's threads", "[core][executor]") {
  skein::cpu_executor cpu{2};
  auto const here = std::this_thread::get_id();
  std::vector<skein::future<int>> futures;
  for (int i = 0; i < 100; ++i) {
    futures.push_back(
        skein::run_in_executor(&cpu, [i, here] { return std::this_thread::get_id() != here ? i : -1; }));
  }
  int sum = 0;
  for (int const value : co_await skein::gather(futures)) {
    sum += value;
  }
  REQUIRE(sum == 4950);
  REQUIRE(cpu.shutdown(std::nullopt));
  REQUIRE_THROWS_AS(skein::run_in_executor(&cpu, [] {}), std::runtime_error);
}

TEST_CASE("executor: a job that outlives its loop touches nothing (THR-006)", "[core][executor]") {
  skein::thread_pool_executor pool{1};
  gate door;
  auto payload = std::make_shared<int>(1);
  {
    auto const loop = skein::new_event_loop();
    auto const job = loop->run_in_executor(&pool, [&, payload] {
      door.wait();
      return payload;
    });
    door.until_waiting(1);
    auto const waiter = loop->create_task([job]() -> skein::coro<> { co_await job; });
    loop->run_until_complete(skein::sleep(0s));
    REQUIRE(waiter.state() == skein::task_state::pending);
    loop->set_exception_handler([](skein::event_loop&, skein::exception_context const&) {});
  }
  door.open();
  REQUIRE(pool.shutdown(std::nullopt));
  REQUIRE(payload.use_count() == 1);
}

SKEIN_TEST_CASE("executor: the default pool can be another one (THR-008)", "[core][executor]") {
  auto& loop = skein::get_running_loop();
  auto const pool = std::make_shared<skein::thread_pool_executor>(1, "mine");
  REQUIRE_THROWS_AS(loop.set_default_executor(nullptr), std::invalid_argument);
  gate door;
  auto const before = skein::to_thread([&] { door.wait(); });
  loop.set_default_executor(pool);
  REQUIRE(pool->threads() == 0);
  REQUIRE(co_await skein::to_thread([] { return 5; }) == 5);
  REQUIRE(pool->threads() == 1);
  door.open();
  co_await before;
}

TEST_CASE("executor: the runtime shuts down the default pool that it was given", "[core][executor]") {
  auto const pool = std::make_shared<skein::thread_pool_executor>(1);
  std::atomic<bool> ran{false};
  skein::run([&]() -> skein::coro<> {
    skein::get_running_loop().set_default_executor(pool);
    static_cast<void>(skein::to_thread([&] { ran = true; }));
    co_return;
  });
  REQUIRE(ran);
  REQUIRE(pool->threads() == 0);
}

SKEIN_TEST_CASE("executor: shutdown_default_executor waits for jobs, then the pool refuses (THR-007)",
                "[core][executor]") {
  auto& loop = skein::get_running_loop();
  gate door;
  auto const job = skein::to_thread([&] {
    door.wait();
    return 3;
  });
  door.until_waiting(1);
  auto const closing = skein::create_task(loop.shutdown_default_executor());
  // It refuses once the shutdown has begun, which does not block the loop.
  bool refused = false;
  while (!refused) {
    co_await skein::sleep(0s);
    try {
      static_cast<void>(skein::run_in_executor(nullptr, [] {}));
    } catch (std::runtime_error const& e) {
      REQUIRE_THAT(e.what(), Catch::StartsWith("Executor shutdown has been called"));
      refused = true;
    }
  }
  REQUIRE_FALSE(closing.done());
  door.open();
  co_await closing;
  REQUIRE(job.done());
  REQUIRE(job.result() == 3);
  co_await loop.shutdown_default_executor();
  REQUIRE_THROWS_WITH(skein::to_thread([] {}), Catch::StartsWith("Executor shutdown has been called"));
}

SKEIN_TEST_CASE("executor: without a job shutdown_default_executor is done at once", "[core][executor]") {
  co_await skein::get_running_loop().shutdown_default_executor();
  REQUIRE_THROWS_AS(skein::to_thread([] {}), std::runtime_error);
}

SKEIN_TEST_CASE("executor: shutdown_default_executor gives up after its limit and says so (THR-007)",
                "[core][executor]") {
  gate door;
  std::vector<std::string> lines;
  auto const pool = std::make_shared<skein::thread_pool_executor>(1);
  skein::get_running_loop().set_default_executor(pool);
  auto const job = skein::to_thread([&] { door.wait(); });
  door.until_waiting(1);
  skein::set_log_sink([&](std::string_view line) { lines.emplace_back(line); });
  co_await skein::get_running_loop().shutdown_default_executor(1ms);
  skein::set_log_sink(nullptr);
  REQUIRE(lines.size() == 1);
  REQUIRE_THAT(lines[0], Catch::Contains("did not end within the limit"));
  REQUIRE(pool->left_behind());
  door.open();
  co_await job;
  REQUIRE(pool->shutdown(std::nullopt));
}

SKEIN_TEST_CASE("executor: a cancelled shutdown_default_executor stops waiting (T1)", "[core][executor]") {
  auto& loop = skein::get_running_loop();
  gate door;
  auto const job = skein::to_thread([&] { door.wait(); });
  door.until_waiting(1);
  auto const closing = skein::create_task(loop.shutdown_default_executor());
  while (closing.state() != skein::task_state::pending) {
    co_await skein::sleep(0s);
  }
  closing.cancel();
  REQUIRE_THROWS_AS(co_await closing, skein::cancelled_error);
  REQUIRE_FALSE(job.done());
  door.open();
  co_await job;
}
