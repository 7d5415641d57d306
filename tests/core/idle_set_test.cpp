// SPDX-License-Identifier: Apache-2.0
// idle_set_test.cpp: the transitions between running, searching and parked, and who is woken.
#include <support/catch.hpp>

#include "idle_set.hpp"

#include <type_traits>

using skein::detail::idle_set;

static_assert(!std::is_copy_constructible_v<idle_set>);

TEST_CASE("idle_set: at first all workers run and nobody can be woken", "[core][idle_set]") {
  idle_set idle{4};
  REQUIRE(idle.unparked_now() == 4);
  REQUIRE_FALSE(idle.anyone_parked());
  REQUIRE_FALSE(idle.should_notify());
  REQUIRE_FALSE(idle.take_sleeper().has_value());
}

TEST_CASE("idle_set: a sleeper is taken out once, and then counts as searching", "[core][idle_set]") {
  idle_set idle{4};
  idle.park(2, false);
  REQUIRE(idle.anyone_parked());
  REQUIRE(idle.unparked_now() == 3);
  REQUIRE(idle.should_notify());

  REQUIRE(idle.take_sleeper() == 2U);
  REQUIRE(idle.unparked_now() == 4);
  REQUIRE_FALSE(idle.unpark(2));
  REQUIRE(idle.stop_searching());
}

TEST_CASE("idle_set: nobody is woken while somebody searches", "[core][idle_set]") {
  idle_set idle{4};
  idle.park(0, false);
  idle.park(1, false);
  REQUIRE(idle.start_searching());
  REQUIRE_FALSE(idle.should_notify());
  REQUIRE_FALSE(idle.take_sleeper().has_value());
  REQUIRE(idle.stop_searching());
  REQUIRE(idle.should_notify());
  REQUIRE(idle.take_sleeper().has_value());
  // The one that was woken searches: the next has to wait.
  REQUIRE_FALSE(idle.take_sleeper().has_value());
}

TEST_CASE("idle_set: at most half of the workers search", "[core][idle_set]") {
  unsigned const workers = GENERATE(1U, 2U, 3U, 4U, 5U, 16U);
  idle_set idle{workers};
  unsigned searching = 0;
  while (idle.start_searching()) {
    ++searching;
    REQUIRE(searching <= workers);
  }
  REQUIRE(searching == (workers + 1) / 2);
  for (unsigned i = searching; i > 0; --i) {
    REQUIRE(idle.stop_searching() == (i == 1));
  }
  REQUIRE(idle.start_searching());
}

TEST_CASE("idle_set: who parks from searching counts as neither", "[core][idle_set]") {
  idle_set idle{2};
  REQUIRE(idle.start_searching());
  REQUIRE_FALSE(idle.start_searching());
  idle.park(1, true);
  REQUIRE(idle.unparked_now() == 1);
  REQUIRE(idle.should_notify());
  REQUIRE(idle.start_searching());
}

TEST_CASE("idle_set: who wakes up by itself does not count as searching", "[core][idle_set]") {
  idle_set idle{4};
  idle.park(3, false);
  REQUIRE(idle.unpark(3));
  REQUIRE(idle.unparked_now() == 4);
  REQUIRE_FALSE(idle.anyone_parked());
  idle.park(3, false);
  REQUIRE(idle.should_notify());  // nobody searches
}

TEST_CASE("idle_set: of several sleepers each is taken once, whatever left between", "[core][idle_set]") {
  idle_set idle{4};
  for (unsigned i = 0; i < 4; ++i) {
    idle.park(i, false);
  }
  REQUIRE(idle.unparked_now() == 0);
  REQUIRE(idle.unpark(1));
  unsigned taken = 0;
  for (int i = 0; i < 3; ++i) {
    auto const id = idle.take_sleeper();
    REQUIRE(id.has_value());
    REQUIRE((taken & (1U << *id)) == 0U);
    taken |= 1U << *id;
    REQUIRE(idle.stop_searching());
  }
  REQUIRE(taken == 0b1101U);
  REQUIRE(idle.unparked_now() == 4);
  REQUIRE_FALSE(idle.take_sleeper().has_value());
}

TEST_CASE("idle_set: 1024 workers fit into the word", "[core][idle_set]") {
  constexpr unsigned workers = 1024;
  idle_set idle{workers};
  unsigned searching = 0;
  while (idle.start_searching()) {
    ++searching;
  }
  REQUIRE(searching == workers / 2);
  for (unsigned i = 0; i < workers; ++i) {
    idle.park(i, i < searching);
  }
  REQUIRE(idle.unparked_now() == 0);
  for (unsigned i = 0; i < workers; ++i) {
    REQUIRE(idle.take_sleeper().has_value());
    REQUIRE(idle.stop_searching());
  }
  REQUIRE(idle.unparked_now() == workers);
}
