// SPDX-License-Identifier: Apache-2.0
// flow.cpp: delivering a cancel request, and waiting for a canceller.
#include <skein/core/lowlevel/flow.hpp>
#include <skein/core/lowlevel/wait_node.hpp>

#include <sched.h>

namespace skein::lowlevel {
namespace {

// The flows to which this thread is delivering a request: one whose wait passes it on to another, and so on.
struct delivering {
  flow const* to;
  delivering* outer;
};
thread_local delivering* innermost = nullptr;

}  // namespace

bool flow::being_cancelled_here() const noexcept {
  for (delivering const* d = innermost; d != nullptr; d = d->outer) {
    if (d->to == this) {
      return true;
    }
  }
  return false;
}

std::uintptr_t flow::await_canceller() const noexcept {
  for (int spins = 1;; ++spins) {
    std::uintptr_t const word = word_.load(memory_order_relaxed);
    if ((word & busy_bit) == 0) {
      return word;
    }
    cpu_relax();
    if (spins % 64 == 0) {
      sched_yield();
    }
  }
}

flow::delivery flow::request_cancel() noexcept {
  std::uintptr_t word = word_.load(memory_order_relaxed);
  for (;;) {
    if ((word & busy_bit) != 0) {
      if (being_cancelled_here()) {
        return delivery::taken;  // it waits for itself in the end: the request is on its way already
      }
      word = await_canceller();
      continue;
    }
    auto* const wait = reinterpret_cast<wait_node*>(word & pointer_mask);
    if (wait == nullptr) {
      if (word_.compare_exchange_weak(word, word | cancel_bit, memory_order_release, memory_order_relaxed)) {
        return delivery::kept;
      }
      continue;
    }
    if (!word_.compare_exchange_weak(word, word | busy_bit, memory_order_acq_rel,
                                     memory_order_relaxed)) {  // [B]
      continue;
    }
    delivering here{this, innermost};
    innermost = &here;
    bool const taken = wait->ops().cancel(*wait);
    innermost = here.outer;
    if (taken) {
      word_.fetch_and(~busy_bit, memory_order_release);  // [C]
      return delivery::taken;
    }
    delivery const result = wait->is_cancelled() ? delivery::again : delivery::kept;
    word_.store(word | cancel_bit, memory_order_release);  // [C] nobody else writes while busy is set
    return result;
  }
}

bool flow::inspect(void (*f)(wait_node& wait, void* context), void* context) noexcept {
  for (;;) {
    if ((word_.load(memory_order_relaxed) & busy_bit) != 0) {
      static_cast<void>(await_canceller());
    }
    if (try_inspect(f, context)) {
      return true;
    }
    if ((word_.load(memory_order_relaxed) & pointer_mask) == 0) {
      return false;
    }
  }
}

bool flow::try_inspect(void (*f)(wait_node& wait, void* context), void* context) noexcept {
  std::uintptr_t word = word_.load(memory_order_relaxed);
  if ((word & pointer_mask) == 0 || (word & busy_bit) != 0 ||
      !word_.compare_exchange_strong(word, word | busy_bit, memory_order_acq_rel,
                                     memory_order_relaxed)) {  // [B]
    return false;
  }
  f(*reinterpret_cast<wait_node*>(word & pointer_mask), context);
  word_.fetch_and(~busy_bit, memory_order_release);  // [C]
  return true;
}

}  // namespace skein::lowlevel
