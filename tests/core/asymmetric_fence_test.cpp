// SPDX-License-Identifier: Apache-2.0
// asymmetric_fence_test.cpp: of two threads that store and then load, one sees the other.
#include <support/catch.hpp>
#include <support/two_in_step.hpp>

#include <skein/core/lowlevel/asymmetric_fence.hpp>

#include <thread>

using namespace skein::lowlevel;
using skein_test::two_in_step;

namespace {

struct alignas(cache_line) cell {
  atomic<int> value{0};
};

// How often neither saw the other's store.
int rounds_where_both_missed(asymmetric_fence const& fence, int rounds) {
  cell frequent;
  cell rare;
  two_in_step step;
  int seen_by_rare = 0;
  int missed = 0;
  std::thread other{[&] {
    for (int round = 0; round < rounds; ++round) {
      step.arrive();
      rare.value.store(round + 1, memory_order_relaxed);
      fence.heavy();
      seen_by_rare = frequent.value.load(memory_order_relaxed);
      step.arrive();
    }
  }};
  for (int round = 0; round < rounds; ++round) {
    step.arrive();
    frequent.value.store(round + 1, memory_order_relaxed);
    fence.light();
    int const seen = rare.value.load(memory_order_relaxed);
    step.arrive();
    missed += seen <= round && seen_by_rare <= round ? 1 : 0;
  }
  other.join();
  return missed;
}

}  // namespace

TEST_CASE("asymmetric_fence: of a store and a load on each side, one load sees the other's store",
          "[core][asymmetric_fence]") {
  REQUIRE(rounds_where_both_missed(asymmetric_fence::of_process(), 100'000) == 0);
}

TEST_CASE("asymmetric_fence: the same with full fences, where the kernel makes no heavy ones",
          "[core][asymmetric_fence]") {
  REQUIRE(rounds_where_both_missed(asymmetric_fence{false}, 100'000) == 0);
}
