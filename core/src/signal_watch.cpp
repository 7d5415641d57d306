// SPDX-License-Identifier: Apache-2.0
// signal_watch.cpp: from the handler of a signal to the loop that calls the user's function.
//
// What       A table with a watch for each signal. The handler, which may interrupt anything, puts the watch
//            into the inbox of its loop, whose push is lock-free, and unparks the loop: a system call.
// Threads    The handler: any thread. The table is changed with a mutex held.
// Lifetime   Who takes a watch out of the table waits until no handler looks at the table any more.
#include <skein/core/detail/signal_watch.hpp>

#include "runtime_core.hpp"
#include "worker.hpp"

#include <skein/core/errors.hpp>
#include <skein/core/report.hpp>

#include <fmt/core.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <mutex>
#include <stdexcept>
#include <system_error>
#include <thread>

namespace skein::detail {
namespace {

struct signal_table {
  std::mutex mutex;
  std::array<lowlevel::atomic<signal_watch*>, NSIG> watches{};  // written with mutex held
  std::array<struct sigaction, NSIG> before{};                  // guarded by mutex
  lowlevel::atomic<int> handlers_running{0};

  // With mutex held.
  void take_out(int signal) noexcept {
    auto const number = static_cast<std::size_t>(signal);
    ::sigaction(signal, &before[number], nullptr);
    signal_watch* const watch = watches[number].exchange(nullptr, lowlevel::memory_order_seq_cst);
    while (handlers_running.load(lowlevel::memory_order_seq_cst) != 0) {
      std::this_thread::yield();
    }
    watch->release();
  }
};

signal_table& the_table() {
  static signal_table* const table = new signal_table;  // never destroyed: a handler may run at exit
  return *table;
}

extern "C" void skein_on_signal(int signal) {
  int const error = errno;
  signal_table& table = the_table();
  table.handlers_running.fetch_add(1, lowlevel::memory_order_seq_cst);
  signal_watch* const watch =
      table.watches[static_cast<std::size_t>(signal)].load(lowlevel::memory_order_seq_cst);
  if (watch != nullptr && watch->try_queue()) {
    watch->retain();  // the queue's reference
    if (!watch->loop().post_from_signal(*watch)) {
      watch->unretain();
    }
  } else if (watch != nullptr && watch->ends_when_ignored()) {
    struct sigaction default_action{};
    default_action.sa_handler = SIG_DFL;
    ::sigaction(signal, &default_action, nullptr);
    ::raise(signal);  // when this handler returns
  }
  table.handlers_running.fetch_sub(1, lowlevel::memory_order_seq_cst);
  errno = error;
}

}  // namespace

lowlevel::work_ops const signal_watch::ops_table{&signal_watch::run_call, &signal_watch::drop_call, nullptr,
                                                 nullptr, "signal"};

void signal_watch::run_call(lowlevel::work_item& item) noexcept {
  auto& self = static_cast<signal_watch&>(item);
  self.queued_.store(false, lowlevel::memory_order_release);
  try {
    self.call();
  } catch (keyboard_interrupt const&) {
    self.loop_->runtime.fail(std::current_exception());
  } catch (system_exit const&) {
    self.loop_->runtime.fail(std::current_exception());
  } catch (...) {
    report(self.loop_->id,
           {.message = "Exception in a signal handler", .exception = std::current_exception()});
  }
  self.release();
}

void signal_watch::drop_call(lowlevel::work_item& item) noexcept {
  static_cast<signal_watch&>(item).release();
}

void watch_signal(int signal, signal_watch* watch) {
  state_ref<signal_watch> owned = state_ref<signal_watch>::adopt(watch);
  if (signal < 1 || signal >= NSIG) {
    throw std::invalid_argument{
        fmt::format("sig {} is out of range: give the number of a signal, 1 to {}", signal, NSIG - 1)};
  }
  check_open(watch->loop());
  signal_table& table = the_table();
  std::lock_guard const guard{table.mutex};
  auto const number = static_cast<std::size_t>(signal);
  if (table.watches[number].load(lowlevel::memory_order_relaxed) != nullptr) {
    table.take_out(signal);
  }
  table.watches[number].store(owned.detach(), lowlevel::memory_order_seq_cst);
  struct sigaction action{};
  action.sa_handler = &skein_on_signal;
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  if (::sigaction(signal, &action, &table.before[number]) != 0) {
    int const error = errno;
    table.watches[number].exchange(nullptr, lowlevel::memory_order_seq_cst)->release();
    if (error == EINVAL) {
      throw std::runtime_error{fmt::format("sig {} cannot be caught", signal)};
    }
    throw std::system_error{error, std::generic_category(), "sigaction"};
  }
  // As asyncio: what is put back later is the default, not a handler of before.
  table.before[number] = {};
  table.before[number].sa_handler = SIG_DFL;
}

bool unwatch_signal(worker const& loop, int signal) {
  if (signal < 1 || signal >= NSIG) {
    throw std::invalid_argument{
        fmt::format("sig {} is out of range: give the number of a signal, 1 to {}", signal, NSIG - 1)};
  }
  signal_table& table = the_table();
  std::lock_guard const guard{table.mutex};
  signal_watch* const watch =
      table.watches[static_cast<std::size_t>(signal)].load(lowlevel::memory_order_relaxed);
  if (watch == nullptr || &watch->loop() != &loop) {
    return false;
  }
  table.take_out(signal);
  return true;
}

void unwatch_signals_of(worker const& loop) noexcept {
  signal_table& table = the_table();
  std::lock_guard const guard{table.mutex};
  for (int signal = 1; signal < NSIG; ++signal) {
    signal_watch* const watch =
        table.watches[static_cast<std::size_t>(signal)].load(lowlevel::memory_order_relaxed);
    if (watch != nullptr && &watch->loop() == &loop) {
      table.take_out(signal);
    }
  }
}

}  // namespace skein::detail
