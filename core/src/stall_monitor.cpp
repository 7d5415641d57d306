// SPDX-License-Identifier: Apache-2.0
// stall_monitor.cpp: the monitor's look at the workers, and its two ways to sleep.
#include "stall_monitor.hpp"

#include "runtime_core.hpp"
#include "signals_blocked.hpp"

#include <pthread.h>

#include <algorithm>
#include <chrono>

namespace skein::detail {
namespace {

using lowlevel::instant;
using lowlevel::never;

constexpr instant period_min = 1'000'000;   // ns
constexpr instant look_again = 1'000'000;   // at those that are held up
constexpr instant period_max = 50'000'000;  // a limit of a minute need not be met to the millisecond

instant limit_of(delay given, bool on) noexcept {
  return on && given.nanoseconds() > 0 ? given.nanoseconds() : never;
}

// Half of the shorter limit: a stall is noticed at the latest one and a half limits after it began.
instant period_for(instant report, instant takeover) noexcept {
  return std::clamp(std::min(report, takeover) / 2, period_min, period_max);
}

instant steady_now() noexcept { return std::chrono::steady_clock::now().time_since_epoch().count(); }

}  // namespace

stall_monitor::stall_monitor(runtime_core& runtime)
    : runtime_{runtime},
      report_after_{limit_of(runtime.options.stall_report, !runtime.options.virtual_time)},
      takeover_after_{limit_of(runtime.options.stall_takeover, runtime.options.workers > 1)},
      period_{period_for(report_after_, takeover_after_)},
      watched_(runtime.options.workers),
      reporter_{runtime} {}

void stall_monitor::start() {
  if (report_after_ == never && takeover_after_ == never) {
    return;
  }
  signals_blocked const here;
  thread_ = std::thread{[this] { run(); }};
  pthread_setname_np(thread_.native_handle(), "skein-monitor");
}

void stall_monitor::stop() noexcept {
  if (!thread_.joinable()) {
    return;
  }
  stopping_.store(true, lowlevel::memory_order_release);
  parker_.unpark(nullptr);
  thread_.join();
  reporter_.stop();
}

void stall_monitor::wake() noexcept {
  if (asleep_.exchange(false, lowlevel::memory_order_seq_cst)) {
    parker_.unpark(nullptr);
  }
}

void stall_monitor::run() noexcept {
  instant wait = period_;
  while (!stopping()) {
    instant const before = steady_now();
    sleep(wait);
    bool const calm = look(std::min(steady_now() - before, 2 * wait));
    wait = std::min(take_over(), period_);
    if (calm && all_asleep()) {
      sleep_long();
    }
  }
  look(0);  // what has ended by now is told
}

void stall_monitor::sleep(instant time) noexcept {
  if (parker_.announce(false)) {
    parker_.wait(time);
    parker_.retract();
  }
}

void stall_monitor::sleep_long() noexcept {
  asleep_.store(true, lowlevel::memory_order_seq_cst);  // [A]
  if (all_asleep() && !stopping()) {
    sleep(never);
  }
  asleep_.store(false, lowlevel::memory_order_seq_cst);
}

bool stall_monitor::all_asleep() const noexcept {
  return std::all_of(runtime_.workers.begin(), runtime_.workers.end(),
                     [](auto const& w) { return w->asleep(); });
}

bool stall_monitor::look(instant elapsed) {
  bool calm = true;
  for (std::size_t i = 0; i < watched_.size(); ++i) {
    watched& w = watched_[i];
    pulse const now = runtime_.workers[i]->beat();
    if (now == w.seen && !now.resting()) {
      w.held += elapsed;
    } else {
      if (w.reported) {
        reporter_.post({runtime_.workers[i].get(), w.seen, w.held, true});
      }
      w = {.seen = now};
    }
    if (w.held >= report_after_ && !w.reported && runtime_.workers[i]->holds_others_up()) {
      report(i);
    }
    calm = calm && !w.reported;
  }
  return calm;
}

instant stall_monitor::take_over() {
  auto const held_up = [&](watched const& w) { return w.held >= takeover_after_; };
  if (takeover_after_ == never || std::all_of(watched_.begin(), watched_.end(), held_up)) {
    return never;  // nobody to give anything to
  }
  instant again = never;
  for (std::size_t i = 0; i < watched_.size(); ++i) {
    if (held_up(watched_[i])) {
      again = look_again;
      worker& w = *runtime_.workers[i];
      if (w.give_away(through_)) {
        runtime_.notify_one();
      }
      if (w.needs_looking_after()) {
        w.ask_for_relief();
      }
    }
  }
  return again;
}

void stall_monitor::report(std::size_t index) {
  watched& w = watched_[index];
  w.reported = true;
  runtime_.workers[index]->count_stall();
  reporter_.post({runtime_.workers[index].get(), w.seen, w.held, false});
}

}  // namespace skein::detail
