// SPDX-License-Identifier: Apache-2.0
// frame_allocator.cpp: frames from the free list of the thread, beside operator new.
#include <skein/core/lowlevel/frame_allocator.hpp>

#include <benchmark/benchmark.h>

#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <new>
#include <thread>
#include <utility>
#include <vector>

namespace {

using skein::lowlevel::allocate_frame;
using skein::lowlevel::free_frame;

/// A frame taken and given back at once: a call that does not wait. The argument is its size.
void frame_take_give(benchmark::State& state) {
  auto const size = static_cast<std::size_t>(state.range(0));
  for (auto _ : state) {
    void* const frame = allocate_frame(size);
    benchmark::DoNotOptimize(frame);
    free_frame(frame, size);
  }
}
BENCHMARK(frame_take_give)->Arg(64)->Arg(256)->Arg(1024)->Arg(4096);

/// The same from operator new, to compare.
void frame_operator_new(benchmark::State& state) {
  auto const size = static_cast<std::size_t>(state.range(0));
  for (auto _ : state) {
    void* const frame = ::operator new(size);
    benchmark::DoNotOptimize(frame);
    ::operator delete(frame, size);
  }
}
BENCHMARK(frame_operator_new)->Arg(64)->Arg(256)->Arg(1024)->Arg(4096);

/// Many frames alive at once, more than the cap of the free list: batches go to the central list and back.
void frame_many_alive(benchmark::State& state) {
  constexpr std::size_t size = 128;
  std::vector<void*> frames(static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) {
    for (auto& frame : frames) {
      frame = allocate_frame(size);
    }
    for (void* const frame : frames) {
      free_frame(frame, size);
    }
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(frame_many_alive)->Arg(100)->Arg(10'000);

/// Frees every batch it is handed, on a thread of its own.
class freeing_thread {
 public:
  explicit freeing_thread(std::size_t size) : size_{size}, thread_{[this] { run(); }} {}
  freeing_thread(freeing_thread const&) = delete;
  freeing_thread& operator=(freeing_thread const&) = delete;
  ~freeing_thread() {
    hand_over({});
    thread_.join();
  }

  /// Waits until the batch before was freed. An empty batch ends the thread.
  void hand_over(std::vector<void*> batch) {
    std::unique_lock guard{mutex_};
    changed_.wait(guard, [&] { return !full_; });
    batch_ = std::move(batch);
    full_ = true;
    changed_.notify_all();
  }

 private:
  void run() {
    for (;;) {
      std::vector<void*> batch;
      {
        std::unique_lock guard{mutex_};
        changed_.wait(guard, [&] { return full_; });
        batch.swap(batch_);
      }
      for (void* const frame : batch) {
        free_frame(frame, size_);
      }
      {
        std::lock_guard const guard{mutex_};
        full_ = false;
        changed_.notify_all();
      }
      if (batch.empty()) {
        return;
      }
    }
  }

  std::size_t size_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<void*> batch_;  // guarded by mutex_
  bool full_ = false;         // guarded by mutex_
  std::thread thread_;
};

/// Frames that another thread frees: what a stolen task costs the allocator.
void frame_freed_elsewhere(benchmark::State& state) {
  constexpr std::size_t size = 128;
  constexpr std::size_t count = 10'000;
  freeing_thread other{size};
  for (auto _ : state) {
    std::vector<void*> batch(count);
    for (auto& frame : batch) {
      frame = allocate_frame(size);
    }
    other.hand_over(std::move(batch));
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(count));
}
BENCHMARK(frame_freed_elsewhere)->UseRealTime();

}  // namespace
