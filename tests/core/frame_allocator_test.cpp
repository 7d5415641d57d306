// SPDX-License-Identifier: Apache-2.0
// frame_allocator_test.cpp: blocks of every size, reuse, the cap of a thread's list, blocks that move between
// threads.
#include <support/catch.hpp>

#include <skein/core/coro.hpp>
#include <skein/core/lowlevel/frame_allocator.hpp>

#include <array>
#include <cstdint>
#include <cstring>
#include <set>
#include <thread>
#include <type_traits>
#include <vector>

using skein::lowlevel::allocate_frame;
using skein::lowlevel::frame_bytes_max;
using skein::lowlevel::frame_cache;
using skein::lowlevel::frame_classes;
using skein::lowlevel::frame_step;
using skein::lowlevel::free_frame;

static_assert(frame_bytes_max == 2048);
static_assert(!std::is_copy_constructible_v<frame_cache>);

namespace {

constexpr std::size_t cap = 256;    // what a thread keeps of one size
constexpr std::size_t batch = 128;  // what it gives away when it has more

bool aligned(void const* p) {
  return reinterpret_cast<std::uintptr_t>(p) % __STDCPP_DEFAULT_NEW_ALIGNMENT__ == 0;
}

/// Fills a cache until it refuses.
///
/// Returns     How many it took; the others stay in `blocks`.
std::size_t give_until_full(frame_cache& cache, std::size_t index, std::vector<void*>& blocks) {
  std::size_t count = 0;
  while (!blocks.empty() && cache.give(blocks.back(), index)) {
    blocks.pop_back();
    ++count;
  }
  return count;
}

}  // namespace

TEST_CASE("frame_allocator: every size gives aligned memory of its own", "[core][frame_allocator]") {
  std::vector<std::pair<unsigned char*, std::size_t>> blocks;
  for (std::size_t size = 1; size <= frame_bytes_max + 100; ++size) {
    auto* const p = static_cast<unsigned char*>(allocate_frame(size));
    std::memset(p, static_cast<int>(size % 251), size);
    blocks.emplace_back(p, size);
  }
  bool all_aligned = true;
  bool untouched = true;
  for (auto const& [p, size] : blocks) {
    all_aligned = all_aligned && aligned(p);
    for (std::size_t i = 0; i < size; ++i) {
      untouched = untouched && p[i] == size % 251;
    }
    free_frame(p, size);
  }
  REQUIRE(all_aligned);
  REQUIRE(untouched);
}

TEST_CASE("frame_allocator: large sizes are taken from operator new", "[core][frame_allocator]") {
  for (std::size_t const size : {frame_bytes_max, frame_bytes_max + 1, std::size_t{1} << 20}) {
    void* const p = allocate_frame(size);
    std::memset(p, 1, size);
    REQUIRE(aligned(p));
    free_frame(p, size);
  }
}

#ifndef SKEIN_PLAIN_FRAMES
TEST_CASE("frame_allocator: a freed block is the next one of its size class", "[core][frame_allocator]") {
  for (std::size_t const size : {std::size_t{1}, std::size_t{32}, std::size_t{33}, std::size_t{200},
                                 frame_bytes_max - 1, frame_bytes_max}) {
    void* const p = allocate_frame(size);
    free_frame(p, size);
    std::size_t const rounded = (size + frame_step - 1) / frame_step * frame_step;
    void* const again = allocate_frame(rounded);
    REQUIRE(again == p);
    free_frame(again, rounded);
  }
}

TEST_CASE("frame_allocator: a block freed on another thread is used again", "[core][frame_allocator]") {
  constexpr std::size_t size = 1952;
  void* const p = allocate_frame(size);
  std::thread{[p] { free_frame(p, size); }}.join();
  // The thread gave its blocks to the central list when it ended. Who has none of that size asks there first.
  std::vector<void*> taken;
  bool found = false;
  while (!found && taken.size() < 100'000) {
    taken.push_back(allocate_frame(size));
    found = taken.back() == p;
  }
  for (void* const t : taken) {
    free_frame(t, size);
  }
  REQUIRE(found);
}

TEST_CASE("frame_allocator: what a thread frees beyond its cap another thread gets",
          "[core][frame_allocator]") {
  constexpr std::size_t size = 1920;
  constexpr std::size_t count = 2 * cap;
  std::set<void*> given;
  for (std::size_t i = 0; i < count; ++i) {
    given.insert(allocate_frame(size));
  }
  REQUIRE(given.size() == count);
  for (void* const p : given) {
    free_frame(p, size);
  }
  std::size_t known = 0;
  std::thread{[&] {
    std::vector<void*> taken;
    for (std::size_t i = 0; i < batch; ++i) {
      taken.push_back(allocate_frame(size));
      known += given.count(taken.back());
    }
    for (void* const p : taken) {
      free_frame(p, size);
    }
  }}.join();
  REQUIRE(known == batch);
}

TEST_CASE("frame_allocator: a coroutine that never runs gives its frame back", "[core][frame_allocator]") {
  auto const make = [](int n) -> skein::coro<int> { co_return n; };
  void const* before = nullptr;
  {
    auto const c = make(1);
    before = *reinterpret_cast<void* const*>(&c);  // a coro is its handle
  }
  auto const c = make(2);
  REQUIRE(*reinterpret_cast<void* const*>(&c) == before);
}
#endif

TEST_CASE("frame_cache: a new one has nothing, refill brings the first block", "[core][frame_allocator]") {
  frame_cache cache;
  for (std::size_t index = 0; index < frame_classes; ++index) {
    REQUIRE(cache.take(index) == nullptr);
    void* const p = cache.refill(index);
    REQUIRE(p != nullptr);
    std::memset(p, 0xff, (index + 1) * frame_step);
    REQUIRE(cache.give(p, index));
    REQUIRE(cache.take(index) == p);
    REQUIRE(cache.give(p, index));
  }
  cache.flush_all();
}

TEST_CASE("frame_cache: the one of a thread without a state refuses everything", "[core][frame_allocator]") {
  frame_cache cache{frame_cache::none};
  alignas(16) std::array<char, 64> memory;
  for (std::size_t index = 0; index < frame_classes; ++index) {
    REQUIRE(cache.take(index) == nullptr);
    REQUIRE_FALSE(cache.give(memory.data(), index));
  }
}

TEST_CASE("frame_cache: blocks come back newest first", "[core][frame_allocator]") {
  frame_cache cache;
  void* const a = cache.refill(60);
  std::vector<void*> blocks;
  for (int i = 0; i < 10; ++i) {
    void* p = cache.take(60);
    blocks.push_back(p != nullptr ? p : cache.refill(60));
  }
  for (void* const p : blocks) {
    REQUIRE(cache.give(p, 60));
  }
  REQUIRE(cache.give(a, 60));
  REQUIRE(cache.take(60) == a);
  for (std::size_t i = blocks.size(); i > 0; --i) {
    REQUIRE(cache.take(60) == blocks[i - 1]);
  }
  for (void* const p : blocks) {
    REQUIRE(cache.give(p, 60));
  }
  REQUIRE(cache.give(a, 60));
  cache.flush_all();
}

TEST_CASE("frame_cache: a full list refuses, and a flush gives a batch to others",
          "[core][frame_allocator]") {
  constexpr std::size_t index = 61;
  frame_cache cache;
  std::vector<void*> blocks;
  for (std::size_t i = 0; i < cap + 1; ++i) {
    void* const p = cache.take(index);
    blocks.push_back(p != nullptr ? p : cache.refill(index));
  }
  // Keep only our own: what came along from the central list goes back to it.
  while (void* const p = cache.take(index)) {
    blocks.push_back(p);
  }
  std::set<void*> const ours(blocks.begin(), blocks.end());
  REQUIRE(ours.size() == blocks.size());
  REQUIRE(give_until_full(cache, index, blocks) == cap);
  REQUIRE_FALSE(blocks.empty());

  cache.flush(index);
  REQUIRE(give_until_full(cache, index, blocks) >= 1);

  frame_cache other;
  REQUIRE(other.take(index) == nullptr);
  std::size_t got = 0;
  void* p = other.refill(index);  // the newest batch
  std::vector<void*> theirs;
  while (p != nullptr) {
    got += ours.count(p);
    theirs.push_back(p);
    p = other.take(index);
  }
  REQUIRE(got == batch);
  REQUIRE(theirs.size() == batch);
  for (void* const t : theirs) {
    REQUIRE(other.give(t, index));
  }
  other.flush_all();
  while (!blocks.empty()) {
    cache.flush(index);
    REQUIRE(give_until_full(cache, index, blocks) >= 1);
  }
  cache.flush_all();
}

TEST_CASE("frame_cache: flush_all leaves nothing behind", "[core][frame_allocator]") {
  frame_cache cache;
  for (std::size_t index = 0; index < frame_classes; ++index) {
    std::vector<void*> blocks;
    for (std::size_t i = 0; i < 1 + index * 4; ++i) {  // from one block to nearly the cap
      void* const p = cache.take(index);
      blocks.push_back(p != nullptr ? p : cache.refill(index));
    }
    for (;;) {
      static_cast<void>(give_until_full(cache, index, blocks));
      if (blocks.empty()) {
        break;
      }
      cache.flush(index);  // what refill brought was more than we asked for
    }
  }
  cache.flush_all();
  for (std::size_t index = 0; index < frame_classes; ++index) {
    REQUIRE(cache.take(index) == nullptr);
  }
  cache.flush_all();
}
