// SPDX-License-Identifier: Apache-2.0
// signal_watch.hpp: a function that a loop calls whenever a signal has arrived.
#pragma once

#include <skein/core/lowlevel/atomic.hpp>
#include <skein/core/lowlevel/work_item.hpp>

#include <cstdint>
#include <typeinfo>

namespace skein::detail {

class worker;

/// What the handler of a signal sends to its loop. Queued once at a time: signals that arrive before the loop
/// has called are one.
///
/// Threads     retain, release, try_queue: any thread, also inside a signal handler.
/// Lifetime    Held by the table of signals and by the queue of the loop.
class signal_watch : public lowlevel::work_item {
 public:
  /// `ends_when_ignored`   A signal that comes while the one before was not taken by the loop yet has its
  ///                       default effect.
  explicit signal_watch(worker* loop, bool ends_when_ignored = false) noexcept
      : work_item{ops_table}, loop_{loop}, ends_when_ignored_{ends_when_ignored} {}
  virtual ~signal_watch() = default;

  virtual void call() = 0;
  virtual void clear() noexcept {}
  /// Returns     The type of the function, for reports.
  [[nodiscard]] virtual std::type_info const& function_type() const noexcept = 0;

  void retain() noexcept { references_.fetch_add(1, lowlevel::memory_order_relaxed); }
  void release() noexcept {
    if (references_.fetch_sub(1, lowlevel::memory_order_acq_rel) == 1) {
      delete this;
    }
  }
  /// Takes back what was retained by somebody who knows that another reference exists: frees nothing.
  void unretain() noexcept { references_.fetch_sub(1, lowlevel::memory_order_relaxed); }

  /// Returns     False when it is queued already.
  [[nodiscard]] bool try_queue() noexcept { return !queued_.exchange(true, lowlevel::memory_order_acq_rel); }
  [[nodiscard]] worker& loop() const noexcept { return *loop_; }
  [[nodiscard]] bool ends_when_ignored() const noexcept { return ends_when_ignored_; }

 private:
  static lowlevel::work_ops const ops_table;
  static void run_call(lowlevel::work_item& item) noexcept;
  static void drop_call(lowlevel::work_item& item) noexcept;

  worker* const loop_;
  bool const ends_when_ignored_;
  lowlevel::atomic<std::uint32_t> references_{1};
  lowlevel::atomic<bool> queued_{false};
};

/// Installs the watch as the process's handler of a signal, instead of one that was there; takes over the
/// caller's reference.
///
/// Throws      `std::invalid_argument` for a number that is no signal; `std::runtime_error` for one that
///             cannot be caught; `loop_closed_error`.
void watch_signal(int signal, signal_watch* watch);

/// Returns     False when the loop does not watch that signal.
bool unwatch_signal(worker const& loop, int signal);

/// Puts the disposition of every signal back that the loop watches; it is about to close.
void unwatch_signals_of(worker const& loop) noexcept;

}  // namespace skein::detail
