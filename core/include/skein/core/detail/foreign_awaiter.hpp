// SPDX-License-Identifier: Apache-2.0
// foreign_awaiter.hpp: awaiting a type that is not ours, such as another library's sender or event.
//
// The foreign type resumes a coroutine handle from whatever thread it likes. It gets the handle of a tiny
// coroutine whose only act is to wake the waiting task through its runtime (rule G2), so nothing of ours ever
// runs on a foreign stack.
#pragma once

#include <skein/core/awaitable.hpp>
#include <skein/core/lowlevel/wait_node.hpp>

#include <coroutine>
#include <source_location>
#include <type_traits>
#include <utility>

namespace skein::detail {

/// A coroutine that wakes one wait and is gone.
struct foreign_waker {
  struct promise_type {
    foreign_waker get_return_object() noexcept {
      return {std::coroutine_handle<promise_type>::from_promise(*this)};
    }
    std::suspend_always initial_suspend() const noexcept { return {}; }
    std::suspend_never final_suspend() const noexcept { return {}; }
    void return_void() const noexcept {}
    [[noreturn]] void unhandled_exception() const noexcept { std::terminate(); }
  };
  std::coroutine_handle<> handle;
};
[[nodiscard]] foreign_waker make_foreign_waker(lowlevel::wait_node& node);

/// The table of waits for foreign types: they cannot be interrupted, so a cancel request is delivered when
/// they end.
extern lowlevel::work_ops const foreign_wait_ops;

class foreign_wait : public lowlevel::wait_node {
 public:
  explicit foreign_wait(std::source_location where) noexcept : wait_node{foreign_wait_ops, where} {}
  std::coroutine_handle<> waker;

 protected:
  ~foreign_wait() { leave(); }
};

template <class A>
class foreign_awaiter : foreign_wait {
  using awaiter = decltype(get_awaiter(std::declval<A>()));
  using suspend_result =
      decltype(std::declval<std::remove_reference_t<awaiter>&>().await_suspend(std::coroutine_handle<>{}));

 public:
  foreign_awaiter(A&& operation, std::source_location where)
      : foreign_wait{where}, awaiter_{get_awaiter(std::forward<A>(operation))} {}

  bool await_ready() { return awaiter_.await_ready(); }

  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> coroutine) {
    this->prepare(coroutine);
    std::coroutine_handle<> const proxy = make_foreign_waker(*this).handle;
    this->waker = proxy;
    if (!this->begin()) {
      proxy.destroy();
      return false;
    }
    if constexpr (std::is_void_v<suspend_result>) {
      awaiter_.await_suspend(proxy);
    } else if constexpr (std::is_same_v<suspend_result, bool>) {
      if (!awaiter_.await_suspend(proxy)) {
        proxy.destroy();
        this->end();
        return false;
      }
    } else {
      awaiter_.await_suspend(proxy).resume();
    }
    return true;
  }

  decltype(auto) await_resume() {
    if (this->ended()) {
      lowlevel::throw_cancelled();
    }
    return awaiter_.await_resume();
  }

 private:
  awaiter awaiter_;
};

}  // namespace skein::detail
