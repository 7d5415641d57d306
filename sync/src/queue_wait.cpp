// SPDX-License-Identifier: Apache-2.0
// queue_wait.cpp: waiting for an item, for room, for the end of the work.
#include <skein/sync/detail/queue_wait.hpp>

#include <utility>

namespace skein::detail {

// ---- get -------------------------------------------------------------------------------------------------

constinit lowlevel::work_ops const get_wait::ops = place_ops<&get_wait::give_back>("queue.get");

bool get_wait::await_ready() noexcept {
  yields_ = !lowlevel::spend_budget();
  return !yields_ && queue_.try_get(share_) != queue_core::result::not_now;
}

bool get_wait::suspend() noexcept {
  wake_chain chain;
  {
    lowlevel::biased_guard const guard{queue_.lock_};
    if (!queue_.has_item()) {
      return !queue_.drained() && queue_.getters_.enter(*this);
    }
    if (yields_ && !(queue_.front_is_run() ? begin() : queue_.called_getters_.enter_called(*this))) {
      return false;
    }
    queue_.serve(share_, chain);
    queue_.call_putters(chain);  // none if it yields with a node: that takes room until it runs
  }
  queue_core::free_emptied(share_);
  bool const suspends = yields_;
  if (suspends) {
    lowlevel::yield(*this);
  }
  chain.wake();
  return suspends;
}

void get_wait::give_back(waiter& from, wake_chain& chain) noexcept {
  auto& self = static_cast<get_wait&>(from);
  self.queue_.take_back(self.share_, chain);
  self.queue_.call_putters(chain);
  self.queue_.call_getters_if_drained(chain);
}

// The item leaves the queue's count when its getter runs, as in asyncio.
void get_wait::arrived() noexcept {
  wake_chain chain;
  {
    lowlevel::biased_guard const guard{queue_.lock_};
    queue_.called_getters_.remove(*this);
    queue_.call_putters(chain);
    queue_.call_getters_if_drained(chain);
  }
  chain.wake();
}

bool get_wait::finish() {
  if (ended()) [[unlikely]] {
    if (!share_.copied) {
      lowlevel::throw_cancelled();
    }
    flow().request_cancel();  // too late for this wait: the next one throws
  }
  if (line() != nullptr) {
    arrived();
  } else if (share_.claim && orphaned()) [[unlikely]] {
    share_.claim = false;  // to an item of a queue that is gone
  }
  return share_.item != nullptr || share_.claim || share_.copied;
}

// ---- put -------------------------------------------------------------------------------------------------

constinit lowlevel::work_ops const put_wait::ops = place_ops<&put_wait::give_back>("queue.put");

bool put_wait::await_ready() noexcept {
  yields_ = !lowlevel::spend_budget();
  if (yields_) {
    return false;
  }
  queue_core::result const r = queue_.try_put(node_);
  put_ = r == queue_core::result::done;
  return r != queue_core::result::not_now;
}

bool put_wait::suspend() noexcept {
  wake_chain chain;
  {
    lowlevel::biased_guard const guard{queue_.lock_};
    if (queue_.shut_down_) {
      return false;
    }
    if (!queue_.has_room()) {
      return queue_.putters_.enter(*this);
    }
    if (yields_ && !(queue_.is_rendezvous() ? begin() : queue_.called_putters_.enter_called(*this))) {
      return false;
    }
    if (!yields_ || queue_.is_rendezvous()) {  // room came meanwhile; a getter that waits may not wait later
      queue_.accept(node_, chain);
      put_ = true;
    }
  }
  bool const suspends = yields_;
  if (suspends) {
    lowlevel::yield(*this);
  }
  chain.wake();
  return suspends;
}

void put_wait::give_back(waiter& from, wake_chain& chain) noexcept {
  static_cast<put_wait&>(from).queue_.call_putters(chain);
}

// Called, it has room.
void put_wait::arrived() noexcept {
  wake_chain chain;
  {
    lowlevel::biased_guard const guard{queue_.lock_};
    queue_.called_putters_.remove(*this);
    if (!queue_.shut_down_) {
      queue_.accept(node_, chain);
      put_ = true;
    }
  }
  chain.wake();
}

bool put_wait::finish() {
  if (ended()) [[unlikely]] {
    if (!put_) {
      lowlevel::throw_cancelled();
    }
    flow().request_cancel();  // too late for this wait: the next one throws
  }
  if (line() != nullptr) {
    arrived();
  }
  return put_;
}

// ---- join ------------------------------------------------------------------------------------------------

constinit lowlevel::work_ops const join_wait::ops = place_ops<&gives_nothing_back>("queue.join");

bool join_wait::suspend() noexcept {
  {
    lowlevel::biased_guard const guard{queue_.lock_};
    if (queue_.unfinished_ != 0) {
      return queue_.joiners_.enter(*this);
    }
    if (lowlevel::spend_budget() || !begin()) {
      return false;
    }
  }
  lowlevel::yield(*this);
  return true;
}

}  // namespace skein::detail
