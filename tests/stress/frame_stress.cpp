// SPDX-License-Identifier: Apache-2.0
// frame_stress.cpp: frames that are allocated on one thread and freed on another.
#include <support/catch.hpp>

#include <skein/core/coro.hpp>
#include <skein/core/lowlevel/frame_allocator.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <random>
#include <set>
#include <thread>
#include <utility>
#include <vector>

namespace {

using skein::lowlevel::allocate_frame;
using skein::lowlevel::frame_bytes_max;
using skein::lowlevel::free_frame;

/// A block full of one byte.
struct filled_block {
  unsigned char* memory = nullptr;
  std::size_t size = 0;
  unsigned char mark = 0;

  static filled_block make(std::size_t size, unsigned char mark) {
    auto* const memory = static_cast<unsigned char*>(allocate_frame(size));
    std::memset(memory, mark, size);
    return {memory, size, mark};
  }
  /// Returns     Whether nobody else wrote to it.
  [[nodiscard]] bool free() const {
    bool const whole = std::all_of(memory, memory + size, [this](unsigned char c) { return c == mark; });
    free_frame(memory, size);
    return whole;
  }
};

/// Hands things from one thread to another, a bounded number at a time.
template <class T>
class channel {
 public:
  void put(std::vector<T> things) {
    std::unique_lock guard{mutex_};
    changed_.wait(guard, [this] { return things_.empty(); });
    things_ = std::move(things);
    changed_.notify_all();
  }
  [[nodiscard]] std::vector<T> take() {
    std::unique_lock guard{mutex_};
    changed_.wait(guard, [this] { return !things_.empty(); });
    changed_.notify_all();
    return std::exchange(things_, {});
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<T> things_;
};

skein::coro<int> frame_of(int n) { co_return n; }

}  // namespace

TEST_CASE("frame stress: blocks go round in a ring of threads and stay whole", "[stress][frame]") {
  constexpr std::size_t threads = 4;
  constexpr int batches = 2'000;
  constexpr int batch = 300;  // more than a thread keeps of one size
  std::array<channel<filled_block>, threads> ring;
  std::atomic<bool> whole{true};
  std::vector<std::thread> all;
  for (std::size_t t = 0; t < threads; ++t) {
    all.emplace_back([&, t] {
      std::mt19937 random{static_cast<unsigned>(t)};
      for (int b = 0; b < batches; ++b) {
        std::vector<filled_block> blocks;
        bool const one_size = b % 3 == 0;
        std::size_t size = 1 + random() % frame_bytes_max;
        for (int i = 0; i < batch; ++i) {
          blocks.push_back(filled_block::make(size, static_cast<unsigned char>(random())));
          size = one_size ? size : 1 + random() % 512;
        }
        ring[(t + 1) % threads].put(std::move(blocks));
        for (filled_block const& received : ring[t].take()) {
          if (!received.free()) {
            whole.store(false);
          }
        }
      }
    });
  }
  for (std::thread& t : all) {
    t.join();
  }
  REQUIRE(whole.load());
}

#ifndef SKEIN_PLAIN_FRAMES
TEST_CASE("frame stress: blocks come back to the thread that only allocates: memory stays bounded",
          "[stress][frame]") {
  constexpr int batches = 10'000;
  constexpr int batch = 100;
  constexpr std::size_t size = 1'000;
  channel<filled_block> channel;
  std::set<void const*> addresses;
  std::thread consumer{[&] {
    for (int b = 0; b < batches; ++b) {
      for (filled_block const& received : channel.take()) {
        static_cast<void>(received.free());
      }
    }
  }};
  for (int b = 0; b < batches; ++b) {
    std::vector<filled_block> blocks;
    for (int i = 0; i < batch; ++i) {
      blocks.push_back(filled_block::make(size, 1));
      addresses.insert(blocks.back().memory);
    }
    channel.put(std::move(blocks));
  }
  consumer.join();
  // On the way: three batches. At rest: the full list of each thread, and what the central list holds.
  REQUIRE(addresses.size() < 5'000);
}
#endif

TEST_CASE("frame stress: threads that end leave their blocks to others", "[stress][frame]") {
  constexpr int generations = 1'000;
  std::atomic<bool> whole{true};
  std::vector<filled_block> inherited;
  for (int g = 0; g < generations; ++g) {
    std::thread{[&] {
      std::mt19937 random{static_cast<unsigned>(g)};
      std::vector<filled_block> made;
      for (int i = 0; i < 500; ++i) {
        made.push_back(filled_block::make(1 + random() % 700, static_cast<unsigned char>(i)));
      }
      for (filled_block const& old : inherited) {
        if (!old.free()) {
          whole.store(false);
        }
      }
      inherited = std::move(made);
    }}.join();
  }
  for (filled_block const& old : inherited) {
    whole.store(old.free() && whole.load());
  }
  REQUIRE(whole.load());
}

TEST_CASE("frame stress: coroutines made on one thread are destroyed on another", "[stress][frame]") {
  constexpr int batches = 10'000;
  channel<skein::coro<int>> channel;
  std::thread destroyer{[&] {
    for (int b = 0; b < batches; ++b) {
      static_cast<void>(channel.take());
    }
  }};
  for (int b = 0; b < batches; ++b) {
    std::vector<skein::coro<int>> made;
    for (int i = 0; i < 200; ++i) {
      made.push_back(frame_of(i));
    }
    channel.put(std::move(made));
  }
  destroyer.join();
}
