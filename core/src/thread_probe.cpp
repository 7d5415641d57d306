// SPDX-License-Identifier: Apache-2.0
// thread_probe.cpp: the kernel's word for what a thread does, and the signal that lets it walk its stack.
#include "thread_probe.hpp"

#include <skein/core/lowlevel/atomic.hpp>

#include <fmt/core.h>

#include <fcntl.h>
#include <semaphore.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <ctime>
#include <mutex>
#include <utility>

namespace skein::detail {
namespace {

constexpr int probe_signal = SIGURG;
constexpr std::size_t handler_frames = 2;  // itself, and what the kernel returns to
constexpr long patience = 20'000'000;      // ns: a thread that does not run answers late, or never

// The one request there is at a time.
struct stack_request {
  enum : int { nobody, asked, taken, answered };
  std::mutex mutex;  // held by who asks
  lowlevel::atomic<int> state{nobody};
  lowlevel::atomic<pid_t> whom{0};  // written before state is asked
  traceback stack;                  // written by who has taken it
  sem_t bell;
  bool has_handler = false;  // guarded by mutex
};

stack_request& the_request() {
  static stack_request* const request = [] {
    auto* const made = new stack_request;  // never destroyed: a handler may run at exit
    ::sem_init(&made->bell, 0, 0);
    return made;
  }();
  return *request;
}

extern "C" void skein_on_probe(int) {
  int const error = errno;
  stack_request& request = the_request();  // made before the handler was installed
  int expected = stack_request::asked;
  if (request.whom.load(lowlevel::memory_order_relaxed) == ::gettid() &&
      request.state.compare_exchange_strong(expected, stack_request::taken,
                                            lowlevel::memory_order_acq_rel)) {  // [A]
    request.stack = traceback::here(handler_frames);
    request.state.store(stack_request::answered, lowlevel::memory_order_release);  // [B]
    ::sem_post(&request.bell);
  }
  errno = error;
}

// With the mutex held.
bool may_signal(stack_request& request) {
  struct sigaction now{};
  if (::sigaction(probe_signal, nullptr, &now) != 0) {
    return false;
  }
  if (now.sa_handler == &skein_on_probe) {
    return true;
  }
  if ((now.sa_flags & SA_SIGINFO) != 0 || now.sa_handler != SIG_DFL) {
    return false;
  }
  if (!std::exchange(request.has_handler, true)) {
    static_cast<void>(traceback::here());  // what the first call looks up is found outside of the handler
  }
  struct sigaction ours{};
  ours.sa_handler = &skein_on_probe;
  ours.sa_flags = SA_RESTART | SA_ONSTACK;
  sigemptyset(&ours.sa_mask);
  return ::sigaction(probe_signal, &ours, nullptr) == 0;
}

traceback ask_for_stack(pid_t thread) {
  stack_request& request = the_request();
  std::lock_guard const guard{request.mutex};
  if (!may_signal(request)) {
    return {};
  }
  request.whom.store(thread, lowlevel::memory_order_relaxed);
  request.state.store(stack_request::asked, lowlevel::memory_order_release);
  bool rung = false;
  if (::syscall(SYS_tgkill, ::getpid(), thread, probe_signal) == 0) {
    timespec limit{};
    ::clock_gettime(CLOCK_MONOTONIC, &limit);
    limit.tv_nsec += patience;
    limit.tv_sec += limit.tv_nsec / 1'000'000'000;
    limit.tv_nsec %= 1'000'000'000;
    rung = ::sem_clockwait(&request.bell, CLOCK_MONOTONIC, &limit) == 0;
  }
  int expected = stack_request::asked;
  if (!rung && request.state.compare_exchange_strong(expected, stack_request::nobody,
                                                     lowlevel::memory_order_acq_rel)) {  // [A]
    return {};
  }
  while (!rung) {  // the handler is at it
    rung = ::sem_wait(&request.bell) == 0;
  }
  bool const answered = request.state.load(lowlevel::memory_order_acquire) == stack_request::answered;  // [C]
  request.state.store(stack_request::nobody, lowlevel::memory_order_relaxed);
  return answered ? request.stack : traceback{};
}

// The first word of the kernel's answer: "running", the number of a call, or -1 for a page fault.
std::optional<std::string> word_of_kernel(pid_t thread) {
  std::string const path = fmt::format("/proc/self/task/{}/syscall", thread);
  int const fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    return std::nullopt;
  }
  std::array<char, 256> text;
  ssize_t const size = ::read(fd, text.data(), text.size());
  ::close(fd);
  if (size <= 0) {
    return std::nullopt;
  }
  std::string_view const line{text.data(), static_cast<std::size_t>(size)};
  return std::string{line.substr(0, line.find_first_of(" \n"))};
}

// Calls that go on after a signal as if nothing had been, whatever they were given.
bool goes_on_after_signal(long call) {
  switch (call) {
    case SYS_futex:  // the C library's locks and conditions look again
    case SYS_fsync:
    case SYS_fdatasync:
    case SYS_openat:
    case SYS_wait4:
    case SYS_waitid:
    case SYS_flock:
    case SYS_pread64:
    case SYS_pwrite64:
    case SYS_getdents64:
      return true;
    default:
      return false;
  }
}

}  // namespace

thread_look look_at_thread(pid_t thread) {
  auto const word = word_of_kernel(thread);
  if (!word) {
    return {};  // the kernel does not tell: no signal either, it might end a sleep
  }
  thread_look look;
  if (*word != "running" && *word != "-1") {
    look.system_call = std::strtol(word->c_str(), nullptr, 10);
  }
  if (!look.system_call || goes_on_after_signal(*look.system_call)) {
    look.stack = ask_for_stack(thread);
  }
  return look;
}

std::string name_of_system_call(long number) {
  constexpr std::array names{
      std::pair{SYS_read, "read"},
      std::pair{SYS_write, "write"},
      std::pair{SYS_readv, "readv"},
      std::pair{SYS_writev, "writev"},
      std::pair{SYS_pread64, "pread64"},
      std::pair{SYS_pwrite64, "pwrite64"},
      std::pair{SYS_openat, "openat"},
      std::pair{SYS_fsync, "fsync"},
      std::pair{SYS_fdatasync, "fdatasync"},
      std::pair{SYS_flock, "flock"},
      std::pair{SYS_fcntl, "fcntl"},
      std::pair{SYS_ioctl, "ioctl"},
      std::pair{SYS_getdents64, "getdents64"},
      std::pair{SYS_ppoll, "ppoll"},
      std::pair{SYS_pselect6, "pselect6"},
      std::pair{SYS_epoll_pwait, "epoll_pwait"},
      std::pair{SYS_connect, "connect"},
      std::pair{SYS_accept, "accept"},
      std::pair{SYS_accept4, "accept4"},
      std::pair{SYS_recvfrom, "recvfrom"},
      std::pair{SYS_recvmsg, "recvmsg"},
      std::pair{SYS_sendto, "sendto"},
      std::pair{SYS_sendmsg, "sendmsg"},
      std::pair{SYS_nanosleep, "nanosleep"},
      std::pair{SYS_clock_nanosleep, "clock_nanosleep"},
      std::pair{SYS_futex, "futex"},
      std::pair{SYS_wait4, "wait4"},
      std::pair{SYS_waitid, "waitid"},
      std::pair{SYS_io_uring_enter, "io_uring_enter"},
#ifdef SYS_poll  // not on every machine
      std::pair{SYS_poll, "poll"},
      std::pair{SYS_select, "select"},
      std::pair{SYS_epoll_wait, "epoll_wait"},
      std::pair{SYS_pause, "pause"},
#endif
  };
  for (auto const& [call, name] : names) {
    if (call == number) {
      return name;
    }
  }
  return fmt::format("system call {}", number);
}

}  // namespace skein::detail
