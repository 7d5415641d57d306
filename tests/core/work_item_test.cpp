// SPDX-License-Identifier: Apache-2.0
// work_item_test.cpp: running and dropping items, and the list that keeps them in order.
#include <support/catch.hpp>

#include <skein/core/lowlevel/work_item.hpp>

#include <array>
#include <type_traits>

using skein::lowlevel::work_item;
using skein::lowlevel::work_list;
using skein::lowlevel::work_ops;

static_assert(!std::is_copy_constructible_v<work_item>);
static_assert(!std::is_default_constructible_v<work_item>);
static_assert(sizeof(work_item) == 2 * sizeof(void*));

namespace {

struct counting_item : work_item {
  counting_item() : work_item{ops_of_it} {}
  static work_ops const ops_of_it;
  int runs = 0;
  int drops = 0;
};
work_ops const counting_item::ops_of_it{[](work_item& i) noexcept { ++static_cast<counting_item&>(i).runs; },
                                        [](work_item& i) noexcept { ++static_cast<counting_item&>(i).drops; },
                                        nullptr, nullptr, "counting"};

}  // namespace

TEST_CASE("work_item: run and drop call what its table says", "[core][work_item]") {
  counting_item item;
  REQUIRE(item.next == nullptr);
  item.run();
  item.drop();
  item.run();
  REQUIRE(item.runs == 2);
  REQUIRE(item.drops == 1);
  REQUIRE(&item.ops() == &counting_item::ops_of_it);
}

TEST_CASE("work_list: a new one is empty", "[core][work_item]") {
  work_list list;
  REQUIRE(list.empty());
  REQUIRE(list.size() == 0);
  REQUIRE(list.pop_front() == nullptr);
}

TEST_CASE("work_list: first in, first out", "[core][work_item]") {
  work_list list;
  std::array<counting_item, 4> items;
  for (counting_item& i : items) {
    list.push_back(i);
  }
  REQUIRE(list.size() == 4);
  for (counting_item& i : items) {
    REQUIRE_FALSE(list.empty());
    REQUIRE(list.pop_front() == &i);
    REQUIRE(i.next == nullptr);
  }
  REQUIRE(list.empty());
  REQUIRE(list.pop_front() == nullptr);
}

TEST_CASE("work_list: it can be filled again after it was emptied", "[core][work_item]") {
  work_list list;
  counting_item a;
  counting_item b;
  for (int round = 0; round < 3; ++round) {
    list.push_back(a);
    REQUIRE(list.pop_front() == &a);
    list.push_back(b);
    list.push_back(a);
    REQUIRE(list.size() == 2);
    REQUIRE(list.pop_front() == &b);
    REQUIRE(list.pop_front() == &a);
  }
}

TEST_CASE("work_list: an item that was linked elsewhere ends the list it is pushed to", "[core][work_item]") {
  work_list list;
  counting_item a;
  counting_item b;
  a.next = &b;  // left over from another queue
  list.push_back(a);
  REQUIRE(list.pop_front() == &a);
  REQUIRE(list.pop_front() == nullptr);
}
