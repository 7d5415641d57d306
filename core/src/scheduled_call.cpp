// SPDX-License-Identifier: Apache-2.0
// scheduled_call.cpp: running, dropping and cancelling queued calls.
#include "loop_table.hpp"
#include "runtime_core.hpp"
#include "worker.hpp"

#include <skein/core/detail/scheduled_call.hpp>
#include <skein/core/errors.hpp>
#include <skein/core/report.hpp>

namespace skein::detail {

lowlevel::work_ops const scheduled_call::ops_table{&scheduled_call::run_call, &scheduled_call::drop_call,
                                                   nullptr, nullptr, "call"};

void scheduled_call::run_call(lowlevel::work_item& item) noexcept {
  auto& self = static_cast<scheduled_call&>(item);
  if (self.leave_queued(phase::running)) {
    thread_state& thread = this_thread();
    thread.context = &self.own_context;
    try {
      self.call();
    } catch (keyboard_interrupt const&) {
      this_thread().owner->runtime.fail(std::current_exception());
    } catch (system_exit const&) {
      this_thread().owner->runtime.fail(std::current_exception());
    } catch (...) {
      report(this_thread().owner->id, {.message = "Exception in callback",
                                       .exception = std::current_exception(),
                                       .handle = handle{call_ref::share(&self)}});
    }
    self.clear();
    thread.context = nullptr;
    self.own_context.clear();
    self.set_phase(phase::ran);
  }
  self.release();
}

void scheduled_call::drop_call(lowlevel::work_item& item) noexcept {
  auto& self = static_cast<scheduled_call&>(item);
  if (self.leave_queued(phase::cancelled)) {
    self.clear();
    self.own_context.clear();
  }
  self.release();
}

void scheduled_call::cancel() noexcept {
  if (leave_queued(phase::cancelled)) {
    clear();
    own_context.clear();
  }
}

void timed_call::cancel() noexcept {
  if (!leave_queued(phase::cancelled)) {
    return;
  }
  clear();
  own_context.clear();
  pinned_loop const target{loop_};
  if (target.get() != nullptr && target.get()->timers.disarm(*this)) {
    release();  // the heap's reference
  }
}

void timed_call::fire(lowlevel::timer_node& node) noexcept {
  auto& self = static_cast<timed_call&>(node);
  worker* const here = this_thread().owner;
  if (here->id == self.loop_) [[likely]] {
    here->push_ready(self);
    return;
  }
  pinned_loop const target{self.loop_};  // its worker is held up
  if (target.get() == nullptr || !target.get()->post(self)) {
    self.drop();
  }
}

void post_call(worker& loop, call_ref call) {
  call->made = made_here(loop.runtime.debugs());
  call->retain();  // the queue's reference
  if (!loop.post(*call)) {
    call->release();
    throw loop_closed_error{"Event loop is closed: call_soon came after close()"};
  }
}

void post_timed_call_at(worker& loop, state_ref<timed_call> call, clock::time_point when) {
  if (loop.closed()) {
    throw loop_closed_error{"Event loop is closed: call_later or call_at came after close()"};
  }
  call->made = made_here(loop.runtime.debugs());
  call->set_when(when.time_since_epoch().count());
  call->retain();  // the heap's reference
  bool soonest = false;
  try {
    soonest = loop.timers.arm(*call, call->when());
  } catch (...) {
    call->release();
    throw;
  }
  if (soonest && this_thread().owner != &loop) {
    loop.unpark();
  }
}

void post_timed_call(worker& loop, state_ref<timed_call> call, delay after) {
  post_timed_call_at(loop, std::move(call),
                     clock::time_point{clock::duration{deadline_after(loop.now(), after.nanoseconds())}});
}

}  // namespace skein::detail
