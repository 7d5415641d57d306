// SPDX-License-Identifier: Apache-2.0
// traceback_test.cpp: the awaits that an exception passed, in its text.
#include <support/test_case.hpp>

#include <skein/core/create_task.hpp>
#include <skein/core/errors.hpp>
#include <skein/core/exception_group.hpp>
#include <skein/core/future.hpp>
#include <skein/core/gather.hpp>
#include <skein/core/report.hpp>
#include <skein/core/sleep.hpp>
#include <skein/core/task_group.hpp>
#include <skein/core/traceback.hpp>
#include <skein/core/when_all.hpp>
#include <skein/core/with.hpp>

#include <await_trace.hpp>

#include <mutex>
#include <regex>
#include <string>
#include <thread>
#include <vector>

using namespace std::chrono_literals;

namespace {

skein::coro<int> fails_at_once() {
  throw std::runtime_error{"no luck"};
  co_return 0;
}
skein::coro<int> fails_later() {
  co_await skein::sleep(0s);
  throw std::runtime_error{"no luck"};
}
skein::coro<int> fetch(bool later) { co_return later ? co_await fails_later() : co_await fails_at_once(); }
skein::coro<int> load(bool later) { co_return co_await fetch(later); }
skein::coro<int> recurse(int depth) {
  if (depth == 0) {
    throw std::runtime_error{"deep"};
  }
  co_return co_await recurse(depth - 1);
}
template <class T>
skein::coro<int> await_it(T t) {
  co_return co_await t;
}

// Files without their folders and lines without their numbers.
std::string shape(std::string const& text) {
  std::string const files =
      std::regex_replace(text, std::regex{R"re(File "[^"]*/([^"/]*)", line [0-9]+)re"}, "$1");
  return files;
}

template <class A>
skein::coro<std::exception_ptr> error_of(A operation) {
  try {
    co_await std::move(operation);
  } catch (...) {
    co_return std::current_exception();
  }
  co_return nullptr;
}

bool contains(std::string const& text, std::string const& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

SKEIN_TEST_CASE("traceback: an exception shows each await it passed, outermost first", "[core][traceback]") {
  for (bool const later : {false, true}) {
    auto const task = skein::create_task(load(later), {.name = "loader"});
    std::exception_ptr const error = co_await error_of(task);
    REQUIRE(contains(shape(skein::format_exception(error)),
                     "  loader:\n"
                     "    traceback_test.cpp, in load\n"
                     "    traceback_test.cpp, in fetch\n"
                     "std::runtime_error: no luck"));
  }
}

SKEIN_TEST_CASE("traceback: one that crosses tasks shows the awaits of both", "[core][traceback]") {
  auto const inner = skein::create_task(load(true), {.name = "inner"});
  auto const gathers = [inner]() -> skein::coro<> { co_await skein::gather(inner, inner); };
  auto const outer = skein::create_task({.name = "outer"}, gathers);
  std::exception_ptr const error = co_await error_of(outer);
  REQUIRE(contains(shape(skein::format_exception(error)),
                   "<lambda>\n"
                   "  inner:\n"
                   "    traceback_test.cpp, in load\n"
                   "    traceback_test.cpp, in fetch\n"
                   "std::runtime_error: no luck"));
}

SKEIN_TEST_CASE("traceback: a failed task that several await shows the way of the last",
                "[core][traceback]") {
  auto const inner = skein::create_task(load(true), {.name = "inner"});
  auto const one = skein::create_task(await_it(inner), {.name = "one"});
  REQUIRE((co_await error_of(one)) != nullptr);
  auto const two = skein::create_task(await_it(inner), {.name = "two"});
  std::exception_ptr const error = co_await error_of(two);
  std::string const text = skein::format_exception(error);
  REQUIRE(contains(text, "  two:\n"));
  REQUIRE_FALSE(contains(text, "  one:\n"));
  for (int i = 0; i < 200; ++i) {
    REQUIRE((co_await error_of(inner)) == error);
  }
  REQUIRE(skein::detail::trace_of(error).hops.size() < 10);
}

SKEIN_TEST_CASE("traceback: of when_all the branch that failed is shown", "[core][traceback]") {
  auto const both = []() -> skein::coro<> { co_await skein::when_all(load(true), load(true)); };
  auto const task = skein::create_task({.name = "both"}, both);
  std::exception_ptr const error = co_await error_of(task);
  REQUIRE(
      std::regex_search(shape(skein::format_exception(error)),
                        std::regex{"  both:\n    traceback_test.cpp, in .*<lambda>\n"
                                   "    traceback_test.cpp, in load\n    traceback_test.cpp, in fetch\n"}));
}

SKEIN_TEST_CASE("traceback: a group is a tree with the awaits of each member", "[core][traceback]") {
  auto const owner = skein::create_task({.name = "owner"}, []() -> skein::coro<> {
    co_await skein::with(skein::task_group{}, [](skein::task_group& group) -> skein::coro<> {
      group.create_task(load(true), {.name = "child"});
      co_return;
    });
  });
  std::exception_ptr const error = co_await error_of(owner);
  std::string const text = shape(skein::format_exception(error));
  REQUIRE(text.find("  + Traceback (most recent await last):\n") == 0);
  REQUIRE(contains(text, "  |   owner:\n"));
  REQUIRE(contains(text,
                   "  | skein::exception_group: unhandled errors in a TaskGroup (1 sub-exception)\n"
                   "  +-+---------------- 1 ----------------\n"
                   "    | Traceback (most recent await last):\n"
                   "    |   child:\n"
                   "    |     traceback_test.cpp, in load\n"
                   "    |     traceback_test.cpp, in fetch\n"
                   "    | std::runtime_error: no luck\n"
                   "    +------------------------------------"));
}

TEST_CASE("traceback: groups in groups are drawn as CPython draws them", "[core][traceback]") {
  auto const error = [](char const* text) { return std::make_exception_ptr(std::runtime_error{text}); };
  auto const inner = std::make_exception_ptr(skein::exception_group{"inner", {error("b"), error("c")}});
  auto const outer =
      std::make_exception_ptr(skein::exception_group{"outer", {error("a\nA"), inner, error("d")}});
  REQUIRE(skein::format_exception(outer) ==
          "  | skein::exception_group: outer (3 sub-exceptions)\n"
          "  +-+---------------- 1 ----------------\n"
          "    | std::runtime_error: a\n"
          "    | A\n"
          "    +---------------- 2 ----------------\n"
          "    | skein::exception_group: inner (2 sub-exceptions)\n"
          "    +-+---------------- 1 ----------------\n"
          "      | std::runtime_error: b\n"
          "      +---------------- 2 ----------------\n"
          "      | std::runtime_error: c\n"
          "      +------------------------------------\n"
          "    +---------------- 3 ----------------\n"
          "    | std::runtime_error: d\n"
          "    +------------------------------------");
  std::vector<std::exception_ptr> many(20, error("x"));
  REQUIRE(contains(skein::format_exception(std::make_exception_ptr(skein::exception_group{"many", many})),
                   "    +---------------- ... ----------------\n    | and 5 more exceptions\n"));
}

TEST_CASE("traceback: what is no std::exception has its type, a wrapped one its cause", "[core][traceback]") {
  REQUIRE(skein::format_exception(nullptr).empty());
  REQUIRE(skein::format_exception(std::make_exception_ptr(7)) == "int");
  REQUIRE(skein::format_exception(std::make_exception_ptr(skein::cancelled_error{"enough"})) ==
          "skein::cancelled_error: enough");
  REQUIRE(skein::format_exception(
              std::make_exception_ptr(skein::base_exception_group{"g", {std::make_exception_ptr(7)}})) ==
          "  | skein::base_exception_group: g (1 sub-exception)\n"
          "  +-+---------------- 1 ----------------\n"
          "    | int\n"
          "    +------------------------------------");
  std::exception_ptr wrapped;
  try {
    try {
      throw std::runtime_error{"inner"};
    } catch (...) {
      std::throw_with_nested(std::logic_error{"outer"});
    }
  } catch (...) {
    wrapped = std::current_exception();
  }
  REQUIRE(skein::format_exception(wrapped) ==
          "std::runtime_error: inner\n\n"
          "The above exception was the direct cause of the following exception:\n\n"
          "std::logic_error: outer");
}

SKEIN_TEST_CASE("traceback: of a deep recursion the innermost awaits are kept, the others counted",
                "[core][traceback]") {
  std::exception_ptr const error = co_await error_of(skein::create_task(recurse(1000)));
  std::string const text = skein::format_exception(error);
  REQUIRE(contains(text, "more awaits]"));
  REQUIRE(skein::detail::trace_of(error).hops.size() == 64);
  REQUIRE(skein::detail::trace_of(error).left_out >= 937);
}

SKEIN_TEST_CASE("traceback: a cancellation is not traced", "[core][traceback]") {
  auto const task = skein::create_task(await_it(skein::create_future<int>()));
  co_await all_tasks_blocked();
  task.cancel();
  std::exception_ptr const error = co_await error_of(task);
  REQUIRE(skein::detail::trace_of(error).hops.empty());
}

SKEIN_TEST_CASE("traceback: it goes with its exception, whose destructor runs", "[core][traceback]") {
  struct counted {
    explicit counted(std::shared_ptr<int> c) : count{std::move(c)} {}
    std::shared_ptr<int> count;
  };
  auto const alive = std::make_shared<int>(0);
  auto const fail = [alive]() -> skein::coro<int> {
    throw counted{alive};
    co_return 0;
  };
  std::exception_ptr error = co_await error_of(fail());
  REQUIRE(skein::detail::trace_of(error).hops.size() == 1);
  REQUIRE(alive.use_count() > 1);
  long const with_it = alive.use_count();
  error = nullptr;
  REQUIRE(alive.use_count() == with_it - 1);
  // A new exception, perhaps at the same address, begins without awaits.
  for (int i = 0; i < 100; ++i) {
    error = std::make_exception_ptr(std::runtime_error{"new"});
    REQUIRE(skein::format_exception(error) == "std::runtime_error: new");
  }
}

TEST_CASE("traceback: the report of an error that nobody took carries it", "[core][traceback]") {
  std::mutex mutex;
  std::string log;
  skein::set_log_sink([&](std::string_view line) {
    std::lock_guard const guard{mutex};
    log += std::string{line} + "\n";
  });
  skein::run(
      []() -> skein::coro<> {
        static_cast<void>(skein::create_task(load(true), {.name = "lonely"}));
        co_await all_tasks_blocked();
      },
      {.workers = 1});
  skein::set_log_sink(nullptr);
  REQUIRE(contains(log, "Task exception was never retrieved"));
  REQUIRE(contains(shape(log),
                   "Traceback (most recent await last):\n"
                   "  lonely:\n"
                   "    traceback_test.cpp, in load\n"
                   "    traceback_test.cpp, in fetch\n"
                   "std::runtime_error: no luck\n"));
}

TEST_CASE("traceback: one failed task is awaited by many on several workers", "[core][traceback]") {
  skein::run(
      []() -> skein::coro<> {
        auto const failed = skein::create_task(load(true));
        std::vector<skein::task<std::exception_ptr>> tasks;
        for (int i = 0; i < 200; ++i) {
          tasks.push_back(skein::create_task([failed]() -> skein::coro<std::exception_ptr> {
            std::exception_ptr const error = co_await error_of(await_it(failed));
            REQUIRE(skein::format_exception(error).ends_with("std::runtime_error: no luck"));
            co_return error;
          }));
        }
        for (auto const& task : tasks) {
          REQUIRE((co_await task) != nullptr);
        }
      },
      {.workers = 4});
}
