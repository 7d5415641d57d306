// SPDX-License-Identifier: Apache-2.0
// timer_heap.cpp: sifting, arming and firing of a loop's deadlines.
#include <skein/core/lowlevel/timer_heap.hpp>

#include <mutex>

namespace skein::lowlevel {
namespace {
constexpr std::size_t arity = 4;
}

void timer_heap::place(std::size_t index, entry e) noexcept {
  heap_[index] = e;
  e.timer->index_ = static_cast<std::uint32_t>(index);
}

void timer_heap::sift_up(std::size_t index, entry e) noexcept {
  while (index > 0) {
    std::size_t const parent = (index - 1) / arity;
    if (!sooner(e, heap_[parent])) {
      break;
    }
    place(index, heap_[parent]);
    index = parent;
  }
  place(index, e);
}

void timer_heap::sift_down(std::size_t index, entry e) noexcept {
  std::size_t const size = heap_.size();
  for (;;) {
    std::size_t const first = index * arity + 1;
    if (first >= size) {
      break;
    }
    std::size_t const end = first + arity < size ? first + arity : size;
    std::size_t best = first;
    for (std::size_t child = first + 1; child < end; ++child) {
      if (sooner(heap_[child], heap_[best])) {
        best = child;
      }
    }
    if (!sooner(heap_[best], e)) {
      break;
    }
    place(index, heap_[best]);
    index = best;
  }
  place(index, e);
}

void timer_heap::remove(std::size_t index) noexcept {
  heap_[index].timer->index_ = timer_node::not_armed;
  entry const last = heap_.back();
  heap_.pop_back();
  if (index < heap_.size()) {
    if (index > 0 && sooner(last, heap_[(index - 1) / arity])) {
      sift_up(index, last);
    } else {
      sift_down(index, last);
    }
  }
  next_.store(heap_.empty() ? never : heap_.front().deadline, memory_order_relaxed);
}

bool timer_heap::arm(timer_node& timer, instant deadline) {
  std::lock_guard const guard{lock_};
  return arm_locked(timer, deadline);
}

bool timer_heap::arm_locked(timer_node& timer, instant deadline) {
  heap_.push_back({deadline, &timer});
  timer.deadline_ = deadline;
  timer.sequence_ = next_sequence_++;
  sift_up(heap_.size() - 1, heap_.back());
  bool const soonest = heap_.front().timer == &timer;
  if (soonest) {
    next_.store(deadline, memory_order_relaxed);
  }
  return soonest;
}

bool timer_heap::disarm(timer_node& timer) noexcept {
  std::lock_guard const guard{lock_};
  return disarm_locked(timer);
}

bool timer_heap::disarm_locked(timer_node& timer) noexcept {
  if (timer.index_ == timer_node::not_armed) {
    return false;
  }
  remove(timer.index_);
  return true;
}

std::size_t timer_heap::fire_due(instant now) noexcept {
  timer_node* first = nullptr;
  timer_node** last = &first;
  {
    std::lock_guard const guard{lock_};
    while (!heap_.empty() && heap_.front().deadline <= now) {
      timer_node* const timer = heap_.front().timer;
      remove(0);
      timer->next_due_ = nullptr;
      *last = timer;
      last = &timer->next_due_;
    }
  }
  std::size_t fired = 0;
  while (first != nullptr) {
    timer_node* const timer = first;
    first = timer->next_due_;
    timer->fire_(*timer);
    ++fired;
  }
  return fired;
}

std::size_t timer_heap::size() noexcept {
  std::lock_guard const guard{lock_};
  return heap_.size();
}

}  // namespace skein::lowlevel
