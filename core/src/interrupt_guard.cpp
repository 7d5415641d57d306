// SPDX-License-Identifier: Apache-2.0
// interrupt_guard.cpp: Ctrl-C: cancel, then leave, then die.
#include "interrupt_guard.hpp"

#include "deadlock.hpp"
#include "runtime_core.hpp"

#include <skein/core/detail/scheduled_call.hpp>
#include <skein/core/detail/signal_watch.hpp>
#include <skein/core/errors.hpp>
#include <skein/core/report.hpp>

#include <unistd.h>

#include <exception>
#include <string>
#include <tuple>
#include <utility>

namespace skein::detail {
namespace {

bool is_default(int signal) noexcept {
  struct sigaction now{};
  return ::sigaction(signal, nullptr, &now) == 0 && (now.sa_flags & SA_SIGINFO) == 0 &&
         now.sa_handler == SIG_DFL;
}

void log_tasks(runtime_core& runtime) {
  log_line("skein: interrupted for the second time; the tasks that are not finished:");
  for (auto const& task : runtime.tasks()) {
    log_line("  " + task->repr());
  }
  log_line("skein: " + text_of_waits(runtime));
}

}  // namespace

interrupt_guard::interrupt_guard(runtime_core& runtime) : runtime_{runtime} {
  if (::getpid() == ::gettid() && is_default(SIGINT)) {
    auto const call = [this] { on_interrupt(); };
    using watch = bound_call<signal_watch, decltype(call)>;
    watch_signal(SIGINT, new watch{std::tuple<worker*, bool>{runtime_.workers[0].get(), true}, call});
    watching_ = true;
  }
}

interrupt_guard::~interrupt_guard() { stop_watching(); }

void interrupt_guard::stop_watching() noexcept {
  if (std::exchange(watching_, false)) {
    static_cast<void>(unwatch_signal(*runtime_.workers[0], SIGINT));
  }
}

void interrupt_guard::on_interrupt() {
  if (main_->done()) {
    return;  // the run ends just now
  }
  if (!std::exchange(cancelled_main_, true)) {
    // Before the cancel ends it: that may be why somebody pressed Ctrl-C.
    if (std::string const circles = text_of_circles(runtime_); !circles.empty()) {
      log_line("skein: interrupted; " + circles);
    }
    main_->cancel({});
    return;
  }
  log_tasks(runtime_);
  stop_watching();  // the next one ends the process
  throw keyboard_interrupt{};
}

void interrupt_guard::throw_if_interrupted() {
  stop_watching();
  if (cancelled_main_ && main_->status() == future_status::cancelled && main_->uncancel() == 0) {
    throw keyboard_interrupt{};
  }
}

}  // namespace skein::detail
