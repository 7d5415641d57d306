// SPDX-License-Identifier: Apache-2.0
// fork_deque_test.cpp: the fork deque used by one thread: who gets which entry, when it is full, wrap-around.
#include <support/catch.hpp>

#include <skein/core/lowlevel/fork_deque.hpp>

#include <array>
#include <type_traits>
#include <utility>

using skein::lowlevel::basic_fork_deque;
using skein::lowlevel::fork_deque;

static_assert(!std::is_copy_constructible_v<fork_deque>);
static_assert(noexcept(std::declval<fork_deque&>().steal()));

namespace {

std::array<int, 64> entries;
void* entry(int i) { return &entries.at(static_cast<std::size_t>(i)); }

/// Forks n entries, the first of which is entry(first).
template <class Deque>
typename Deque::index fork(Deque& deque, int first, int n) {
  auto const mark = deque.mark();
  for (int i = 0; i < n; ++i) {
    deque.put(mark + i, entry(first + i));
  }
  static_cast<void>(deque.publish(mark + n));
  return mark;
}

/// The same, and all of it for thieves.
template <class Deque>
typename Deque::index offer(Deque& deque, int first, int n) {
  auto const mark = fork(deque, first, n);
  deque.expose(true);
  return mark;
}

}  // namespace

TEST_CASE("fork_deque: a new one is empty and has its whole capacity", "[core][fork_deque]") {
  basic_fork_deque<8> deque;
  REQUIRE(deque.looks_empty());
  REQUIRE(deque.steal() == nullptr);
  REQUIRE(deque.mark() == 0);
  REQUIRE(deque.room(0, 8));
  REQUIRE_FALSE(deque.room(0, 9));
}

TEST_CASE("fork_deque: what was put is invisible to thieves until it is published", "[core][fork_deque]") {
  basic_fork_deque<8> deque;
  deque.put(0, entry(0));
  REQUIRE(deque.looks_empty());
  REQUIRE(deque.steal() == nullptr);
  REQUIRE(deque.publish(1));
  REQUIRE_FALSE(deque.looks_empty());
  REQUIRE(deque.steal() == entry(0));
}

TEST_CASE("fork_deque: of the outermost fork thieves see all, of inner ones nothing", "[core][fork_deque]") {
  basic_fork_deque<8> deque;
  static_cast<void>(fork(deque, 0, 2));
  static_cast<void>(fork(deque, 2, 1));  // right behind what is public
  static_cast<void>(fork(deque, 3, 1));  // inside that
  REQUIRE(deque.steal() == entry(0));
  REQUIRE(deque.steal() == entry(1));
  REQUIRE(deque.looks_empty());
  REQUIRE(deque.steal() == nullptr);
}

TEST_CASE("fork_deque: the owner exposes half of what is private, or all", "[core][fork_deque]") {
  basic_fork_deque<8> deque;
  static_cast<void>(fork(deque, 0, 1));  // public
  static_cast<void>(fork(deque, 1, 5));  // private
  deque.expose(false);                   // three more are public
  for (int i = 0; i < 4; ++i) {
    REQUIRE(deque.steal() == entry(i));
  }
  REQUIRE(deque.steal() == nullptr);
  deque.expose(true);
  REQUIRE(deque.steal() == entry(4));
  REQUIRE(deque.steal() == entry(5));
  deque.expose(true);
  REQUIRE(deque.looks_empty());
}

TEST_CASE("fork_deque: without thieves nothing is ever public", "[core][fork_deque]") {
  basic_fork_deque<8> deque{basic_fork_deque<8>::thieves::none};
  auto const mark = deque.mark();
  deque.put(mark, entry(0));
  REQUIRE_FALSE(deque.publish(mark + 1));
  deque.expose(true);
  REQUIRE(deque.steal() == nullptr);
  REQUIRE(deque.pop(mark));
  REQUIRE(deque.room(deque.mark(), 8));
  REQUIRE_FALSE(deque.room(deque.mark(), 9));
}

TEST_CASE("fork_deque: the owner takes back what nobody stole, newest first", "[core][fork_deque]") {
  basic_fork_deque<8> deque;
  auto const mark = fork(deque, 0, 3);
  REQUIRE(deque.pop(mark + 2));
  REQUIRE(deque.pop(mark + 1));
  REQUIRE(deque.pop(mark));
  REQUIRE(deque.looks_empty());
  REQUIRE(deque.steal() == nullptr);
}

TEST_CASE("fork_deque: the owner takes back what it had exposed, half at a time", "[core][fork_deque]") {
  basic_fork_deque<8> deque;
  auto const mark = offer(deque, 0, 8);
  REQUIRE(deque.pop(mark + 7));  // 4 to 7 are private again
  for (int i = 0; i < 4; ++i) {
    REQUIRE(deque.steal() == entry(i));
  }
  REQUIRE(deque.steal() == nullptr);
  for (int i = 6; i >= 4; --i) {
    REQUIRE(deque.pop(mark + i));
  }
  REQUIRE_FALSE(deque.pop(mark + 3));
}

TEST_CASE("fork_deque: thieves take the oldest first", "[core][fork_deque]") {
  basic_fork_deque<8> deque;
  static_cast<void>(offer(deque, 0, 4));
  for (int i = 0; i < 4; ++i) {
    REQUIRE(deque.steal() == entry(i));
  }
  REQUIRE(deque.steal() == nullptr);
}

TEST_CASE("fork_deque: a pop fails exactly for what was stolen", "[core][fork_deque]") {
  basic_fork_deque<8> deque;
  auto const mark = offer(deque, 0, 4);
  REQUIRE(deque.steal() == entry(0));
  REQUIRE(deque.steal() == entry(1));
  REQUIRE(deque.pop(mark + 3));
  REQUIRE(deque.pop(mark + 2));
  REQUIRE_FALSE(deque.pop(mark + 1));
  REQUIRE_FALSE(deque.pop(mark));
}

TEST_CASE("fork_deque: after a failed pop it is empty and later entries are not lost (I3)",
          "[core][fork_deque]") {
  basic_fork_deque<8> deque;
  auto const first = offer(deque, 0, 2);
  REQUIRE(deque.steal() == entry(0));
  REQUIRE(deque.steal() == entry(1));
  REQUIRE_FALSE(deque.pop(first + 1));
  REQUIRE(deque.looks_empty());
  REQUIRE(deque.mark() == first + 2);

  auto const second = fork(deque, 2, 2);
  REQUIRE(deque.steal() == entry(2));
  REQUIRE(deque.pop(second + 1));
  REQUIRE_FALSE(deque.pop(second));
  REQUIRE(deque.mark() == second + 1);
}

TEST_CASE("fork_deque: the owner can take the last entry, and the next fork begins in its place",
          "[core][fork_deque]") {
  basic_fork_deque<8> deque;
  auto const mark = fork(deque, 0, 1);
  REQUIRE(deque.pop(mark));
  REQUIRE(deque.steal() == nullptr);
  auto const next = fork(deque, 1, 1);
  REQUIRE(next == mark);
  REQUIRE(deque.steal() == entry(1));
  REQUIRE_FALSE(deque.pop(next));
}

TEST_CASE("fork_deque: forks in forks are taken back in the opposite order", "[core][fork_deque]") {
  basic_fork_deque<8> deque;
  auto const outer = fork(deque, 0, 2);
  auto const inner = fork(deque, 2, 2);
  REQUIRE(inner == outer + 2);
  REQUIRE(deque.steal() == entry(0));
  REQUIRE(deque.pop(inner + 1));
  REQUIRE(deque.pop(inner));
  REQUIRE(deque.pop(outer + 1));
  REQUIRE_FALSE(deque.pop(outer));
}

TEST_CASE("fork_deque: room counts what thieves have taken", "[core][fork_deque]") {
  basic_fork_deque<8> deque;
  static_cast<void>(fork(deque, 0, 8));
  REQUIRE_FALSE(deque.room(deque.mark(), 1));
  REQUIRE(deque.room(deque.mark(), 0));
  REQUIRE(deque.steal() == entry(0));
  REQUIRE(deque.room(deque.mark(), 1));
  REQUIRE_FALSE(deque.room(deque.mark(), 2));
}

TEST_CASE("fork_deque: a full one wraps around without losing the order", "[core][fork_deque]") {
  basic_fork_deque<8> deque;
  static_cast<void>(offer(deque, 0, 8));
  for (int i = 0; i < 32; ++i) {
    REQUIRE(deque.steal() == entry(i));
    REQUIRE(deque.room(deque.mark(), 1));
    static_cast<void>(offer(deque, i + 8, 1));
  }
  for (int i = 32; i < 40; ++i) {
    REQUIRE(deque.steal() == entry(i));
  }
  REQUIRE(deque.looks_empty());
}

TEST_CASE("fork_deque: indices go on past what the shared word holds of them", "[core][fork_deque]") {
  basic_fork_deque<8> deque;
  for (int i = 0; i < 200'000; ++i) {
    auto const mark = fork(deque, i % 64, 1);
    if (i % 3 == 0) {
      REQUIRE(deque.pop(mark));
    } else {
      REQUIRE(deque.steal() == entry(i % 64));
      REQUIRE_FALSE(deque.pop(mark));
    }
  }
}

TEST_CASE("fork_deque: the capacity may be one", "[core][fork_deque]") {
  basic_fork_deque<1> deque;
  for (int i = 0; i < 10; ++i) {
    REQUIRE(deque.room(deque.mark(), 1));
    auto const mark = fork(deque, i, 1);
    REQUIRE_FALSE(deque.room(deque.mark(), 1));
    if (i % 2 == 0) {
      REQUIRE(deque.pop(mark));
    } else {
      REQUIRE(deque.steal() == entry(i));
      REQUIRE_FALSE(deque.pop(mark));
    }
  }
}
