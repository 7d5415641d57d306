// SPDX-License-Identifier: Apache-2.0
// epoll_driver.cpp: the four system calls of the driver.
#include "epoll_driver.hpp"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <stdexcept>
#include <system_error>

namespace skein::detail {
namespace {

constexpr std::size_t events_at_once = 256;

[[noreturn]] void fail(char const* call) { throw std::system_error{errno, std::generic_category(), call}; }

int wait_for_events(int epoll, epoll_event* events, lowlevel::instant timeout) noexcept {
  constexpr lowlevel::instant second = 1'000'000'000;
  if (timeout == 0 || timeout == lowlevel::never) {
    return ::epoll_wait(epoll, events, events_at_once, timeout == 0 ? 0 : -1);
  }
  timespec const limit{.tv_sec = timeout / second, .tv_nsec = timeout % second};
  int const count = ::epoll_pwait2(epoll, events, events_at_once, &limit, nullptr);
  if (count < 0 && errno == ENOSYS) {  // before Linux 5.11: milliseconds, rounded up
    constexpr lowlevel::instant millisecond = 1'000'000;
    lowlevel::instant const ms = timeout / millisecond + (timeout % millisecond != 0 ? 1 : 0);
    return ::epoll_wait(epoll, events, events_at_once,
                        static_cast<int>(std::min<lowlevel::instant>(ms, INT32_MAX)));
  }
  return count;
}

}  // namespace

epoll_driver::epoll_driver()
    : epoll_{::epoll_create1(EPOLL_CLOEXEC)}, wake_{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)} {
  if (!epoll_) {
    fail("epoll_create1");
  }
  if (!wake_) {
    fail("eventfd");
  }
  epoll_event event{};
  event.events = EPOLLIN | EPOLLET;
  event.data.u64 = watch_table::no_key;
  if (::epoll_ctl(epoll_.fileno(), EPOLL_CTL_ADD, wake_.fileno(), &event) != 0) {
    fail("epoll_ctl");
  }
  table_ = std::make_shared<watch_table>(epoll_.fileno());
}

epoll_driver::~epoll_driver() { table_->close(); }

epoll_driver& epoll_driver::of_this_loop() {
  if (lowlevel::running_driver() == nullptr) {
    lowlevel::install_driver(std::make_unique<epoll_driver>());
  }
  auto* const mine = dynamic_cast<epoll_driver*>(lowlevel::running_driver());
  if (mine == nullptr) {
    throw std::logic_error{std::string{"this loop has a driver that cannot watch sockets: "} +
                           lowlevel::running_driver()->name()};
  }
  return *mine;
}

std::shared_ptr<watch_table> const& epoll_driver::table_of_this_loop() { return of_this_loop().table_; }

void epoll_driver::poll(lowlevel::instant timeout) {
  std::array<epoll_event, events_at_once> events;
  int const count = wait_for_events(epoll_.fileno(), events.data(), timeout);
  for (int i = 0; i < count; ++i) {
    epoll_event const& event = events[static_cast<std::size_t>(i)];
    if (event.data.u64 != watch_table::no_key) {
      table_->deliver(event.data.u64, event.events);
    }
  }
}

void epoll_driver::wake() noexcept {
  std::uint64_t const one = 1;
  // It fails only when nearly 2^64 wake-ups were written.
  static_cast<void>(::write(wake_.fileno(), &one, sizeof one) == sizeof one);
}

}  // namespace skein::detail
