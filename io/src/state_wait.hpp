// SPDX-License-Identifier: Apache-2.0
// state_wait.hpp: waiting until something holds that a mutex guards, and waking all who wait for it.
#pragma once

#include <skein/core/lowlevel/wait_node.hpp>

#include <coroutine>
#include <mutex>
#include <source_location>

namespace skein::detail {

/// Those who wait for one fact about one object.
///
/// Threads     wake_all: any thread.
/// Lifetime    Outlives every wait.
class wait_line {
 public:
  /// `mutex`     Guards the fact and this line.
  explicit wait_line(std::mutex& mutex) noexcept : mutex_{mutex} {}
  wait_line(wait_line const&) = delete;
  wait_line& operator=(wait_line const&) = delete;

  /// Takes everybody out with the mutex held, gives it back, and wakes them in their order.
  void wake_all(std::unique_lock<std::mutex> held) noexcept;

 private:
  friend class state_wait;
  std::mutex& mutex_;
  lowlevel::wait_list list_;
};

/// The await of a fact.
class state_wait final : public lowlevel::wait_node {
 public:
  /// Asked with the mutex held.
  using question = bool (*)(void const* owner) noexcept;

  state_wait(lowlevel::work_ops const& kind, wait_line& line, question holds, void const* owner,
             std::source_location at) noexcept
      : wait_node{kind, at}, line_{line}, holds_{holds}, owner_{owner} {}
  state_wait(state_wait const&) = delete;
  state_wait& operator=(state_wait const&) = delete;
  ~state_wait() { leave(); }

  [[nodiscard]] bool await_ready() noexcept;
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> coroutine) {
    prepare(coroutine);
    return suspend();
  }
  void await_resume() {
    if (ended()) {
      lowlevel::throw_cancelled();
    }
  }

  /// The table of such a wait, with its name for reports.
  [[nodiscard]] static constexpr lowlevel::work_ops ops(char const* what) noexcept {
    return {&lowlevel::wait_node::resume, &lowlevel::drop_wait, &cancel_wait, &abandon_wait, what};
  }

 private:
  friend class wait_line;
  static bool cancel_wait(lowlevel::wait_node& node) noexcept;
  static void abandon_wait(lowlevel::wait_node& node) noexcept;
  [[nodiscard]] bool suspend() noexcept;
  [[nodiscard]] bool unlink() noexcept;

  wait_line& line_;
  question holds_;
  void const* owner_;
  bool linked_ = false;  // guarded by the line's mutex
};

/// What to await.
struct [[nodiscard("co_await it to wait")]] state_operation {
  using skein_awaits = void;
  lowlevel::work_ops const* kind;
  wait_line* line;
  state_wait::question holds;
  void const* owner;
  [[nodiscard]] auto make_awaiter(std::source_location at) const {
    return state_wait{*kind, *line, holds, owner, at};
  }
};

}  // namespace skein::detail
