// SPDX-License-Identifier: Apache-2.0
// watch_table_test.cpp: readiness of descriptors: events, ticks, slots that are used again.
#include <support/test_case.hpp>

#include <watch_table.hpp>

#include <skein/io/owned_socket.hpp>

#include <sys/epoll.h>
#include <sys/eventfd.h>

#include <memory>
#include <set>
#include <vector>

using skein::detail::glimpse;
using skein::detail::readiness_handler;
using skein::detail::side;
using skein::detail::watch_table;
using skein::detail::watching;

namespace {

struct counter final : readiness_handler {
  void on_ready() noexcept override { ++ready; }
  void on_gone() noexcept override { ++gone; }
  int ready = 0;
  int gone = 0;
};

/// A table on an epoll of its own, whose events the test makes up.
struct fixture {
  skein::owned_socket epoll{::epoll_create1(EPOLL_CLOEXEC)};
  skein::owned_socket file{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
  watch_table table{epoll.fileno()};
  watch_table::entry entry = table.add(file.fileno(), EPOLLIN | EPOLLET);

  /// The key that epoll would give: the one event that is there.
  [[nodiscard]] std::uint64_t key() const {
    std::uint64_t const one = 1;
    REQUIRE(::write(file.fileno(), &one, sizeof one) == sizeof one);
    epoll_event event{};
    REQUIRE(::epoll_wait(epoll.fileno(), &event, 1, 0) == 1);
    return event.data.u64;
  }
};

void nothing(int) {}

}  // namespace

TEST_CASE("watch_table: a side is ready until a call would have blocked, and again after an event",
          "[io][watch_table]") {
  fixture f;
  auto& slot = *f.entry.slot;
  auto const key = f.key();
  glimpse const first = slot.look(side::read);
  REQUIRE(first.ready);
  slot.spent(side::read, first);
  REQUIRE_FALSE(slot.look(side::read).ready);
  REQUIRE(slot.look(side::write).ready);
  f.table.deliver(key, EPOLLIN);
  REQUIRE(slot.look(side::read).ready);
}

TEST_CASE("watch_table: an event between the look and the call that blocked is not forgotten",
          "[io][watch_table]") {
  fixture f;
  auto& slot = *f.entry.slot;
  auto const key = f.key();
  glimpse const before = slot.look(side::read);
  f.table.deliver(key, EPOLLIN);
  slot.spent(side::read, before);
  REQUIRE(slot.look(side::read).ready);
}

TEST_CASE("watch_table: after a hang-up a short read does not mean that nothing is left",
          "[io][watch_table]") {
  fixture f;
  auto& slot = *f.entry.slot;
  auto const key = f.key();
  f.table.deliver(key, EPOLLIN | EPOLLRDHUP);
  slot.drained(side::read, slot.look(side::read));
  REQUIRE(slot.look(side::read).ready);
  slot.spent(side::read, slot.look(side::read));
  REQUIRE_FALSE(slot.look(side::read).ready);
}

TEST_CASE("watch_table: a handler is told once, of its own side", "[io][watch_table]") {
  fixture f;
  auto& slot = *f.entry.slot;
  auto const key = f.key();
  auto const reader = std::make_shared<counter>();
  REQUIRE(slot.watch(f.entry.number, side::read, reader) == watching::ready);
  slot.spent(side::read, slot.look(side::read));
  REQUIRE(slot.watch(f.entry.number, side::read, reader) == watching::armed);
  REQUIRE(slot.watch(f.entry.number, side::read, reader) == watching::occupied);
  REQUIRE(f.table.has_waiters());
  f.table.deliver(key, EPOLLOUT);
  REQUIRE(reader->ready == 0);
  f.table.deliver(key, EPOLLIN);
  f.table.deliver(key, EPOLLIN);
  REQUIRE(reader->ready == 1);
  REQUIRE_FALSE(f.table.has_waiters());
}

TEST_CASE("watch_table: an error wakes both sides", "[io][watch_table]") {
  fixture f;
  auto& slot = *f.entry.slot;
  auto const key = f.key();
  auto const both = std::make_shared<counter>();
  for (side const s : {side::read, side::write}) {
    slot.spent(s, slot.look(s));
    REQUIRE(slot.watch(f.entry.number, s, both) == watching::armed);
  }
  f.table.deliver(key, EPOLLERR);
  REQUIRE(both->ready == 2);
}

TEST_CASE("watch_table: a late event does not reach the next descriptor in the slot (E1)",
          "[io][watch_table]") {
  fixture f;
  auto const old_key = f.key();
  f.table.remove(f.file.fileno(), f.entry, nothing);
  auto const next = f.table.add(f.file.fileno(), EPOLLIN | EPOLLET);
  REQUIRE(next.slot == f.entry.slot);
  auto const handler = std::make_shared<counter>();
  next.slot->spent(side::read, next.slot->look(side::read));
  REQUIRE(next.slot->watch(next.number, side::read, handler) == watching::armed);
  f.table.deliver(old_key, EPOLLIN);
  REQUIRE(handler->ready == 0);
  REQUIRE(next.slot->watch(f.entry.number, side::read, handler) == watching::gone);
}

TEST_CASE("watch_table: removing tells who waits, after the descriptor was closed", "[io][watch_table]") {
  static int closed = -1;
  fixture f;
  auto const handler = std::make_shared<counter>();
  f.entry.slot->spent(side::read, f.entry.slot->look(side::read));
  REQUIRE(f.entry.slot->watch(f.entry.number, side::read, handler) == watching::armed);
  f.table.remove(f.file.fileno(), f.entry, [](int fd) { closed = fd; });
  REQUIRE(closed == f.file.fileno());
  REQUIRE(handler->ready == 1);
}

TEST_CASE("watch_table: closing it tells handlers that the loop has gone, and nothing is watched any more",
          "[io][watch_table]") {
  fixture f;
  auto const handler = std::make_shared<counter>();
  f.entry.slot->spent(side::read, f.entry.slot->look(side::read));
  REQUIRE(f.entry.slot->watch(f.entry.number, side::read, handler) == watching::armed);
  f.table.close();
  REQUIRE(handler->gone == 1);
  REQUIRE(f.entry.slot->watch(f.entry.number, side::read, handler) == watching::gone);
  REQUIRE_THROWS_AS(f.table.add(f.file.fileno(), EPOLLIN), std::runtime_error);
  f.table.remove(f.file.fileno(), f.entry, nothing);
  REQUIRE(handler->ready == 0);
}

TEST_CASE("watch_table: thousands of descriptors have slots of their own", "[io][watch_table]") {
  fixture f;
  std::vector<skein::owned_socket> files;
  std::vector<watch_table::entry> entries;
  std::set<void*> slots;
  for (int i = 0; i < 1000; ++i) {
    files.emplace_back(::eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK));
    entries.push_back(f.table.add(files.back().fileno(), EPOLLIN | EPOLLET));
    slots.insert(entries.back().slot);
  }
  REQUIRE(slots.size() == 1000);
  for (auto const& e : entries) {
    e.slot->spent(side::read, e.slot->look(side::read));
  }
  std::vector<epoll_event> events(1000);
  int const count = ::epoll_wait(f.epoll.fileno(), events.data(), 1000, 0);
  REQUIRE(count == 1000);
  for (auto const& event : events) {
    f.table.deliver(event.data.u64, event.events);
  }
  for (std::size_t i = 0; i < entries.size(); ++i) {
    REQUIRE(entries[i].slot->look(side::read).ready);
    f.table.remove(files[i].fileno(), entries[i], nothing);
  }
}

TEST_CASE("watch_table: a descriptor that epoll refuses is an error and takes no slot", "[io][watch_table]") {
  fixture f;
  REQUIRE_THROWS_AS(f.table.add(-1, EPOLLIN), std::system_error);
  REQUIRE_THROWS_AS(f.table.add(f.file.fileno(), EPOLLIN), std::system_error);  // it is watched already
}
