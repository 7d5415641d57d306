// SPDX-License-Identifier: Apache-2.0
// thread_probe_test.cpp: what another thread does, without disturbing it.
#include <support/test_case.hpp>

#include "thread_probe.hpp"

#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <ctime>
#include <stdexcept>

using namespace std::chrono_literals;
using skein::detail::look_at_thread;
using skein::detail::thread_look;

namespace thread_probe_test {

std::atomic<bool> finished{false};

[[gnu::noinline]] void compute(std::atomic<pid_t>& number) {
  number.store(::gettid());
  while (!finished.load()) {
  }
}

}  // namespace thread_probe_test

namespace {

/// A thread and its number, as soon as it has one.
template <class F>
struct numbered_thread {
  explicit numbered_thread(F f) : thread{[this, f] { f(number); }} {
    while (number.load() == 0) {
    }
  }
  ~numbered_thread() { thread.join(); }
  std::atomic<pid_t> number{0};
  std::thread thread;
};

/// Looks again until the look shows it, for ten seconds.
template <class Shows>
thread_look look_until(pid_t thread, Shows shows) {
  auto const until = std::chrono::steady_clock::now() + 10s;
  thread_look look;
  do {
    look = look_at_thread(thread);
  } while (!shows(look) && std::chrono::steady_clock::now() < until);
  return look;
}

bool names(thread_look const& look, std::string const& function) {
  auto const frames = look.stack.frames();
  return std::any_of(frames.begin(), frames.end(),
                     [&](skein::call_frame const& f) { return f.function == function; });
}

[[gnu::noinline]] int throw_deeply(int depth) {
  if (depth == 0) {
    throw std::runtime_error{"deep"};
  }
  return throw_deeply(depth - 1) + 1;
}

}  // namespace

// ThreadSanitizer delivers signals only where a thread calls the C library.
#ifndef __SANITIZE_THREAD__
TEST_CASE("thread_probe: a thread that computes shows its stack", "[core][stall]") {
  thread_probe_test::finished.store(false);
  numbered_thread const other{[](std::atomic<pid_t>& number) { thread_probe_test::compute(number); }};
  thread_look const look = look_until(
      other.number.load(), [](thread_look const& l) { return names(l, "thread_probe_test::compute"); });
  thread_probe_test::finished.store(true);
  REQUIRE_FALSE(look.system_call.has_value());
  REQUIRE(names(look, "thread_probe_test::compute"));
}
#endif

#ifndef __SANITIZE_THREAD__
// Found by stall_stress: a thread interrupted while the unwinder installs the registers of a handler.
TEST_CASE("thread_probe: a thread that throws all the time can be looked at", "[core][stall]") {
  std::atomic<bool> over{false};
  std::atomic<int> caught{0};
  int shown = 0;
  {
    numbered_thread const other{[&](std::atomic<pid_t>& number) {
      number.store(::gettid());
      while (!over.load()) {
        try {
          throw_deeply(8);
        } catch (std::runtime_error const&) {
          caught.fetch_add(1);
        }
      }
    }};
    for (int i = 0; i < 2000; ++i) {
      // On one core it may get to run nothing but the handler, and stay where no stack can be shown.
      for (int const before = caught.load(); shown == 0 && caught.load() == before;) {
        std::this_thread::yield();
      }
      shown += look_at_thread(other.number.load()).stack.empty() ? 0 : 1;
    }
    over.store(true);
  }
  REQUIRE(shown > 0);
}
#endif

TEST_CASE("thread_probe: a sleep is named and not interrupted", "[core][stall]") {
  std::atomic<bool> seen{false};
  std::atomic<int> interrupted{0};
  thread_look look;
  {
    numbered_thread const other{[&](std::atomic<pid_t>& number) {
      number.store(::gettid());
      timespec const nap{.tv_sec = 0, .tv_nsec = 20'000'000};
      while (!seen.load()) {
        interrupted += ::nanosleep(&nap, nullptr) != 0 ? 1 : 0;  // wall clock: the subject of this test
      }
    }};
    look = look_until(other.number.load(), [](thread_look const& l) { return l.system_call.has_value(); });
    seen.store(true);
  }
  REQUIRE(look.system_call.has_value());
  REQUIRE_THAT(skein::detail::name_of_system_call(*look.system_call), Catch::EndsWith("nanosleep"));
  REQUIRE(look.stack.empty());
  REQUIRE(interrupted.load() == 0);
}

TEST_CASE("thread_probe: no signal is sent when the program has a handler for it", "[core][stall]") {
  static std::atomic<int> calls{0};
  calls.store(0);
  struct sigaction theirs{};
  struct sigaction before{};
  theirs.sa_handler = [](int) { ++calls; };
  REQUIRE(::sigaction(SIGURG, &theirs, &before) == 0);
  thread_probe_test::finished.store(false);
  thread_look look;
  {
    numbered_thread const other{[](std::atomic<pid_t>& number) { thread_probe_test::compute(number); }};
    look = look_at_thread(other.number.load());
    thread_probe_test::finished.store(true);
  }
  REQUIRE(::sigaction(SIGURG, &before, nullptr) == 0);
  REQUIRE(look.stack.empty());
  REQUIRE(calls.load() == 0);
}

TEST_CASE("thread_probe: a thread that is gone shows nothing", "[core][stall]") {
  pid_t number = 0;
  std::thread{[&] { number = ::gettid(); }}.join();
  thread_look const look = look_at_thread(number);
  REQUIRE_FALSE(look.system_call.has_value());
  REQUIRE(look.stack.empty());
}

TEST_CASE("thread_probe: system calls have names, or numbers", "[core][stall]") {
  REQUIRE(skein::detail::name_of_system_call(SYS_fsync) == "fsync");
  REQUIRE(skein::detail::name_of_system_call(9999) == "system call 9999");
}
