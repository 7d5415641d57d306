// SPDX-License-Identifier: Apache-2.0
// place.cpp: finding the line of a waiter, and taking the waiter out of it.
#include <skein/sync/detail/place.hpp>

namespace skein::detail {

held_place::held_place(waiter& w) noexcept {
  for (;;) {
    line_ = w.line();
    if (line_ == nullptr) {
      return;
    }
    line_->lock().lock();
    waiter_line* const now = w.line();
    if (now == line_) {
      return;
    }
    // It moved meanwhile. If the new line has the same lock, we hold that already.
    if (now != nullptr && &now->lock() == &line_->lock()) {
      line_ = now;
      return;
    }
    line_->lock().unlock();
  }
}

bool cancel_orphan(waiter& w) noexcept {
  if (!w.orphaned() || w.called() || w.is_cancelled()) {
    return false;
  }
  w.set_cancelled();
  lowlevel::wake(w);
  return true;
}

bool cancel_place(waiter& w, give_back_function give_back, close_ranks_function close_ranks) noexcept {
  wake_chain chain;
  bool called = false;
  {
    held_place const place{w};
    if (place.line() == nullptr) {
      return cancel_orphan(w);
    }
    called = w.called();
    place.line()->remove(w);
    w.set_cancelled();
    (called ? give_back : close_ranks)(w, chain);
  }
  if (!called) {
    lowlevel::wake(w);  // one that was called is woken by who called it
  }
  chain.wake();
  return true;
}

void abandon_place(waiter& w, give_back_function give_back, close_ranks_function close_ranks) noexcept {
  wake_chain chain;
  {
    held_place const place{w};
    if (place.line() == nullptr) {
      return;
    }
    place.line()->remove(w);
    (w.called() ? give_back : close_ranks)(w, chain);
  }
  chain.wake();
}

}  // namespace skein::detail
