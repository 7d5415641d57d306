// SPDX-License-Identifier: Apache-2.0
// slot.hpp: where a coroutine writes its result: a place in the frame of whoever awaits it.
#pragma once

#include <skein/core/lowlevel/atomic.hpp>
#include <skein/core/lowlevel/flow.hpp>

#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <type_traits>
#include <utility>
#include <variant>

namespace skein::detail {

class task_state;

/// What became of a coroutine. It moves from empty to done or failed when it runs inline; it becomes detached
/// before its first real suspension or by the thief that took it, and then ends in one of the last two.
/// Only the last transition of a detached coroutine is seen by others, and they read it after the join's
/// counter; so the accesses are relaxed.
enum class slot_status : std::uint8_t {
  empty,
  done,
  failed,
  skipped,  // never entered: cancelled before its first step
  detached,
  detached_done,
  detached_failed,
};

/// Who waits for the coroutine.
enum class slot_kind : std::uint8_t { child, branch, root };

struct join;

struct slot_base {
  union {
    join* owner;       // child, branch
    task_state* task;  // root
  };
  lowlevel::atomic<slot_status> status;
  slot_kind kind;

  slot_base() noexcept {}

  [[gnu::always_inline]] void open(join* j, slot_kind k) noexcept {
    owner = j;
    status.store(slot_status::empty, lowlevel::memory_order_relaxed);
    kind = k;
  }
  [[nodiscard]] slot_status state() const noexcept { return status.load(lowlevel::memory_order_relaxed); }
  [[nodiscard]] bool has_value() const noexcept {
    return state() == slot_status::done || state() == slot_status::detached_done;
  }
  [[nodiscard]] bool has_error() const noexcept {
    return state() == slot_status::failed || state() == slot_status::detached_failed;
  }
  [[nodiscard]] bool unfinished() const noexcept {
    return state() == slot_status::empty || state() == slot_status::detached;
  }
};

/// Results as they are stored: a reference as a pointer, void as nothing.
template <class T>
struct stored {
  using type = T;
};
template <class T>
struct stored<T&> {
  using type = T*;
};
template <>
struct stored<void> {
  using type = std::monostate;
};
template <class T>
using stored_t = typename stored<T>::type;

/// Hands out a stored scalar through a register: g++ otherwise fuses two neighbouring 8-byte loads into one
/// 16-byte load right after 8-byte stores, which stalls (fib: 16.1 → 9.7 ns a node).
template <class T>
[[gnu::always_inline]] inline T take_value(T& value) {
  if constexpr (std::is_integral_v<T> || std::is_pointer_v<T>) {
    T copy = value;
    asm("" : "+r"(copy));
    return copy;
  } else {
    return std::move(value);
  }
}

template <class T>
struct slot : slot_base {
  using value_type = stored_t<T>;
  static_assert(
      alignof(value_type) <= 16,
      "results are aligned to 16 bytes at most: return a std::unique_ptr to a type that needs more");
  union {
    value_type value;
    std::exception_ptr error;
  };

  slot() noexcept {}
  slot(slot const&) = delete;
  slot& operator=(slot const&) = delete;
  ~slot() {}  // whoever owns the slot calls clear(), unless nothing needs destroying

  static constexpr bool trivial = std::is_trivially_destructible_v<value_type>;

  /// Destroys the value or the error, if there is one.
  void clear() noexcept {
    if (has_value()) {
      std::destroy_at(&value);
    } else if (has_error()) {
      std::destroy_at(&error);
    }
  }

  [[nodiscard, gnu::always_inline]] auto take() -> std::conditional_t<std::is_void_v<T>, void, T> {
    if constexpr (std::is_void_v<T>) {
      return;
    } else if constexpr (std::is_reference_v<T>) {
      return static_cast<T>(*take_value(value));
    } else {
      return take_value(value);
    }
  }
};

/// The slot of a child of when_all, with the child's flow right before it, so that one leads to the other
/// without knowing T.
template <class T>
struct branch_slot {
  alignas(alignof(detail::slot<T>)) std::byte padding[alignof(detail::slot<T>) - sizeof(lowlevel::flow)];
  lowlevel::flow flow{lowlevel::flow::kind::branch};
  detail::slot<T> slot;
};
template <class T>
  requires(alignof(detail::slot<T>) == sizeof(lowlevel::flow))
struct branch_slot<T> {
  lowlevel::flow flow{lowlevel::flow::kind::branch};
  detail::slot<T> slot;
};

[[nodiscard]] inline lowlevel::flow& flow_of_branch(slot_base& slot) noexcept {
  return *(reinterpret_cast<lowlevel::flow*>(&slot) - 1);
}
[[nodiscard]] inline slot_base& slot_of_branch(lowlevel::flow& flow) noexcept {
  return *reinterpret_cast<slot_base*>(&flow + 1);
}

/// The error of a slot that has one, without its type: it stands where every slot has it.
[[nodiscard]] inline std::exception_ptr& error_of(slot_base& slot) noexcept {
  return static_cast<detail::slot<void>&>(slot).error;
}

}  // namespace skein::detail
