// SPDX-License-Identifier: Apache-2.0
// scheduled_call.hpp: a function that a loop will call: what call_soon, call_later and callbacks queue.
#pragma once

#include <skein/core/detail/context_slot.hpp>
#include <skein/core/detail/debug_mode.hpp>
#include <skein/core/detail/future_state.hpp>
#include <skein/core/lowlevel/timer_heap.hpp>
#include <skein/core/lowlevel/work_item.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <tuple>
#include <typeinfo>
#include <utility>

namespace skein::detail {

class worker;

/// A queued call. The queue holds a reference, and so does each handle.
class scheduled_call : public lowlevel::work_item {
 public:
  scheduled_call() noexcept : work_item{ops_table} {}
  virtual ~scheduled_call() = default;

  void retain() noexcept { references_.fetch_add(1, lowlevel::memory_order_relaxed); }
  void release() noexcept {
    if (references_.fetch_sub(1, lowlevel::memory_order_acq_rel) == 1) {
      delete this;
    }
  }

  virtual void call() = 0;
  /// The type of the function, for people.
  [[nodiscard]] virtual std::type_info const& function_type() const noexcept = 0;
  /// Destroys the function and its arguments: it ran, or never will.
  virtual void clear() noexcept {}

  /// Wins the right to run, or to have it never run (`to`).
  enum class phase : std::uint8_t { queued, running, ran, cancelled };
  [[nodiscard]] bool leave_queued(phase to) noexcept {
    auto expected = phase::queued;
    return phase_.compare_exchange_strong(expected, to, lowlevel::memory_order_acq_rel,
                                          lowlevel::memory_order_relaxed);
  }
  void set_phase(phase p) noexcept { phase_.store(p, lowlevel::memory_order_release); }
  [[nodiscard]] phase current_phase() const noexcept { return phase_.load(lowlevel::memory_order_acquire); }
  virtual void cancel() noexcept;

  /// Where the call is made; filled in before it is queued.
  context_slot own_context;
  /// Where it was asked for, in debug mode; filled in before it is queued.
  made_at made;

  static lowlevel::work_ops const ops_table;

 private:
  static void run_call(lowlevel::work_item& item) noexcept;
  static void drop_call(lowlevel::work_item& item) noexcept;

  lowlevel::atomic<std::uint32_t> references_{1};
  lowlevel::atomic<phase> phase_{phase::queued};
};

/// A call with a deadline.
class timed_call : public scheduled_call, public lowlevel::timer_node {
 public:
  explicit timed_call(loop_id loop) noexcept : timer_node{&fire}, loop_{loop} {}
  void cancel() noexcept override;
  [[nodiscard]] lowlevel::instant when() const noexcept { return when_; }
  void set_when(lowlevel::instant t) noexcept { when_ = t; }

 private:
  static void fire(lowlevel::timer_node& node) noexcept;
  loop_id loop_;
  lowlevel::instant when_ = lowlevel::never;
};

using call_ref = state_ref<scheduled_call>;

/// Returns     The name of a callable's type without what it stands in: `print`, `{lambda}`.
[[nodiscard]] std::string callable_name(std::type_info const& type);

/// Lets the call be made in a copy of the current context.
void inherit_context(scheduled_call& call) noexcept;

/// A function and its arguments, called as `f(args…)` with the arguments as lvalues.
template <class Base, class F, class... Args>
class bound_call final : public Base {
 public:
  template <class... BaseArgs, class G, class... As>
  explicit bound_call([[maybe_unused]] std::tuple<BaseArgs...> base, G&& f, As&&... args)
      : Base{std::get<BaseArgs>(base)...},
        bound_{std::in_place, std::forward<G>(f), std::forward<As>(args)...} {}

  void call() override {
    std::apply([](F& f, Args&... args) { static_cast<void>(std::invoke(f, args...)); }, *bound_);
  }
  [[nodiscard]] std::type_info const& function_type() const noexcept override { return typeid(F); }
  void clear() noexcept override { bound_.reset(); }

 private:
  std::optional<std::tuple<F, Args...>> bound_;
};

}  // namespace skein::detail
