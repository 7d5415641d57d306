// SPDX-License-Identifier: Apache-2.0
// explorer.hpp: runs the threads of a small scenario in every order of their atomic operations.
//
// What       The threads are fibers of one thread. Each atomic operation of `model::atomic` is a step; before
// it
//            the explorer may go on with another fiber. It runs the scenario again and again, depth first,
//            until every schedule with at most so many preemptions was tried. A fault shows in the scenario's
//            own checks; the schedule that led to it is told.
// Source     M. Musuvathi and S. Qadeer, "Iterative Context Bounding for Systematic Testing of Multithreaded
//            Programs", PLDI 2007.
// Limits     Sequentially consistent: it finds wrong orders of steps, not wrong memory orders; those are for
//            ThreadSanitizer and for the argument in each file's head.
#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace model {

/// What is run: made anew for every schedule.
struct scenario {
  std::vector<std::function<void()>> threads;
  /// Called when all threads have ended; throws when something is wrong.
  std::function<void()> check = [] {};
};

struct result {
  std::size_t schedules = 0;
  /// What the first fault said, and the schedule that led to it; empty when there was none.
  std::string fault;
};

/// `preemptions`   How often a thread that could go on is interrupted, at most.
[[nodiscard]] result explore(std::function<scenario()> const& make, int preemptions);

/// A step: another thread may run before it. Nothing outside of a scenario.
void step();

/// As `std::atomic`, with a step before every operation. Orders are not modelled.
template <class T>
class atomic {
 public:
  atomic() noexcept : value_{} {}
  atomic(T value) noexcept : value_{value} {}  // NOLINT: as std::atomic
  atomic(atomic const&) = delete;
  atomic& operator=(atomic const&) = delete;

  T load(std::memory_order) const {
    step();
    return value_;
  }
  void store(T value, std::memory_order) {
    step();
    value_ = value;
  }
  T exchange(T value, std::memory_order) {
    step();
    std::swap(value, value_);
    return value;
  }
  T fetch_add(T value, std::memory_order) {
    step();
    T const before = value_;
    value_ = static_cast<T>(value_ + value);
    return before;
  }
  bool compare_exchange_strong(T& expected, T desired, std::memory_order, std::memory_order) {
    step();
    if (value_ == expected) {
      value_ = desired;
      return true;
    }
    expected = value_;
    return false;
  }
  bool compare_exchange_weak(T& expected, T desired, std::memory_order a, std::memory_order b) {
    return compare_exchange_strong(expected, desired, a, b);
  }

 private:
  T value_;
};

}  // namespace model
