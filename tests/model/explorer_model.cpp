// SPDX-License-Identifier: Apache-2.0
// explorer_model.cpp: the explorer finds what it should, and all of it.
#include <support/catch.hpp>

#include <model/explorer.hpp>

#include <set>
#include <stdexcept>

namespace {

constexpr auto relaxed = std::memory_order_relaxed;

model::scenario increments(std::set<int>& sums) {
  auto counter = std::make_shared<model::atomic<int>>(0);
  auto const add = [counter] { counter->store(counter->load(relaxed) + 1, relaxed); };
  return {{add, add}, [counter, &sums] { sums.insert(counter->load(relaxed)); }};
}

}  // namespace

TEST_CASE("explorer: finds the lost update of two plain increments", "[model]") {
  std::set<int> sums;
  auto const r = model::explore([&] { return increments(sums); }, 1);
  REQUIRE(r.fault.empty());
  REQUIRE(sums == std::set<int>{1, 2});
}

TEST_CASE("explorer: without preemptions threads run one after the other", "[model]") {
  std::set<int> sums;
  auto const r = model::explore([&] { return increments(sums); }, 0);
  REQUIRE(sums == std::set<int>{2});
  REQUIRE(r.schedules == 2);
}

TEST_CASE("explorer: tries every interleaving of two threads with three steps each", "[model]") {
  std::set<std::string> orders;
  auto const r = model::explore(
      [&] {
        auto order = std::make_shared<std::string>();
        auto cell = std::make_shared<model::atomic<int>>(0);
        auto const thread = [order, cell](char name) {
          return [order, cell, name] {
            for (int i = 0; i < 3; ++i) {
              static_cast<void>(cell->load(relaxed));
              *order += name;
            }
          };
        };
        return model::scenario{{thread('a'), thread('b')}, [order, &orders] { orders.insert(*order); }};
      },
      6);
  REQUIRE(orders.size() == 20);  // 6! / (3! 3!)
  REQUIRE(r.schedules >= 20);
}

TEST_CASE("explorer: tells the schedule that led to a fault", "[model]") {
  auto const r = model::explore(
      [] {
        auto flag = std::make_shared<model::atomic<bool>>(false);
        return model::scenario{{[flag] { flag->store(true, relaxed); },
                                [flag] {
                                  if (flag->load(relaxed)) {
                                    throw std::runtime_error{"seen"};
                                  }
                                }}};
      },
      2);
  REQUIRE(r.fault.find("seen; schedule: ") == 0);
}
