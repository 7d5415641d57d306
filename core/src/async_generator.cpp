// SPDX-License-Identifier: Apache-2.0
// async_generator.cpp: who may step a generator, and who closes it when nobody does.
#include "generator_registry.hpp"
#include "loop_table.hpp"
#include "runtime_core.hpp"

#include <skein/core/create_task.hpp>
#include <skein/core/gather.hpp>
#include <skein/core/report.hpp>

#include <fmt/core.h>

#include <mutex>
#include <stdexcept>

namespace skein::detail {

using lowlevel::memory_order_acq_rel;
using lowlevel::memory_order_acquire;
using lowlevel::memory_order_relaxed;
using lowlevel::memory_order_release;

// ---- one generator ---------------------------------------------------------------------------------------

generator_core::~generator_core() {
  if (registry_ != nullptr) {
    registry_->remove(*this);
  }
}

generator_core::state generator_core::claim(char const* call) {
  state now = state_.load(memory_order_acquire);
  while (now != state::finished) {
    if (now == state::running) {
      throw std::runtime_error{std::string{call} +
                               ": asynchronous generator is already running: await one next() or aclose() at "
                               "a time"};
    }
    if (state_.compare_exchange_weak(now, state::running, memory_order_acq_rel,  // [A]
                                     memory_order_acquire)) {
      break;
    }
  }
  return now;
}

void generator_core::settle(bool finished) noexcept {
  if (finished) {
    frame_ = nullptr;
    if (registry_ != nullptr) {
      registry_->remove(*this);
    }
  }
  state_.store(finished ? state::finished : state::suspended, memory_order_release);  // [B]
}

void generator_core::enroll(std::source_location where) noexcept {
  worker& here = *this_thread().owner;
  registry_ = here.runtime.generators;
  loop_ = here.id;
  if (!registry_->add(*this)) {
    try {
      log_line(
          fmt::format("asynchronous generator was scheduled after shutdown_asyncgens(), at {}:{}: close "
                      "it with aclose()",
                      where.file_name(), where.line()));
    } catch (std::bad_alloc const&) {
      log_line("asynchronous generator was scheduled after shutdown_asyncgens()");
    }
  }
}

void generator_core::destroy_frame() noexcept {
  if (frame_) {
    destroy_unfinished(std::exchange(frame_, nullptr));
  }
}

void generator_core::last_reference_gone() noexcept {
  bool const unfinished =
      state_.load(memory_order_relaxed) == state::suspended && !close_tried_.load(memory_order_relaxed);
  if (unfinished && hand_to_loop()) {
    return;
  }
  destroy_frame();
  delete this;
}

// Lets the loop close the generator.
//
// Returns     False when it cannot; nobody has a reference then.
bool generator_core::hand_to_loop() noexcept {
  references_.store(1, memory_order_relaxed);  // of this function
  if (registry_->park(*this)) {
    return true;
  }
  try {
    pinned_loop const target{loop_};
    if (target.get() == nullptr || registry_->now() == generator_registry::mode::ended) {
      return false;
    }
    static_cast<void>(spawn(task_home{target.get(), false, false}, close(), nullptr));
  } catch (...) {
    return false;  // the loop is closed, or there is no memory: the caller destroys the frame
  }
  release();
  return true;
}

void throw_moved_generator() {
  throw std::runtime_error{"async_generator was moved from: ask the object that it was moved to"};
}

void throw_exit_ignored() {
  throw std::runtime_error{
      "asynchronous generator ignored generator_exit: it must not yield while it is closed"};
}

// ---- all of a runtime ------------------------------------------------------------------------------------

bool generator_registry::add(generator_core& core) noexcept {
  std::lock_guard const guard{lock_};
  core.next_ = head_;
  core.previous_ = nullptr;
  if (head_ != nullptr) {
    head_->previous_ = &core;
  }
  head_ = &core;
  core.listed_ = true;
  ++size_;
  return more_expected_;
}

void generator_registry::remove(generator_core& core) noexcept {
  std::lock_guard const guard{lock_};
  if (!core.listed_) {
    return;
  }
  (core.previous_ != nullptr ? core.previous_->next_ : head_) = core.next_;
  if (core.next_ != nullptr) {
    core.next_->previous_ = core.previous_;
  }
  core.listed_ = false;
  --size_;
}

void generator_registry::expect_no_more() noexcept {
  std::lock_guard const guard{lock_};
  more_expected_ = false;
}

bool generator_registry::empty() noexcept {
  std::lock_guard const guard{lock_};
  return head_ == nullptr;
}

void generator_registry::drain() noexcept {
  std::lock_guard const guard{lock_};
  if (mode_ == mode::open) {
    mode_ = mode::draining;
  }
}

generator_registry::mode generator_registry::now() noexcept {
  std::lock_guard const guard{lock_};
  return mode_;
}

bool generator_registry::park(generator_core& core) noexcept {
  std::lock_guard const guard{lock_};
  core.parked_ = mode_ == mode::draining && core.listed_;
  return core.parked_;
}

std::vector<generator_ref> generator_registry::collect() {
  std::vector<generator_ref> all;
  for (std::size_t room = 16;; room *= 2) {
    all.reserve(room);  // not under the lock
    std::lock_guard const guard{lock_};
    if (size_ > room) {
      continue;
    }
    for (generator_core* core = head_; core != nullptr; core = core->next_) {
      if (core->close_tried_.load(memory_order_relaxed)) {
        continue;
      }
      if (std::exchange(core->parked_, false)) {
        all.push_back(generator_ref::adopt(core));
        continue;
      }
      // One whose last reference is just going is closed by whoever drops it.
      std::uint32_t count = core->references_.load(memory_order_relaxed);
      while (count != 0 && !core->references_.compare_exchange_weak(count, count + 1, memory_order_relaxed)) {
      }
      if (count != 0) {
        all.push_back(generator_ref::adopt(core));
      }
    }
    return all;
  }
}

void generator_registry::end() noexcept {
  for (;;) {
    generator_ref parked;
    {
      std::lock_guard const guard{lock_};
      mode_ = mode::ended;
      for (generator_core* core = head_; core != nullptr && !parked; core = core->next_) {
        if (std::exchange(core->parked_, false)) {
          parked = generator_ref::adopt(core);
        }
      }
    }
    if (!parked) {
      return;
    }
  }
}

namespace {

coro<void> close_and_report(generator_ref generator, loop_id loop) {
  try {
    co_await generator->close();
  } catch (cancelled_error const&) {
    throw;
  } catch (...) {
    report(loop, {.message = "an error occurred during closing of asynchronous generator",
                  .exception = std::current_exception()});
  }
}

}  // namespace

coro<void> close_generators(std::shared_ptr<generator_registry> registry, loop_id loop) {
  registry->expect_no_more();
  for (;;) {
    std::vector<coro<void>> closing;
    for (generator_ref& generator : registry->collect()) {
      closing.push_back(close_and_report(std::move(generator), loop));
    }
    if (closing.empty()) {
      break;
    }
    co_await gather(return_exceptions, std::move(closing));
  }
}

}  // namespace skein::detail

namespace skein {

coro<void> event_loop::shutdown_asyncgens() {
  return detail::close_generators(worker_->runtime.generators, worker_->id);
}

}  // namespace skein
