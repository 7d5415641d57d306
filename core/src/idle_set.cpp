// SPDX-License-Identifier: Apache-2.0
// idle_set.cpp: the transitions between running, searching and parked.
#include "idle_set.hpp"

#include <algorithm>
#include <mutex>

namespace skein::detail {

using lowlevel::memory_order_seq_cst;

idle_set::idle_set(unsigned workers) : workers_{workers}, word_{workers} { sleepers_.reserve(workers); }

std::optional<unsigned> idle_set::take_sleeper() noexcept {
  if (!should_notify()) {
    return std::nullopt;
  }
  std::lock_guard const guard{lock_};
  if (sleepers_.empty() || !should_notify()) {
    return std::nullopt;
  }
  word_.fetch_add(one_searching + 1, memory_order_seq_cst);
  unsigned const id = sleepers_.back();
  sleepers_.pop_back();
  return id;
}

void idle_set::park(unsigned id, bool was_searching) noexcept {
  {
    std::lock_guard const guard{lock_};
    word_.fetch_sub(was_searching ? one_searching + 1 : 1, memory_order_seq_cst);
    sleepers_.push_back(id);
  }
  fence_.heavy();
}

bool idle_set::unpark(unsigned id) noexcept {
  std::lock_guard const guard{lock_};
  auto const found = std::find(sleepers_.begin(), sleepers_.end(), id);
  if (found == sleepers_.end()) {
    return false;
  }
  sleepers_.erase(found);
  word_.fetch_add(1, memory_order_seq_cst);
  return true;
}

bool idle_set::start_searching() noexcept {
  if (2 * searching(word_.load(memory_order_seq_cst)) >= workers_) {
    return false;
  }
  word_.fetch_add(one_searching, memory_order_seq_cst);
  return true;
}

bool idle_set::stop_searching() noexcept {
  return searching(word_.fetch_sub(one_searching, memory_order_seq_cst)) == 1;
}

}  // namespace skein::detail
