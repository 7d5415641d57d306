// SPDX-License-Identifier: Apache-2.0
// async_generator.hpp: coroutines that yield values and may wait in between, and going through all of them.
#pragma once

#include <skein/core/coro.hpp>
#include <skein/core/detail/generator_core.hpp>
#include <skein/core/errors.hpp>

#include <concepts>
#include <coroutine>
#include <exception>
#include <functional>
#include <memory>
#include <new>
#include <optional>
#include <source_location>
#include <type_traits>
#include <utility>

namespace skein {

template <class T>
class async_generator;

namespace detail {

template <class T>
class generator_promise : public awaiting_promise {
 public:
  // Suspends until the next value is asked for, or the generator is closed.
  struct yield_awaiter {
    generator_promise& promise;
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    // Not inlined: whoever asked may resume the frame before this returns.
    [[gnu::noinline]] void await_suspend(std::coroutine_handle<>) const noexcept { hand_over(*promise.slot); }
    void await_resume() const {
      if (promise.closing) {
        throw generator_exit{};
      }
    }
  };

  [[nodiscard]] async_generator<T> get_return_object();
  [[nodiscard]] yield_awaiter yield_value(T value) {
    ::new (&result().value) std::optional<T>(std::move(value));
    return {*this};
  }
  void return_void() { ::new (&result().value) std::optional<T>(); }
  void unhandled_exception() noexcept {
    try {
      throw;
    } catch (generator_exit const&) {
      if (closing) {
        return_void();
        return;
      }
      ::new (&result().error) std::exception_ptr(std::current_exception());
    } catch (...) {
      ::new (&result().error) std::exception_ptr(std::current_exception());
    }
    mark_failed(result());
  }

  bool closing = false;  // the next step throws generator_exit

 private:
  [[nodiscard]] detail::slot<std::optional<T>>& result() noexcept {
    return static_cast<detail::slot<std::optional<T>>&>(*slot);
  }
};

/// One step of a generator: to its next value, or to its end.
template <class T>
class generator_awaiter {
 public:
  generator_awaiter(generator_ref core, bool closing, std::source_location where) noexcept
      : core_{std::move(core)}, join_{where}, closing_{closing} {}
  generator_awaiter(generator_awaiter const&) = delete;
  generator_awaiter& operator=(generator_awaiter const&) = delete;
  ~generator_awaiter() {
    if (path_ != await_path::finished && path_ != await_path::fresh) [[unlikely]] {
      abandon();
    }
  }

  bool await_ready() {
    auto const before = core_->claim(closing_ ? "aclose()" : "next()");
    if (before == generator_core::state::finished) {
      path_ = await_path::finished;
      return true;
    }
    if (before == generator_core::state::fresh) {
      if (closing_) {  // it never begins
        core_->destroy_frame();
        core_->settle(true);
        path_ = await_path::finished;
        return true;
      }
      core_->enroll(join_.where);
    }
    handle const frame = handle::from_address(core_->frame().address());
    slot_.open(&join_, slot_kind::child);
    frame.promise().slot = &slot_;
    frame.promise().closing = closing_;
    if (closing_) {
      core_->mark_closing();
    }
    if (stack_low(this_thread())) [[unlikely]] {
      path_ = await_path::spilled;
      return false;
    }
    path_ = await_path::waiting;
    return run_inline(frame, slot_) || slot_.state() == slot_status::failed;
  }

  template <class Promise>
  [[gnu::noinline]] bool await_suspend(std::coroutine_handle<Promise> parent) {
    bool const spill = path_ == await_path::spilled;
    path_ = await_path::waiting;
    return suspend_for_child(parent.promise(), parent, join_,
                             any_coroutine::from_address(core_->frame().address()), spill);
  }

  std::optional<T> await_resume() {
    if (std::exchange(path_, await_path::finished) == await_path::finished) {
      return std::nullopt;
    }
    if (slot_.has_error()) {
      core_->settle(true);
      rethrow(slot_);
    }
    std::optional<T> value = slot_.take();
    slot_.clear();
    core_->settle(!value);
    return value;
  }

 private:
  using handle = std::coroutine_handle<generator_promise<T>>;

  // The frame of the awaiting coroutine goes while the generator is out.
  [[gnu::noinline]] void abandon() noexcept {
    if (slot_.unfinished()) {
      core_->destroy_frame();
    } else {
      slot_.clear();
    }
    core_->settle(true);
  }

  generator_ref core_;
  join join_;
  slot<std::optional<T>> slot_;
  await_path path_ = await_path::fresh;
  bool closing_;
};

/// What `next` returns: awaited, it runs the generator to its next co_yield.
template <class T>
class [[nodiscard("co_await it to get the next value")]] generator_step {
 public:
  using skein_awaits = std::optional<T>;
  generator_step(generator_ref core, bool closing) noexcept : core_{std::move(core)}, closing_{closing} {}
  [[nodiscard]] auto make_awaiter(std::source_location where) {
    return generator_awaiter<T>{std::move(core_), closing_, where};
  }

 private:
  generator_ref core_;
  bool closing_;
};

template <class T>
coro<void> close_generator(generator_ref core) {
  generator_step<T> step(std::move(core), true);
  auto const value = co_await step;
  if (value) {
    throw_exit_ignored();
  }
}

template <class T>
class generator_core_of final : public generator_core {
 public:
  using generator_core::generator_core;
  [[nodiscard]] coro<void> close() override { return close_generator<T>(generator_ref::share(this)); }
};

}  // namespace detail

/// A coroutine that yields values and may wait between them: `co_yield` and `co_await` in one body.
///
/// It runs only while somebody awaits `next`, inside the task that does, in its context and cancelled with
/// it. One that is dropped unfinished is closed by its loop, in a task of its own, so its cleanup may wait;
/// `run` closes those that are left when its tasks have ended.
///
/// Threads     One `next` or `aclose` at a time; from any task of the runtime in turn.
/// Lifetime    Owns its frame. As with `coro`: parameters are kept, what a lambda captures is not.
/// Cost        Two allocations when it is made; none for a value.
/// Source      PEP 525, asynchronous generators.
template <class T>
class [[nodiscard("a generator does nothing until next is awaited")]] async_generator {
  static_assert(
      std::is_object_v<T> && std::is_move_constructible_v<T>,
      "a generator yields values: yield a pointer or a std::reference_wrapper to refer to something");

 public:
  using promise_type = detail::generator_promise<T>;

  async_generator(async_generator&&) noexcept = default;
  async_generator& operator=(async_generator&&) noexcept = default;
  ~async_generator() = default;

  /// Runs the generator until it yields.
  ///
  /// Returns     The value; nothing when the generator has ended, and ever after.
  /// Throws      What the generator throws, which ends it; `std::runtime_error` while another task is in
  ///             `next` or `aclose`, or when it was moved from.
  /// Cancelling  Goes to what the generator waits for. If it lets the `cancelled_error` out, that ends it.
  /// Threads     A task of the runtime.
  /// Lifetime    The generator object may go meanwhile.
  [[nodiscard]] detail::generator_step<T> next() { return {checked(), false}; }

  /// Ends the generator: throws `generator_exit` at the co_yield where it is suspended, and waits until it
  /// has cleaned up. Does nothing when it has ended; one that has not begun never does.
  ///
  /// Throws      What the generator throws but for the `generator_exit`; `std::runtime_error` when it yields
  ///             again, and as `next`.
  /// Cancelling  Goes to what the cleanup waits for.
  [[nodiscard]] coro<void> aclose() { return detail::close_generator<T>(checked()); }

 private:
  friend promise_type;
  explicit async_generator(detail::generator_ref core) noexcept : core_{std::move(core)} {}
  [[nodiscard]] detail::generator_ref checked() const {
    if (!core_) {
      detail::throw_moved_generator();
    }
    return core_;
  }

  detail::generator_ref core_;
};

namespace detail {

template <class T>
async_generator<T> generator_promise<T>::get_return_object() {
  auto const frame = std::coroutine_handle<generator_promise>::from_promise(*this);
  return async_generator<T>{generator_ref::adopt(new generator_core_of<T>{frame})};
}

/// Something with `next`, such as an async generator.
template <class G>
concept steps = requires(G& g) {
  { g.next() } -> own_awaitable;
};
template <class G>
concept closable = requires(G& g) {
  { g.aclose() } -> own_awaitable;
};

/// Calls f with an item, which it may move from.
template <class F, class T>
decltype(auto) visit_item(F& f, T& item) {
  if constexpr (std::invocable<F&, T>) {
    return std::invoke(f, std::move(item));
  } else {
    return std::invoke(f, item);
  }
}

/// G is a reference, or a type whose object is kept and closed.
template <class G, class F>
coro<void> visit_all(G generator, F f) {
  std::exception_ptr error;
  try {
    while (auto item = co_await generator.next()) {
      using R = decltype(visit_item(f, *item));
      if constexpr (std::is_same_v<R, bool>) {
        if (!visit_item(f, *item)) {
          break;
        }
      } else if constexpr (!awaitable<R>) {
        static_cast<void>(visit_item(f, *item));
      } else if constexpr (std::is_same_v<await_result_t<R>, bool>) {
        if (!co_await visit_item(f, *item)) {
          break;
        }
      } else {
        static_cast<void>(co_await visit_item(f, *item));
      }
    }
  } catch (...) {
    error = std::current_exception();
  }
  if constexpr (!std::is_reference_v<G> && closable<G>) {
    co_await generator.aclose();
  }
  if (error) {
    std::rethrow_exception(error);
  }
}

}  // namespace detail

/// Calls f(item) for each value of a generator, until it ends. When f returns false, the rest is left; when
/// it returns a coro, that is awaited before the next value is asked for.
///
/// A generator given as an rvalue is kept, and closed when this ends, however it ends; one given as an lvalue
/// is used in place and can go on afterwards.
///
/// Throws      What the generator or f throws.
/// Cancelling  Goes to what the generator or f waits for.
/// Lifetime    f is kept; a generator given as an lvalue outlives the await.
/// Source      async for.
template <class G, class F>
  requires detail::steps<std::remove_reference_t<G>>
[[nodiscard]] coro<void> for_each(G&& generator, F&& f) {
  return detail::visit_all<G, std::decay_t<F>>(std::forward<G>(generator), std::forward<F>(f));
}
template <class G, class F>
void for_each(G&&, F&&) = delete;  // for async generators: a plain range has the loop of C++

}  // namespace skein
