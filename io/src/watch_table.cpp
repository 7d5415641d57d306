// SPDX-License-Identifier: Apache-2.0
// watch_table.cpp: slots, events, waiting for them, and taking all of it back.
#include "watch_table.hpp"

#include "readiness_wait.hpp"

#include <sys/epoll.h>

#include <bit>
#include <cerrno>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace skein::detail {

using lowlevel::memory_order_acquire;
using lowlevel::memory_order_relaxed;
using lowlevel::memory_order_release;

// ---- a slot ----------------------------------------------------------------------------------------------

void watched::told::tell() noexcept {
  if (waiter != nullptr) {
    waiter->on_ready();
  }
  if (handler != nullptr) {
    handler->on_ready();
  }
}

watched::told watched::take(half& h) noexcept {
  if (h.waiter != nullptr || h.handler != nullptr) {
    waiters_->fetch_sub(1, memory_order_relaxed);
  }
  return {std::exchange(h.waiter, nullptr), std::exchange(h.handler, nullptr)};
}

glimpse watched::look(side s) noexcept {
  std::lock_guard const guard{lock_};
  return {at(s).ready, at(s).tick};
}

void watched::spent(side s, glimpse seen) noexcept {
  std::lock_guard const guard{lock_};
  if (at(s).tick == seen.tick) {
    at(s).ready = false;
  }
}

void watched::drained(side s, glimpse seen) noexcept {
  std::lock_guard const guard{lock_};
  half& h = at(s);
  if (h.tick == seen.tick && !h.hung_up) {
    h.ready = false;
  }
}

watching watched::watch(std::uint32_t number, side s, readiness_wait& waiter) noexcept {
  std::lock_guard const guard{lock_};
  half& h = at(s);
  if (number != number_) {
    return watching::gone;
  }
  if (h.ready) {
    return watching::ready;
  }
  if (h.waiter != nullptr || h.handler != nullptr) {
    return watching::occupied;
  }
  if (!waiter.begin()) {
    return watching::cancelled;
  }
  h.waiter = &waiter;
  waiters_->fetch_add(1, memory_order_relaxed);
  return watching::armed;
}

watching watched::watch(std::uint32_t number, side s, std::shared_ptr<readiness_handler> handler) noexcept {
  std::lock_guard const guard{lock_};
  half& h = at(s);
  if (number != number_) {
    return watching::gone;
  }
  if (h.ready) {
    return watching::ready;
  }
  if (h.waiter != nullptr || h.handler != nullptr) {
    return watching::occupied;
  }
  h.handler = std::move(handler);
  waiters_->fetch_add(1, memory_order_relaxed);
  return watching::armed;
}

bool watched::forget(side s, readiness_wait& waiter, bool cancelled) noexcept {
  std::lock_guard const guard{lock_};
  half& h = at(s);
  if (h.waiter != &waiter) {
    return false;
  }
  h.waiter = nullptr;
  waiters_->fetch_sub(1, memory_order_relaxed);
  if (cancelled) {
    waiter.set_cancelled();
  }
  return true;
}

// ---- the table -------------------------------------------------------------------------------------------

watch_table::~watch_table() {
  for (auto& chunk : chunks_) {
    delete[] chunk.load(memory_order_relaxed);
  }
}

watched* watch_table::slot_at(std::uint32_t index) const noexcept {
  std::uint32_t const shifted = index + first_chunk;
  auto const chunk = static_cast<unsigned>(std::bit_width(shifted) - std::bit_width(first_chunk));
  return chunks_[chunk].load(memory_order_acquire) + (shifted - (first_chunk << chunk));
}

// With mutex_ held.
watched& watch_table::take_slot() {
  if (free_.empty()) {
    auto const chunk =
        static_cast<unsigned>(std::bit_width(made_ + first_chunk) - std::bit_width(first_chunk));
    if (chunk >= chunks_max) {
      throw std::system_error{EMFILE, std::generic_category(), "this loop watches too many descriptors"};
    }
    std::uint32_t const length = first_chunk << chunk;
    free_.reserve(made_ + length);  // so that giving one back cannot fail
    auto* const slots = new watched[length];
    for (std::uint32_t i = length; i-- > 0;) {
      slots[i].index_ = made_ + i;
      slots[i].waiters_ = &waiters_;
      free_.push_back(made_ + i);
    }
    made_ += length;
    chunks_[chunk].store(slots, memory_order_release);
  }
  watched& slot = *slot_at(free_.back());
  free_.pop_back();
  return slot;
}

watch_table::entry watch_table::add(int fd, std::uint32_t events) {
  std::lock_guard const guard{mutex_};
  if (epoll_ < 0) {
    throw std::runtime_error{"Event loop is closed: it cannot watch a descriptor any more"};
  }
  watched& slot = take_slot();
  entry e{&slot, 0};
  {
    std::lock_guard const inner{slot.lock_};
    e.number = ++slot.number_;
    slot.halves_ = {};
  }
  epoll_event event{};
  event.events = events;
  event.data.u64 = key_of(e);
  if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) != 0) {
    int const error = errno;
    free_.push_back(slot.index_);
    throw std::system_error{error, std::generic_category(), "epoll_ctl: watching a descriptor"};
  }
  return e;
}

void watch_table::change(int fd, entry e, std::uint32_t events) noexcept {
  std::lock_guard const guard{mutex_};
  if (epoll_ >= 0) {
    epoll_event event{};
    event.events = events;
    event.data.u64 = key_of(e);
    ::epoll_ctl(epoll_, EPOLL_CTL_MOD, fd, &event);
  }
}

void watch_table::remove(int fd, entry e, void (*before_telling)(int fd)) noexcept {
  std::array<watched::told, 2> told;
  {
    std::lock_guard const guard{e.slot->lock_};
    if (e.slot->number_ == e.number) {  // else the table was closed
      ++e.slot->number_;
    }
    told[0] = e.slot->take(e.slot->halves_[0]);
    told[1] = e.slot->take(e.slot->halves_[1]);
  }
  {
    std::lock_guard const guard{mutex_};
    if (epoll_ >= 0) {
      epoll_event unused{};
      ::epoll_ctl(epoll_, EPOLL_CTL_DEL, fd, &unused);  // a copy of the descriptor may live on in a child
    }
    free_.push_back(e.slot->index_);
  }
  before_telling(fd);
  told[0].tell();
  told[1].tell();
}

void watch_table::deliver(std::uint64_t key, std::uint32_t events) noexcept {
  watched& slot = *slot_at(static_cast<std::uint32_t>(key));
  std::array<watched::told, 2> told;
  {
    std::lock_guard const guard{slot.lock_};
    if (slot.number_ != static_cast<std::uint32_t>(key >> 32U)) {
      return;  // of the descriptor that had the slot before
    }
    auto const happen = [&](side s, std::uint32_t which, std::uint32_t hang_up) {
      if ((events & (which | hang_up)) != 0) {
        watched::half& h = slot.at(s);
        h.ready = true;
        h.hung_up = h.hung_up || (events & hang_up) != 0;
        ++h.tick;
        told[static_cast<std::size_t>(s)] = slot.take(h);
      }
    };
    happen(side::read, EPOLLIN | EPOLLPRI, EPOLLRDHUP | EPOLLHUP | EPOLLERR);
    happen(side::write, EPOLLOUT, EPOLLHUP | EPOLLERR);
  }
  told[0].tell();
  told[1].tell();
}

void watch_table::close() noexcept {
  std::uint32_t made = 0;
  {
    std::lock_guard const guard{mutex_};
    epoll_ = -1;
    made = made_;
  }
  for (std::uint32_t i = 0; i < made; ++i) {
    watched& slot = *slot_at(i);
    std::array<std::shared_ptr<readiness_handler>, 2> handlers;
    {
      std::lock_guard const guard{slot.lock_};
      ++slot.number_;
      for (std::size_t s = 0; s < handlers.size(); ++s) {
        handlers[s] = slot.take(slot.halves_[s]).handler;
      }
    }
    for (auto const& handler : handlers) {
      if (handler != nullptr) {
        handler->on_gone();
      }
    }
  }
}

}  // namespace skein::detail
