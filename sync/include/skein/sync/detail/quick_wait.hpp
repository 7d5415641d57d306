// SPDX-License-Identifier: Apache-2.0
// quick_wait.hpp: awaiters of queues of items that may stand in runs: they make a wait only if they need one.
#pragma once

#include <skein/sync/detail/item_run.hpp>
#include <skein/sync/detail/queue_item.hpp>

#include <coroutine>
#include <memory>
#include <source_location>
#include <utility>

namespace skein::detail {

/// Takes an item; `Wait{owner, at}` is the awaiter for when there is none in a run.
template <class T, class Wait, class Owner>
class quick_get {
  using result = decltype(std::declval<Wait&>().await_resume());

 public:
  quick_get(queue_core& core, Owner& owner, std::source_location at) noexcept
      : core_{core}, owner_{owner}, at_{at} {}
  quick_get(quick_get const&) = delete;
  quick_get& operator=(quick_get const&) = delete;
  ~quick_get() {
    if (waits_) [[unlikely]] {
      wait_.~Wait();
    }
  }

  [[nodiscard]] bool await_ready() {
    if (lowlevel::spend_budget() && runs_of<T>::take(core_, std::addressof(item_))) [[likely]] {
      return true;
    }
    return begin_slowly();
  }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> coroutine) {
    return wait_.await_suspend(coroutine);
  }
  result await_resume() { return waits_ ? wait_.await_resume() : result(std::move(item_)); }

 private:
  [[nodiscard, gnu::noinline]] bool begin_slowly() {
    std::construct_at(&wait_, owner_, at_);
    waits_ = true;
    return wait_.await_ready();
  }

  queue_core& core_;
  Owner& owner_;
  std::source_location at_;
  bool waits_ = false;
  union {
    T item_;
    Wait wait_;
  };
};

/// Puts an item; `Wait{core, node, at}` is the awaiter for when it cannot go into a run at once.
template <class T, class Wait>
class quick_put {
 public:
  quick_put(queue_core& core, T&& item, std::source_location at) noexcept
      : core_{core}, at_{at}, item_{std::move(item)} {}
  quick_put(quick_put const&) = delete;
  quick_put& operator=(quick_put const&) = delete;
  ~quick_put() {
    if (waits_) [[unlikely]] {
      wait_.~Wait();
    }
  }

  [[nodiscard]] bool await_ready() {
    if (lowlevel::spend_budget() && runs_of<T>::put(core_, item_)) [[likely]] {
      return true;
    }
    return begin_slowly();
  }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> coroutine) {
    return wait_.await_suspend(coroutine);
  }
  void await_resume() {
    if (waits_) [[unlikely]] {
      wait_.await_resume();
    }
  }

 private:
  [[nodiscard, gnu::noinline]] bool begin_slowly() {
    auto node = std::make_unique<queue_item<T>>(std::move(item_));
    std::construct_at(&wait_, core_, std::move(node), at_);
    waits_ = true;
    return wait_.await_ready();
  }

  queue_core& core_;
  std::source_location at_;
  bool waits_ = false;
  T item_;
  union {
    Wait wait_;
  };
};

}  // namespace skein::detail
