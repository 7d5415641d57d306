// SPDX-License-Identifier: Apache-2.0
// inject_queue.cpp: tokens, and the list for when there is no memory.
#include "inject_queue.hpp"

#include <skein/core/lowlevel/spinlock.hpp>

#include <concurrentqueue/concurrentqueue.h>

#include <array>
#include <mutex>
#include <vector>

namespace skein::detail {
namespace {

constexpr std::size_t foreign_tokens = 4;

using queue = moodycamel::ConcurrentQueue<lowlevel::work_item*>;

struct foreign_producer {
  explicit foreign_producer(queue& q) : token{q} {}
  lowlevel::spinlock lock;
  moodycamel::ProducerToken token;  // guarded by lock
};

}  // namespace

struct inject_queue::storage {
  explicit storage(unsigned workers) {
    for (unsigned i = 0; i < workers; ++i) {
      producers.emplace_back(items);
      consumers.emplace_back(items);
    }
    for (auto& producer : foreign) {
      producer = std::make_unique<foreign_producer>(items);
    }
  }

  queue items;
  std::vector<moodycamel::ProducerToken> producers;
  std::vector<moodycamel::ConsumerToken> consumers;
  std::array<std::unique_ptr<foreign_producer>, foreign_tokens> foreign;
  lowlevel::spinlock overflow_lock;
  lowlevel::work_list overflow;  // guarded by overflow_lock
};

inject_queue::inject_queue(unsigned workers) : storage_{std::make_unique<storage>(workers)} {}
inject_queue::~inject_queue() = default;

void inject_queue::overflow(lowlevel::work_item& item) noexcept {
  std::lock_guard const guard{storage_->overflow_lock};
  storage_->overflow.push_back(item);
}

void inject_queue::push(std::span<lowlevel::work_item*> items, unsigned index) noexcept {
  bool taken = false;
  for (lowlevel::work_item* item : items) {
    lowlevel::put_into_queue(item);
  }
  try {
    taken = storage_->items.enqueue_bulk(storage_->producers[index], items.data(), items.size());
  } catch (...) {
  }
  if (!taken) {
    for (lowlevel::work_item* item : items) {
      overflow(*item);
    }
  }
  count_.fetch_add(static_cast<std::ptrdiff_t>(items.size()), lowlevel::memory_order_seq_cst);
}

void inject_queue::push_foreign(lowlevel::work_item& item) noexcept {
  // A thread keeps its token, so that what it pushes stays in order.
  static thread_local std::size_t const choice = [] {
    static lowlevel::atomic<std::size_t> next{0};
    return next.fetch_add(1, lowlevel::memory_order_relaxed) % foreign_tokens;
  }();
  foreign_producer& producer = *storage_->foreign[choice];
  lowlevel::put_into_queue(&item);
  bool taken = false;
  {
    std::lock_guard const guard{producer.lock};
    try {
      taken = storage_->items.enqueue(producer.token, &item);
    } catch (...) {
    }
  }
  if (!taken) {
    overflow(item);
  }
  count_.fetch_add(1, lowlevel::memory_order_seq_cst);
}

std::size_t inject_queue::take(std::span<lowlevel::work_item*> into, unsigned index) noexcept {
  if (empty()) {
    return 0;
  }
  std::size_t taken = storage_->items.try_dequeue_bulk(storage_->consumers[index], into.data(), into.size());
  if (taken == 0) {
    std::lock_guard const guard{storage_->overflow_lock};
    while (taken < into.size() && !storage_->overflow.empty()) {
      into[taken++] = storage_->overflow.pop_front();
    }
  }
  for (lowlevel::work_item* item : into.first(taken)) {
    lowlevel::taken_from_queue(item);
  }
  if (taken != 0) {
    count_.fetch_sub(static_cast<std::ptrdiff_t>(taken), lowlevel::memory_order_seq_cst);
  }
  return taken;
}

}  // namespace skein::detail
