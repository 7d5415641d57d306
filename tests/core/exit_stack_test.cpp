// SPDX-License-Identifier: Apache-2.0
// exit_stack_test.cpp: resources and functions are left in the reverse order, with the error of the moment.
#include <support/test_case.hpp>

#include <skein/core/exit_stack.hpp>
#include <skein/core/sleep.hpp>

#include <stdexcept>
#include <string>
#include <type_traits>
#include <vector>

using namespace std::chrono_literals;

static_assert(!std::is_copy_constructible_v<skein::exit_stack>);

namespace {

using words = std::vector<std::string>;

std::string text_of(std::exception_ptr const& error) {
  if (error == nullptr) {
    return "nothing";
  }
  try {
    std::rethrow_exception(error);
  } catch (std::exception const& e) {
    return e.what();
  } catch (skein::cancelled_error const&) {
    return "cancelled";
  }
}

struct resource {
  std::string name;
  words* log;
  bool swallows = false;
  skein::coro<> aenter() {
    log->push_back("enter " + name);
    co_await skein::sleep(0s);
  }
  skein::coro<bool> aexit(std::exception_ptr error) {
    log->push_back("exit " + name + " with " + text_of(error));
    co_await skein::sleep(0s);
    co_return swallows;
  }
};

}  // namespace

SKEIN_TEST_CASE("exit_stack: what was entered last is left first", "[core][exit_stack]") {
  words log;
  resource in_place{.name = "b", .log = &log};
  co_await skein::with(skein::exit_stack{}, [&](skein::exit_stack& stack) -> skein::coro<> {
    resource kept{.name = "a", .log = &log};
    co_await stack.enter_async_context(std::move(kept));
    resource& b = co_await stack.enter_async_context(in_place);
    log.push_back(&b == &in_place ? "same" : "other");
    stack.callback([&](int n) { log.push_back("call " + std::to_string(n)); }, 7);
    stack.push_async_callback(
        [&](std::string word) -> skein::coro<> {
          co_await skein::sleep(0s);
          log.push_back(word);
        },
        "async");
  });
  REQUIRE(log == words{"enter a", "enter b", "same", "async", "call 7", "exit b with nothing",
                       "exit a with nothing"});
}

SKEIN_TEST_CASE("exit_stack: each exit sees the error of the moment; one may swallow it",
                "[core][exit_stack]") {
  words log;
  skein::exit_stack stack;
  co_await skein::with(stack, [&](skein::exit_stack& s) -> skein::coro<> {
    resource first{.name = "a", .log = &log};
    resource swallower{.name = "b", .log = &log, .swallows = true};
    co_await s.enter_async_context(std::move(first));
    co_await s.enter_async_context(std::move(swallower));
    s.push_async_exit([&](std::exception_ptr error) -> skein::coro<> {
      log.push_back("told " + text_of(error));
      throw std::runtime_error{"second"};
      co_return;
    });
    log.clear();
    throw std::runtime_error{"first"};
  });
  REQUIRE(log == words{"told first", "exit b with second", "exit a with nothing"});
  REQUIRE_THROWS_WITH(co_await skein::with(skein::exit_stack{},
                                           [](skein::exit_stack& s) -> skein::coro<> {
                                             s.callback([] { throw std::runtime_error{"from the exit"}; });
                                             co_return;
                                           }),
                      "from the exit");
}

SKEIN_TEST_CASE("exit_stack: pop_all moves everything out, aclose leaves it", "[core][exit_stack]") {
  words log;
  skein::exit_stack kept =
      co_await skein::with(skein::exit_stack{}, [&](skein::exit_stack& s) -> skein::coro<skein::exit_stack> {
        resource r{.name = "a", .log = &log};
        co_await s.enter_async_context(std::move(r));
        co_return s.pop_all();
      });
  REQUIRE(log == words{"enter a"});
  co_await kept.aclose();
  REQUIRE(log == words{"enter a", "exit a with nothing"});
  co_await kept.aclose();
  REQUIRE(log.size() == 2);
}

SKEIN_TEST_CASE("exit_stack: a resource that cannot be entered is not left", "[core][exit_stack]") {
  struct broken {
    int* left;
    skein::coro<> aenter() {
      throw std::runtime_error{"enter"};
      co_return;
    }
    skein::coro<> aexit(std::exception_ptr) {
      ++*left;
      co_return;
    }
  };
  int left = 0;
  REQUIRE_THROWS_WITH(co_await skein::with(skein::exit_stack{},
                                           [&](skein::exit_stack& s) -> skein::coro<> {
                                             broken b{&left};
                                             co_await s.enter_async_context(b);
                                           }),
                      "enter");
  REQUIRE(left == 0);
}

SKEIN_TEST_CASE("exit_stack: cancelled while a resource is entered, those entered before are left",
                "[core][exit_stack]") {
  struct slow {
    skein::coro<> aenter() { co_await skein::sleep(1000h); }
    skein::coro<> aexit(std::exception_ptr) { co_return; }
  };
  words log;
  auto const task = skein::create_task([&]() -> skein::coro<> {
    co_await skein::with(skein::exit_stack{}, [&](skein::exit_stack& s) -> skein::coro<> {
      resource r{.name = "a", .log = &log};
      co_await s.enter_async_context(std::move(r));
      slow never;
      co_await s.enter_async_context(never);
    });
  });
  co_await all_tasks_blocked();
  task.cancel();
  REQUIRE_THROWS_AS(co_await task, skein::cancelled_error);
  REQUIRE(log == words{"enter a", "exit a with cancelled"});
}

SKEIN_TEST_CASE("exit_stack: cancelled, every exit still runs to its end, also when cancelled again",
                "[core][exit_stack]") {
  words log;
  auto const held = skein::create_future<>();
  auto const entering = skein::create_future<>();
  auto const task = skein::create_task([&]() -> skein::coro<> {
    co_await skein::with(skein::exit_stack{}, [&](skein::exit_stack& s) -> skein::coro<> {
      resource r{.name = "a", .log = &log};
      co_await s.enter_async_context(std::move(r));
      s.push_async_callback([&, held]() -> skein::coro<> {
        co_await held;
        log.push_back("held");
      });
      co_await entering;
    });
  });
  co_await all_tasks_blocked();
  task.cancel();
  co_await all_tasks_blocked();
  task.cancel();
  co_await all_tasks_blocked();
  REQUIRE_FALSE(task.done());
  held.set_result();
  REQUIRE_THROWS_AS(co_await task, skein::cancelled_error);
  REQUIRE(log == words{"enter a", "held", "exit a with cancelled"});
}
