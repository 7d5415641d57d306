// SPDX-License-Identifier: Apache-2.0
// inbox_test.cpp: the inbox used by one thread: order of arrival, closing, refusing.
#include <support/catch.hpp>

#include <skein/core/lowlevel/inbox.hpp>

#include <array>
#include <type_traits>

using skein::lowlevel::inbox;
using skein::lowlevel::work_item;
using skein::lowlevel::work_list;
using skein::lowlevel::work_ops;

static_assert(!std::is_copy_constructible_v<inbox>);
static_assert(alignof(inbox) == skein::lowlevel::cache_line);

namespace {

constexpr work_ops no_ops{};

struct item : work_item {
  item() : work_item{no_ops} {}
};

}  // namespace

TEST_CASE("inbox: a new one is empty", "[core][inbox]") {
  inbox box;
  work_list list;
  REQUIRE(box.looks_empty());
  REQUIRE(box.take_all(list) == 0);
  REQUIRE(list.empty());
}

TEST_CASE("inbox: items come out in the order they arrived", "[core][inbox]") {
  inbox box;
  work_list list;
  std::array<item, 5> items;
  for (item& i : items) {
    REQUIRE(box.push(i));
    REQUIRE_FALSE(box.looks_empty());
  }
  REQUIRE(box.take_all(list) == 5);
  REQUIRE(box.looks_empty());
  REQUIRE(list.size() == 5);
  for (item& i : items) {
    REQUIRE(list.pop_front() == &i);
  }
}

TEST_CASE("inbox: what is taken goes behind what the list has", "[core][inbox]") {
  inbox box;
  work_list list;
  std::array<item, 3> items;
  list.push_back(items[0]);
  REQUIRE(box.push(items[1]));
  REQUIRE(box.push(items[2]));
  REQUIRE(box.take_all(list) == 2);
  for (item& i : items) {
    REQUIRE(list.pop_front() == &i);
  }
}

TEST_CASE("inbox: an item can be pushed again after it was taken", "[core][inbox]") {
  inbox box;
  work_list list;
  item one;
  for (int round = 0; round < 3; ++round) {
    REQUIRE(box.push(one));
    REQUIRE(box.take_all(list) == 1);
    REQUIRE(list.pop_front() == &one);
    REQUIRE(one.next == nullptr);
  }
}

TEST_CASE("inbox: closing gives back what was accepted, in order", "[core][inbox]") {
  inbox box;
  work_list list;
  std::array<item, 3> items;
  for (item& i : items) {
    REQUIRE(box.push(i));
  }
  REQUIRE(box.close(list) == 3);
  for (item& i : items) {
    REQUIRE(list.pop_front() == &i);
  }
}

TEST_CASE("inbox: a closed one refuses, now and later", "[core][inbox]") {
  inbox box;
  work_list list;
  item late;
  REQUIRE(box.close(list) == 0);
  REQUIRE_FALSE(box.push(late));
  REQUIRE(box.looks_empty());
  REQUIRE(box.take_all(list) == 0);
  REQUIRE_FALSE(box.push(late));
  REQUIRE(list.empty());
}

TEST_CASE("inbox: closing twice is harmless", "[core][inbox]") {
  inbox box;
  work_list list;
  item one;
  REQUIRE(box.push(one));
  REQUIRE(box.close(list) == 1);
  REQUIRE(box.close(list) == 0);
  REQUIRE(list.size() == 1);
  REQUIRE_FALSE(box.push(one));
}
