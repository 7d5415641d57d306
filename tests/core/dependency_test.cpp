// SPDX-License-Identifier: Apache-2.0
// dependency_test.cpp: what a wait says about who can end it.
#include <support/test_case.hpp>

#include <skein/core/create_task.hpp>
#include <skein/core/future.hpp>
#include <skein/core/lowlevel/dependency.hpp>

#include <thread>

using skein::lowlevel::dependency;

TEST_CASE("dependency: at first anybody may end the wait, and a holder that nobody knows changes nothing",
          "[core][dependency]") {
  dependency d;
  REQUIRE((d.what() == dependency::kind::anybody));
  d.held_by(0);
  REQUIRE((d.what() == dependency::kind::anybody));
  d.held_by(7);
  REQUIRE((d.what() == dependency::kind::holder));
  REQUIRE(d.holder() == 7);
}

SKEIN_TEST_CASE("dependency: it keeps the future that is awaited", "[core][dependency]") {
  auto f = skein::create_future<int>();
  dependency d;
  d.completed_by(*f.shared_state());
  REQUIRE((d.what() == dependency::kind::future));
  REQUIRE(d.future().get() == f.shared_state());
  f = {};
  REQUIRE_FALSE(d.future()->done());
  co_return;
}

SKEIN_TEST_CASE("dependency: the running task has an id, a thread has none", "[core][dependency]") {
  REQUIRE(skein::lowlevel::running_task_id() == skein::current_task().id());
  std::uint64_t of_thread = 1;
  std::thread{[&] { of_thread = skein::lowlevel::running_task_id(); }}.join();
  REQUIRE(of_thread == 0);
  co_return;
}
