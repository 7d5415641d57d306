// SPDX-License-Identifier: Apache-2.0
// with_test.cpp: resources are left whatever happens to the body, and whoever cancels meanwhile.
#include <support/test_case.hpp>

#include <skein/core/gather.hpp>
#include <skein/core/sleep.hpp>
#include <skein/core/timeout.hpp>
#include <skein/core/wait_for.hpp>
#include <skein/core/when_all.hpp>
#include <skein/core/with.hpp>

#include <memory>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <vector>

using namespace std::chrono_literals;

namespace {

/// Writes down what is done to it; its exit waits for a future, if there is one.
struct resource {
  std::vector<std::string>* log;
  skein::future<> held = {};
  bool swallows = false;

  skein::coro<> aenter() {
    log->push_back("enter");
    co_return;
  }
  skein::coro<bool> aexit(std::exception_ptr error) {
    log->push_back(error != nullptr ? "exit with error" : "exit");
    if (held) {
      co_await held;
      log->push_back("left");
    }
    co_return swallows;
  }
};

/// A function, not braces: g++ 12 copies a braced temporary of a co_await bit by bit (notes/compilers.md).
resource held_resource(std::vector<std::string>& log, skein::future<> held) {
  return {.log = &log, .held = std::move(held)};
}

/// The least there can be.
struct plain {
  int* left;
  skein::coro<> aenter() { co_return; }
  skein::coro<> aexit(std::exception_ptr) {
    ++*left;
    co_return;
  }
};

using words = std::vector<std::string>;

skein::coro<> for_ever() { co_await skein::sleep(1000h); }

static_assert(skein::async_resource<resource&>);
static_assert(skein::async_resource<skein::timeout_scope>);
static_assert(!skein::async_resource<int>);

}  // namespace

SKEIN_TEST_CASE("with: it returns what the body does, which takes the resource or nothing", "[core][with]") {
  words log;
  resource r{.log = &log};
  REQUIRE(co_await skein::with(r, [](resource& used) -> skein::coro<int> {
            used.log->push_back("body");
            co_return 5;
          }) == 5);
  REQUIRE(log == words{"enter", "body", "exit"});
  int left = 0;
  co_await skein::with(plain{&left}, []() -> skein::coro<> { co_await skein::sleep(0s); });
  REQUIRE(left == 1);
  auto const box = co_await skein::with(
      plain{&left}, []() -> skein::coro<std::unique_ptr<int>> { co_return std::make_unique<int>(2); });
  REQUIRE(*box == 2);
  REQUIRE(&co_await skein::with(plain{&left}, [&left]() -> skein::coro<int&> { co_return left; }) == &left);
}

SKEIN_TEST_CASE("with: an lvalue is used in place, an rvalue is kept with the body", "[core][with]") {
  words log;
  resource here{.log = &log};
  bool same = false;
  co_await skein::with(here, [&](resource& used) -> skein::coro<> {
    same = &used == &here;
    co_return;
  });
  REQUIRE(same);
  auto payload = std::make_shared<int>(1);
  auto entered = skein::with(resource{.log = &log}, [payload](resource&) -> skein::coro<int> {
    co_await skein::sleep(0s);
    co_return *payload;
  });
  REQUIRE(payload.use_count() == 2);
  REQUIRE(co_await std::move(entered) == 1);
  REQUIRE(payload.use_count() == 1);
}

SKEIN_TEST_CASE("with: an error of the body passes through the exit, or is swallowed there", "[core][with]") {
  words log;
  resource r{.log = &log};
  auto const fails = []() -> skein::coro<> {
    co_await skein::sleep(0s);
    throw std::runtime_error{"no luck"};
  };
  REQUIRE_THROWS_WITH(co_await skein::with(r, fails), "no luck");
  REQUIRE(log == words{"enter", "exit with error"});
  r.swallows = true;
  co_await skein::with(r, fails);
  auto const gives_nothing = []() -> skein::coro<int> {
    co_await skein::sleep(0s);
    throw std::runtime_error{"no value"};
  };
  REQUIRE_THROWS_WITH(co_await skein::with(r, gives_nothing), "no value");
}

SKEIN_TEST_CASE("with: an error of entering leaves nothing; one of leaving replaces the body's",
                "[core][with]") {
  struct broken {
    bool at_entry;
    int* left;
    skein::coro<> aenter() {
      co_await skein::sleep(0s);
      if (at_entry) {
        throw std::runtime_error{"enter"};
      }
    }
    skein::coro<bool> aexit(std::exception_ptr) {
      ++*left;
      co_await skein::sleep(0s);
      throw std::runtime_error{"exit"};
    }
  };
  int left = 0;
  bool ran = false;
  auto const body = [&]() -> skein::coro<> {
    ran = true;
    throw std::runtime_error{"body"};
    co_return;
  };
  broken first{true, &left};
  REQUIRE_THROWS_WITH(co_await skein::with(first, body), "enter");
  REQUIRE_FALSE(ran);
  REQUIRE(left == 0);
  broken second{false, &left};
  REQUIRE_THROWS_WITH(co_await skein::with(second, body), "exit");
  REQUIRE(left == 1);
}

SKEIN_TEST_CASE("with: cancelled in the body, and again in the exit: the exit runs to its end",
                "[core][with]") {
  words log;
  auto const held = skein::create_future<>();
  auto const task = skein::create_task([&]() -> skein::coro<> {
    co_await skein::with(held_resource(log, held), []() -> skein::coro<> { co_await skein::sleep(1000h); });
  });
  co_await all_tasks_blocked();
  task.cancel();
  co_await all_tasks_blocked();
  task.cancel();
  task.cancel();
  co_await all_tasks_blocked();
  REQUIRE_FALSE(held.cancelled());
  REQUIRE_FALSE(task.done());
  held.set_result();
  REQUIRE_THROWS_AS(co_await task, skein::cancelled_error);
  REQUIRE(log == words{"enter", "exit with error", "left"});
  REQUIRE(task.cancelling() == 3);
}

SKEIN_TEST_CASE("with: a request that comes during the exit is thrown at the next wait", "[core][with]") {
  for (bool const waits_again : {true, false}) {
    words log;
    auto const held = skein::create_future<>();
    bool thrown = false;
    int value = 0;
    auto const task = skein::create_task([&]() -> skein::coro<int> {
      value = co_await skein::with(held_resource(log, held), []() -> skein::coro<int> { co_return 6; });
      if (waits_again) {
        try {
          co_await skein::sleep(1000h);
        } catch (skein::cancelled_error const&) {
          thrown = true;
          throw;
        }
      }
      co_return 7;
    });
    co_await all_tasks_blocked();
    task.cancel();
    co_await all_tasks_blocked();
    REQUIRE_FALSE(task.done());
    held.set_result();
    REQUIRE_THROWS_AS(co_await task, skein::cancelled_error);
    REQUIRE(value == 6);
    REQUIRE(thrown == waits_again);
    REQUIRE(task.cancelled());
  }
}

SKEIN_TEST_CASE("with: a request that was pending at the exit does not reach it", "[core][with]") {
  words log;
  auto const held = skein::create_future<>();
  auto const task = skein::create_task([&]() -> skein::coro<> {
    co_await skein::with(held_resource(log, held), []() -> skein::coro<> {
      skein::current_task().cancel();
      co_return;
    });
    co_await skein::sleep(1000h);
  });
  co_await all_tasks_blocked();
  REQUIRE_FALSE(held.cancelled());
  held.set_result();
  REQUIRE_THROWS_AS(co_await task, skein::cancelled_error);
  REQUIRE(log == words{"enter", "exit", "left"});
}

SKEIN_TEST_CASE("with: timeouts inside an exit work, also after the task was cancelled", "[core][with]") {
  struct slow_exit {
    bool* timed_out;
    skein::coro<> aenter() { co_return; }
    skein::coro<bool> aexit(std::exception_ptr) {
      try {
        co_await skein::wait_for(skein::sleep(1000h), 5ms);
      } catch (skein::timeout_error const&) {
        *timed_out = true;
      }
      co_return false;
    }
  };
  bool timed_out = false;
  auto const task = skein::create_task([&]() -> skein::coro<> {
    co_await skein::with(slow_exit{&timed_out}, []() -> skein::coro<> { co_await skein::sleep(1000h); });
  });
  co_await all_tasks_blocked();
  task.cancel();
  skein::get_running_loop().call_later(1ms, [task] { task.cancel(); });
  REQUIRE_THROWS_AS(co_await task, skein::cancelled_error);
  REQUIRE(timed_out);
}

SKEIN_TEST_CASE("with: a request from outside waits for all exits, one inside the other", "[core][with]") {
  words log;
  auto const inner_held = skein::create_future<>();
  auto const outer_held = skein::create_future<>();
  auto const task = skein::create_task([&]() -> skein::coro<> {
    co_await skein::with(held_resource(log, outer_held), [&]() -> skein::coro<> {
      co_await skein::with(held_resource(log, inner_held), []() -> skein::coro<> { co_return; });
    });
    co_await skein::sleep(1000h);
  });
  co_await all_tasks_blocked();
  task.cancel();
  inner_held.set_result();
  co_await all_tasks_blocked();
  REQUIRE_FALSE(task.done());
  outer_held.set_result();
  REQUIRE_THROWS_AS(co_await task, skein::cancelled_error);
  REQUIRE(log == words{"enter", "enter", "exit", "left", "exit", "left"});
}

SKEIN_TEST_CASE("with: in branches of when_all each exit is shielded by itself", "[core][with]") {
  words log;
  auto const held = skein::create_future<>();
  auto const branch = [&](skein::future<> wait_for) -> skein::coro<> {
    co_await skein::with(held_resource(log, wait_for),
                         []() -> skein::coro<> { co_await skein::sleep(1000h); });
  };
  auto const task =
      skein::create_task([&]() -> skein::coro<> { co_await skein::when_all(branch(held), for_ever()); });
  co_await all_tasks_blocked();
  task.cancel();
  co_await all_tasks_blocked();
  task.cancel();
  REQUIRE_FALSE(task.done());
  held.set_result();
  REQUIRE_THROWS_AS(co_await task, skein::cancelled_error);
  REQUIRE(log == words{"enter", "exit with error", "left"});
}

SKEIN_TEST_CASE("with: cancelled while it enters, nothing is left", "[core][with]") {
  struct slow_entry {
    int* left;
    skein::coro<> aenter() { co_await skein::sleep(1000h); }
    skein::coro<bool> aexit(std::exception_ptr) {
      ++*left;
      co_return false;
    }
  };
  int left = 0;
  auto const task = skein::create_task([&]() -> skein::coro<> {
    co_await skein::with(slow_entry{&left}, []() -> skein::coro<> { co_return; });
  });
  co_await all_tasks_blocked();
  task.cancel();
  REQUIRE_THROWS_AS(co_await task, skein::cancelled_error);
  REQUIRE(left == 0);
}

SKEIN_TEST_CASE("with: 2,000 deep, exits that wait do not need the stack", "[core][with]") {
  struct nest {
    static skein::coro<int> deep(int n) {
      if (n == 0) {
        co_await skein::sleep(0s);
        co_return 0;
      }
      int left = 0;
      int const below = co_await skein::with(plain{&left}, [n] { return deep(n - 1); });
      co_return below + left;
    }
  };
  REQUIRE(co_await nest::deep(2'000) == 2'000);
}
