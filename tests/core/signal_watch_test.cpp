// SPDX-License-Identifier: Apache-2.0
// signal_watch_test.cpp: signals that a loop handles, and what Ctrl-C does to run.
#include <support/test_case.hpp>

#include <skein/core/create_task.hpp>
#include <skein/core/event_loop.hpp>
#include <skein/core/run.hpp>
#include <skein/core/sleep.hpp>

#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <memory>
#include <string>
#include <thread>
#include <vector>

using namespace std::chrono_literals;

namespace {

/// The disposition of a signal, which Catch2 sets too, as it would be in a program; put back at the end.
class default_disposition {
 public:
  explicit default_disposition(int signal) : signal_{signal} {
    struct sigaction action{};
    action.sa_handler = SIG_DFL;
    ::sigaction(signal_, &action, &before_);
  }
  ~default_disposition() { ::sigaction(signal_, &before_, nullptr); }
  default_disposition(default_disposition const&) = delete;
  default_disposition& operator=(default_disposition const&) = delete;
  [[nodiscard]] bool is_back() const {
    struct sigaction now{};
    ::sigaction(signal_, nullptr, &now);
    return now.sa_handler == SIG_DFL;
  }

 private:
  int signal_;
  struct sigaction before_{};
};

void send(int signal) {
#if defined(SKEIN_TELL_TSAN)
  ::raise(signal);  // ThreadSanitizer keeps back what comes to a thread that sleeps in a futex call of ours
#else
  ::kill(::getpid(), signal);
#endif
}

}  // namespace

SKEIN_TEST_CASE("signals: bad numbers are refused, SIGKILL cannot be caught (SIG-001)", "[core][signals]") {
  auto& loop = skein::get_running_loop();
  auto const nothing = [] {};
  REQUIRE_THROWS_AS(loop.add_signal_handler(0, nothing), std::invalid_argument);
  REQUIRE_THROWS_AS(loop.add_signal_handler(-1, nothing), std::invalid_argument);
  REQUIRE_THROWS_AS(loop.add_signal_handler(NSIG + 1, nothing), std::invalid_argument);
  REQUIRE_THROWS_WITH(loop.add_signal_handler(NSIG + 1, nothing), Catch::Contains(std::to_string(NSIG + 1)));
  REQUIRE_THROWS_WITH(loop.add_signal_handler(SIGKILL, nothing), Catch::Contains("cannot be caught"));
  REQUIRE_THROWS_AS(loop.remove_signal_handler(0), std::invalid_argument);
  REQUIRE_FALSE(loop.remove_signal_handler(SIGUSR1));
  co_return;
}

SKEIN_TEST_CASE(
    "signals: the second function replaces the first; it gets its arguments, on the loop (SIG-002)",
    "[core][signals]") {
  default_disposition const usr1{SIGUSR1};
  auto& loop = skein::get_running_loop();
  auto const called = skein::create_future<int>();
  std::atomic<bool> first_called{false};
  loop.add_signal_handler(SIGUSR1, [&] { first_called = true; });
  loop.add_signal_handler(
      SIGUSR1,
      [&](int a, int const& b) {
        REQUIRE(skein::running_loop() == &loop);
        REQUIRE_FALSE(static_cast<bool>(skein::current_task()));
        called.try_set_result(a + b);
      },
      40, 2);
  send(SIGUSR1);
  REQUIRE(co_await called == 42);
  REQUIRE_FALSE(first_called.load());
  REQUIRE(loop.remove_signal_handler(SIGUSR1));
  REQUIRE_FALSE(loop.remove_signal_handler(SIGUSR1));
  REQUIRE(usr1.is_back());
}

TEST_CASE("signals: one that comes while the loop sleeps wakes it (SIG-003)", "[core][signals]") {
  default_disposition const usr1{SIGUSR1};
  for (unsigned const workers : {1U, 4U}) {
    skein::run(
        []() -> skein::coro<> {
          auto const called = skein::create_future<>();
          skein::get_running_loop().add_signal_handler(SIGUSR1, [called] { called.try_set_result(); });
          std::thread other{[] { send(SIGUSR1); }};
          co_await called;
          other.join();
        },
        {.workers = workers});
    REQUIRE(usr1.is_back());  // the loop has put it back
  }
}

SKEIN_TEST_CASE("signals: many at once are at least one call, and none is forgotten", "[core][signals]") {
  default_disposition const usr1{SIGUSR1};
  auto& loop = skein::get_running_loop();
  int calls = 0;
  auto seen = skein::create_future<>();
  loop.add_signal_handler(SIGUSR1, [&] {
    ++calls;
    seen.try_set_result();
  });
  for (int i = 0; i < 1000; ++i) {
    ::raise(
        SIGUSR1);  // seen when it returns; what kill sends may reach another thread after the removal below
  }
  co_await seen;
  co_await all_tasks_blocked();
  REQUIRE(calls >= 1);
  REQUIRE(calls <= 1000);
  loop.remove_signal_handler(SIGUSR1);
}

TEST_CASE("signals: what the function throws goes to the exception handler", "[core][signals]") {
  default_disposition const usr1{SIGUSR1};
  std::vector<std::string> messages;
  auto loop = skein::new_event_loop();
  loop->set_exception_handler([&](skein::event_loop& l, skein::exception_context const& c) {
    messages.push_back(c.message);
    l.stop();
  });
  loop->add_signal_handler(SIGUSR1, [] { throw std::runtime_error{"no luck"}; });
  loop->call_soon([] { send(SIGUSR1); });
  loop->run_forever();
  REQUIRE(messages == std::vector<std::string>{"Exception in a signal handler"});
}

TEST_CASE("signals: a closed loop takes none and has put them back", "[core][signals]") {
  default_disposition const usr1{SIGUSR1};
  auto loop = skein::new_event_loop();
  loop->add_signal_handler(SIGUSR1, [] {});
  REQUIRE_FALSE(usr1.is_back());
  loop->close();
  REQUIRE(usr1.is_back());
  REQUIRE_THROWS_AS(loop->add_signal_handler(SIGUSR1, [] {}), skein::loop_closed_error);
}

TEST_CASE("run: SIGINT cancels main, whose clean-up runs, and then throws keyboard_interrupt (RUN-009)",
          "[core][signals]") {
  default_disposition const interrupt{SIGINT};
  for (unsigned const workers : {1U, 4U}) {
    bool cleaned = false;
    auto const main = [&]() -> skein::coro<> {
      bool cancelled = false;
      try {
        skein::get_running_loop().call_soon([] { send(SIGINT); });
        co_await skein::create_future<>();
      } catch (skein::cancelled_error const&) {
        cancelled = true;
      }
      co_await skein::sleep(0s);
      cleaned = cancelled;
      throw skein::cancelled_error{};
    };
    REQUIRE_THROWS_AS(skein::run(main, {.workers = workers}), skein::keyboard_interrupt);
    REQUIRE(cleaned);
    REQUIRE(interrupt.is_back());
  }
}

TEST_CASE("run: SIGINT reaches a main that only yields (RUN-010)", "[core][signals]") {
  default_disposition const interrupt{SIGINT};
  for (unsigned const workers : {1U, 4U}) {
    bool cancelled = false;
    auto const main = [&]() -> skein::coro<> {
      send(SIGINT);
      try {
        for (;;) {
          co_await skein::sleep(0s);
        }
      } catch (skein::cancelled_error const&) {
        cancelled = true;
        throw;
      }
    };
    REQUIRE_THROWS_AS(skein::run(main, {.workers = workers}), skein::keyboard_interrupt);
    REQUIRE(cancelled);
  }
}

TEST_CASE("run: a main that was cancelled by a task before SIGINT ends with the cancellation (RUN-011)",
          "[core][signals]") {
  default_disposition const interrupt{SIGINT};
  auto const main = []() -> skein::coro<> {
    auto const me = skein::current_task();
    auto const other = skein::create_task([me]() -> skein::coro<> {
      me.cancel();
      send(SIGINT);
      co_return;
    });
    co_await skein::sleep(1h);
  };
  REQUIRE_THROWS_AS(skein::run(main, {.workers = 1}), skein::cancelled_error);
}

TEST_CASE("run: a main that goes on after SIGINT returns its value", "[core][signals]") {
  default_disposition const interrupt{SIGINT};
  auto const main = []() -> skein::coro<int> {
    try {
      send(SIGINT);
      co_await skein::sleep(1h);
    } catch (skein::cancelled_error const&) {
      co_return 7;
    }
    co_return 0;
  };
  REQUIRE(skein::run(main, {.workers = 1}) == 7);
}

TEST_CASE("run: a second SIGINT tells the tasks and leaves at once; what is left is cancelled (RUN-012)",
          "[core][signals]") {
  default_disposition const interrupt{SIGINT};
  for (unsigned const workers : {1U, 4U}) {
    std::vector<std::string> lines;
    skein::set_log_sink([&](std::string_view line) { lines.emplace_back(line); });
    int cancels = 0;
    auto const main = [&]() -> skein::coro<> {
      send(SIGINT);
      for (;;) {
        try {
          co_await skein::sleep(1h);
        } catch (skein::cancelled_error const&) {
          if (++cancels == 2) {
            co_return;
          }
          send(SIGINT);
        }
      }
    };
    REQUIRE_THROWS_AS(skein::run(main, {.workers = workers}), skein::keyboard_interrupt);
    skein::set_log_sink(nullptr);
    REQUIRE(cancels == 2);  // by the first SIGINT, and by the end of run
    REQUIRE(lines.size() >= 2);
    REQUIRE(lines.at(0).find("interrupted for the second time") != std::string::npos);
    REQUIRE(lines.at(1).find("Task-") != std::string::npos);
  }
}

TEST_CASE("run: SIGINT is left alone when somebody else handles it, and on other threads",
          "[core][signals]") {
  struct sigaction ignore{};
  ignore.sa_handler = SIG_IGN;
  default_disposition const interrupt{SIGINT};
  ::sigaction(SIGINT, &ignore, nullptr);
  auto const main = []() -> skein::coro<int> {
    send(SIGINT);
    co_await skein::sleep(1ms);
    co_return 3;
  };
  REQUIRE(skein::run(main, {.workers = 1}) == 3);
  REQUIRE_FALSE(interrupt.is_back());
  struct sigaction standard{};
  standard.sa_handler = SIG_DFL;
  ::sigaction(SIGINT, &standard, nullptr);
  std::thread other{[&] {
    skein::run(
        [&]() -> skein::coro<> {
          REQUIRE(interrupt.is_back());
          co_return;
        },
        {.workers = 1});
  }};
  other.join();
}

TEST_CASE("run: a loop that never comes to its next turn can be ended by a second SIGINT",
          "[core][signals]") {
  ::pid_t const child = ::fork();
  if (child == 0) {
    default_disposition const interrupt{SIGINT};
    ::alarm(20);
    skein::run(
        []() -> skein::coro<> {
          send(SIGINT);
          send(SIGINT);
          for (;;) {
            std::this_thread::yield();
          }
          co_return;
        },
        {.workers = 1});
    ::_exit(0);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE(WIFSIGNALED(status));
  REQUIRE(WTERMSIG(status) == SIGINT);
}

TEST_CASE("signals: a child that was forked can run a loop of its own (SIG-004)", "[core][signals]") {
  int status = -1;
  skein::run(
      [&]() -> skein::coro<> {
        ::pid_t const child = ::fork();
        if (child == 0) {
          ::alarm(20);
          std::thread fresh{[] {
            int const n = skein::run(
                []() -> skein::coro<int> {
                  co_await skein::sleep(1ms);
                  co_return 5;
                },
                {.workers = 1});
            ::_exit(n);
          }};
          fresh.join();
          ::_exit(1);
        }
        REQUIRE(::waitpid(child, &status, 0) == child);
        co_await skein::sleep(0s);
      },
      {.workers = 1});
  REQUIRE(WIFEXITED(status));
  REQUIRE(WEXITSTATUS(status) == 5);
}
