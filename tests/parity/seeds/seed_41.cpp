// SPDX-License-Identifier: Apache-2.0
// seed_41.cpp: producer and consumer; they end, by a shutdown.
#include "seeds.hpp"

#include <skein/core/gather.hpp>
#include <skein/core/sleep.hpp>
#include <skein/sync/queue.hpp>

namespace {

skein::coro<> producer(skein::queue<int>& queue) {
  for (int item = 0; item < 5; ++item) {
    co_await skein::sleep(seeds::seconds(1));
    co_await queue.put(item);
  }
  queue.shutdown();
}

skein::coro<> consumer(skein::queue<int>& queue) {
  try {
    while (true) {
      int const item = co_await queue.get();
      fmt::print("item {}\n", item);
      queue.task_done();
    }
  } catch (skein::queue_shut_down const&) {
    fmt::print("the queue is shut down\n");
  }
}

skein::coro<> main_task() {
  skein::queue<int> queue{2};
  co_await skein::gather(producer(queue), consumer(queue));
}

void example() { seeds::run(main_task()); }

seeds::registration const here{"seed_41", example};

}  // namespace
