// SPDX-License-Identifier: Apache-2.0
// frame_block_test.cpp: objects from the frame allocator.
#include <support/catch.hpp>

#include <skein/core/lowlevel/frame_block.hpp>

#include <cstdint>
#include <memory>
#include <thread>
#include <utility>

namespace {

struct small : skein::lowlevel::frame_block {
  int value = 7;
};
struct derived : small {
  char more[100] = {};
};
struct alignas(128) aligned : skein::lowlevel::frame_block {
  int value = 9;
};

static_assert(sizeof(small) == sizeof(int), "the base takes no room");

}  // namespace

#ifndef SKEIN_PLAIN_FRAMES
TEST_CASE("frame_block: an object of the same size gets the block that was freed",
          "[core][frame_allocator]") {
  auto first = std::make_unique<derived>();
  void const* const where = first.get();
  first.reset();
  auto const again = std::make_unique<derived>();
  REQUIRE(again.get() == where);
  REQUIRE(again->value == 7);
}
#endif

TEST_CASE("frame_block: an object may be deleted on another thread", "[core][frame_allocator]") {
  auto object = std::make_unique<small>();
  std::thread{[o = std::move(object)]() mutable { o.reset(); }}.join();
  REQUIRE(object == nullptr);
}

TEST_CASE("frame_block: what is aligned more than a frame is aligned", "[core][frame_allocator]") {
  auto const object = std::make_unique<aligned>();
  REQUIRE(reinterpret_cast<std::uintptr_t>(object.get()) % 128 == 0);
  REQUIRE(object->value == 9);
}
