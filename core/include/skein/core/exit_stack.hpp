// SPDX-License-Identifier: Apache-2.0
// exit_stack.hpp: a number of resources that is known at run time only, left in the reverse order.
#pragma once

#include <skein/core/coro.hpp>
#include <skein/core/with.hpp>

#include <exception>
#include <functional>
#include <memory>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace skein {
namespace detail {

/// Something to be done when a stack is left.
class exit_entry {
 public:
  exit_entry() = default;
  exit_entry(exit_entry const&) = delete;
  exit_entry& operator=(exit_entry const&) = delete;
  virtual ~exit_entry() = default;
  /// Returns     True when the error is swallowed.
  [[nodiscard]] virtual coro<bool> leave(std::exception_ptr error) = 0;
};

/// A resource, or a reference to one.
template <class R>
class resource_entry final : public exit_entry {
 public:
  template <class Q>
  explicit resource_entry(std::in_place_t, Q&& resource) : resource_(std::forward<Q>(resource)) {}
  [[nodiscard]] std::remove_reference_t<R>& resource() noexcept { return resource_; }

  [[nodiscard]] coro<bool> leave(std::exception_ptr error) override {
    if constexpr (std::is_void_v<await_result_t<decltype(leave_resource(resource_, error))>>) {
      co_await leave_resource(resource_, std::move(error));
      co_return false;
    } else {
      co_return co_await leave_resource(resource_, std::move(error));
    }
  }

 private:
  R resource_;
};

/// A function that is told the error.
template <class F>
class told_entry final : public exit_entry {
 public:
  template <class G>
  explicit told_entry(std::in_place_t, G&& f) : f_(std::forward<G>(f)) {}

  [[nodiscard]] coro<bool> leave(std::exception_ptr error) override {
    if constexpr (std::is_void_v<coro_result<F&, std::exception_ptr>>) {
      co_await shielded(as_coro(std::invoke(f_, std::move(error))));
      co_return false;
    } else {
      co_return co_await shielded(as_coro(std::invoke(f_, std::move(error))));
    }
  }

 private:
  F f_;
};

/// A function that is called with arguments of its own.
template <class F, class... Args>
class called_entry final : public exit_entry {
 public:
  template <class G, class... As>
  explicit called_entry(std::in_place_t, G&& f, As&&... args)
      : f_(std::forward<G>(f)), args_{std::forward<As>(args)...} {}

  [[nodiscard]] coro<bool> leave(std::exception_ptr) override {
    if constexpr (coro_callable<F&, Args&...>) {
      co_await shielded(as_coro(call()));
    } else {
      static_cast<void>(call());
    }
    co_return false;
  }

 private:
  decltype(auto) call() {
    return std::apply([this](Args&... args) -> decltype(auto) { return std::invoke(f_, args...); }, args_);
  }

  F f_;
  std::tuple<Args...> args_;
};

}  // namespace detail

/// Resources and functions that are left, or called, in the reverse order when the stack is.
///
/// Used as `co_await with(exit_stack{}, [&](exit_stack& stack) -> coro<> {…})`. Each exit sees the error that
/// is under way at that moment: one that an exit threw replaces it, one that was swallowed is gone.
///
/// Threads     One task at a time.
/// Lifetime    Destroyed without having been left, it drops what it holds; nothing of it is left or called.
/// Source      contextlib.AsyncExitStack.
class exit_stack {
 public:
  /// For skein itself: each exit is shielded, or not, by its own kind.
  static constexpr bool exit_sees_cancel = true;

  exit_stack() = default;
  exit_stack(exit_stack&&) noexcept = default;
  exit_stack& operator=(exit_stack&&) = delete;

  /// Enters a resource; it is left with the stack. An lvalue is used in place, an rvalue is kept.
  ///
  /// Returns     A reference to the resource.
  /// Throws      What entering throws; the stack does not have it then.
  /// Cancelling  Reaches the entering.
  template <async_resource R>
  [[nodiscard]] auto enter_async_context(R&& resource) -> coro<std::remove_reference_t<R>&> {
    return enter(this, std::make_unique<detail::resource_entry<R>>(std::in_place, std::forward<R>(resource)));
  }

  /// Has f(error) awaited, where error is null when there is none; f may give true to swallow it.
  template <class F>
    requires detail::coro_callable<std::decay_t<F>&, std::exception_ptr>
  void push_async_exit(F&& f) {
    entries_.push_back(
        std::make_unique<detail::told_entry<std::decay_t<F>>>(std::in_place, std::forward<F>(f)));
  }
  /// Has f(args…) awaited.
  template <class F, class... Args>
    requires detail::coro_callable<std::decay_t<F>&, std::decay_t<Args>&...>
  void push_async_callback(F&& f, Args&&... args) {
    push_call(std::forward<F>(f), std::forward<Args>(args)...);
  }
  /// Has f(args…) called.
  template <class F, class... Args>
    requires(std::invocable<std::decay_t<F>&, std::decay_t<Args>&...> &&
             !detail::coro_callable<std::decay_t<F>&, std::decay_t<Args>&...>)
  void callback(F&& f, Args&&... args) {
    push_call(std::forward<F>(f), std::forward<Args>(args)...);
  }

  /// Returns     A stack with all that this one holds; this one is empty then, and leaving it does nothing.
  [[nodiscard]] exit_stack pop_all() noexcept { return std::move(*this); }

  /// Leaves and calls everything now.
  ///
  /// Throws      What the exits throw.
  /// Cancelling  Each exit runs to its end, as in `with`.
  [[nodiscard]] coro<void> aclose();

  /// Enters; called by `with`.
  ///
  /// Cancelling  Does not wait.
  [[nodiscard]] coro<void> aenter();
  /// Leaves and calls everything; called by `with`.
  ///
  /// Returns     True when the error was swallowed.
  /// Throws      What the exits throw.
  /// Cancelling  Each exit runs to its end, as in `with`.
  [[nodiscard]] coro<bool> aexit(std::exception_ptr error);

 private:
  template <class R>
  static coro<std::remove_reference_t<R>&> enter(exit_stack* self,
                                                 std::unique_ptr<detail::resource_entry<R>> entry) {
    auto& resource = entry->resource();
    co_await resource.aenter();
    self->entries_.push_back(std::move(entry));
    co_return resource;
  }
  template <class F, class... Args>
  void push_call(F&& f, Args&&... args) {
    using entry = detail::called_entry<std::decay_t<F>, std::decay_t<Args>...>;
    entries_.push_back(
        std::make_unique<entry>(std::in_place, std::forward<F>(f), std::forward<Args>(args)...));
  }

  std::vector<std::unique_ptr<detail::exit_entry>> entries_;
};

}  // namespace skein
