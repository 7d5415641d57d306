// SPDX-License-Identifier: Apache-2.0
// as_completed.cpp: handing completed futures out, giving back what a cancelled task was handed.
#include <skein/core/detail/completion_queue.hpp>
#include <skein/core/errors.hpp>
#include <skein/core/event_loop.hpp>

#include <mutex>

namespace skein::detail {

lowlevel::work_ops const next_wait::ops{&lowlevel::wait_node::resume, &lowlevel::drop_wait,
                                        &next_wait::cancel_wait, &next_wait::abandon_wait, "as_completed"};

void completion_queue::begin(std::vector<state_ref<>> futures, std::optional<delay> limit) {
  untold_.store(futures.size(), lowlevel::memory_order_relaxed);
  if (limit && !limit->is_forever() && !futures.empty()) {
    timer_ = get_running_loop().call_later(
        *limit, [self = state_ref<completion_queue>::share(this)] { self->time_is_up(); });
  }
  for (state_ref<>& future : futures) {
    watch(std::move(future));
  }
}

void completion_queue::stop() noexcept {
  unwatch();
  timer_handle{timer_}.cancel();
}

void completion_queue::told(std::size_t index) noexcept {
  next_wait* waiter = nullptr;
  {
    std::lock_guard const guard{lock_};
    if (late_) {
      return;  // it stays out, as it was when the time was up
    }
    waiter = static_cast<next_wait*>(waiters_.pop_front());
    if (waiter != nullptr) {
      waiter->linked_ = false;
      waiter->outcome_ = next_wait::outcome::item;
      waiter->index_ = index;
      --left_;
    } else {
      ready_.push_back(index);
    }
  }
  if (waiter != nullptr) {
    lowlevel::wake(*waiter);
  }
  if (untold_.fetch_sub(1, lowlevel::memory_order_acq_rel) == 1) {
    timer_handle{timer_}.cancel();
  }
}

void completion_queue::time_is_up() noexcept {
  {
    std::lock_guard const guard{lock_};
    late_ = true;
  }
  unwatch();
  while (next_wait* const waiter = take_waiter_to_end()) {
    lowlevel::wake(*waiter);
  }
}

next_wait* completion_queue::take_waiter_to_end() noexcept {
  std::lock_guard const guard{lock_};
  auto* const waiter = static_cast<next_wait*>(waiters_.pop_front());
  if (waiter != nullptr) {
    waiter->linked_ = false;
    waiter->outcome_ = next_wait::outcome::late;
    --left_;
  }
  return waiter;
}

// The task that was handed something has been cancelled before it went on: the next one gets it.
void completion_queue::give_back(std::optional<std::size_t> index) noexcept {
  next_wait* waiter = nullptr;
  {
    std::lock_guard const guard{lock_};
    ++left_;
    if (!index) {
      return;
    }
    waiter = static_cast<next_wait*>(waiters_.pop_front());
    if (waiter != nullptr) {
      waiter->linked_ = false;
      waiter->outcome_ = next_wait::outcome::item;
      waiter->index_ = *index;
      --left_;
    } else {
      ready_.push_front(*index);
    }
  }
  if (waiter != nullptr) {
    lowlevel::wake(*waiter);
  }
}

bool next_wait::suspend() noexcept {
  completion_queue& queue = *queue_;
  bool yields = false;
  {
    std::lock_guard const guard{queue.lock_};
    bool const item = !queue.ready_.empty();
    bool const nothing = !item && (queue.late_ || queue.left_ == queue.waiters_.size());
    yields = (item || nothing) && !lowlevel::spend_budget();
    if ((yields || !(item || nothing)) && !begin()) {
      return false;
    }
    if (item) {
      index_ = queue.ready_.front();
      queue.ready_.pop_front();
      --queue.left_;
      outcome_ = outcome::item;
    } else if (nothing) {
      outcome_ = queue.left_ > queue.waiters_.size() ? outcome::late : outcome::end;
      queue.left_ -= outcome_ == outcome::late ? 1 : 0;
    } else {
      queue.waiters_.push_back(*this);
      linked_ = true;
    }
    if ((item || nothing) && !yields) {
      return false;
    }
  }
  if (yields) {
    lowlevel::yield(*this);
  }
  return true;
}

state_ref<> next_wait::finish() {
  if (ended()) {
    if (outcome_ != outcome::end) {
      queue_->give_back(outcome_ == outcome::item ? std::optional{index_} : std::nullopt);
    }
    lowlevel::throw_cancelled();
  }
  switch (outcome_) {
    case outcome::item:
      return state_ref<>::share(&queue_->future(index_));
    case outcome::late:
      throw timeout_error{"timed out: as_completed had futures left when its time was up"};
    case outcome::end:
      break;
  }
  return {};
}

bool next_wait::cancel_wait(lowlevel::wait_node& node) noexcept {
  auto& self = static_cast<next_wait&>(node);
  {
    std::lock_guard const guard{self.queue_->lock_};
    if (!self.linked_) {
      return false;
    }
    self.linked_ = false;
    self.queue_->waiters_.remove(self);
    self.set_cancelled();
  }
  lowlevel::wake(self);
  return true;
}

void next_wait::abandon_wait(lowlevel::wait_node& node) noexcept {
  auto& self = static_cast<next_wait&>(node);
  std::lock_guard const guard{self.queue_->lock_};
  if (self.linked_) {
    self.linked_ = false;
    self.queue_->waiters_.remove(self);
  }
}

}  // namespace skein::detail
