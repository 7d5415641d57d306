// SPDX-License-Identifier: Apache-2.0
// worker_post.cpp: what other threads send to a worker, and how an item finds its worker.
#include "runtime_core.hpp"
#include "worker.hpp"

#include <skein/core/lowlevel/wait_node.hpp>

namespace skein::detail {

bool worker::post(lowlevel::work_item& item) noexcept {
  if (this_thread().owner == this) {
    if (closed()) {
      return false;
    }
    push_ready(item);
    return true;
  }
  if (!inbox_.push(item)) {
    return false;
  }
  unpark();
  return true;
}

bool worker::post_from_signal(lowlevel::work_item& item) noexcept {
  if (!inbox_.push(item)) {
    return false;
  }
  unpark();
  return true;
}

void schedule(lowlevel::work_item& item, task_state& task, bool fair) noexcept {
  worker& home = task.home();
  runtime_core& runtime = home.runtime;
  bool const stays = task.pinned() || runtime.lone();
  worker* const here = this_thread().owner;
  if (here != nullptr && &here->runtime == &runtime && (!stays || here == &home)) {
    if (stays) {
      here->push_ready(item);
    } else if (fair) {
      here->push_stealable(item);
    } else {
      here->push_woken(item);
    }
    return;
  }
  // From outside the runtime: it must not end between the push and the wake-up.
  runtime.enter();
  if (stays) {
    if (!home.post(item)) {
      item.drop();
    }
  } else {
    runtime.inject.push_foreign(item);
    runtime.notify_one();
  }
  runtime.exit();
}

}  // namespace skein::detail

namespace skein::lowlevel {

void wake(wait_node& node) noexcept { detail::schedule(node, detail::task_of_flow(node.flow()), false); }

void yield(wait_node& node) noexcept { detail::schedule(node, detail::task_of_flow(node.flow()), true); }

bool wait_node::give_way() noexcept {
  if (!begin_unpublished()) {
    return false;
  }
  detail::task_of_flow(*flow_).note_wait(where_);  // what a call graph shows instead
  yield(*this);
  return true;
}

void wait_node::take_over() noexcept {
  detail::thread_state& thread = detail::this_thread();
  thread.flow = flow_;
  detail::task_state& task = detail::task_of_flow(*flow_);
  thread.set_task(&task);
  task.note_wait(where_);
  thread.resumed = coroutine_;
}

void wait_node::resume(work_item& item) noexcept {
  auto& node = static_cast<wait_node&>(item);
  node.take_over();
  node.end();
  node.coroutine_.resume();
}

void wait_node::resume_unpublished(work_item& item) noexcept {
  auto& node = static_cast<wait_node&>(item);
  static_cast<void>(node.begin_unpublished());
  node.resume_now();
}

void wait_node::resume_now() noexcept {
  take_over();
  coroutine_.resume();
}

void drop_wait(work_item&) noexcept {}

}  // namespace skein::lowlevel
