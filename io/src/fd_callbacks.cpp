// SPDX-License-Identifier: Apache-2.0
// fd_callbacks.cpp: calling again and again while a descriptor is ready, on top of events that come once.
//
// What       A table for each loop, with the two sides of each descriptor. A side that has a function is
//            active: its handler waits for an event, or a call of it is queued on the loop. After each call
//            the descriptor is asked whether it is still ready; if not, the handler waits again.
// Threads    All functions: any thread. Functions of the user are called by the loop only.
// Lifetime   The loop's driver holds the table; until there is one, the call that will make it does.
//
// Invariants (guarded by the mutex of the table)
//   I1  A descriptor is watched exactly while one of its sides has a function and the loop has a driver.
//   I2  A side that has a function and whose descriptor is watched is active.
#include "epoll_driver.hpp"
#include "watch_table.hpp"

#include <skein/io/fd_callbacks.hpp>

#include <skein/core/errors.hpp>

#include <poll.h>
#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <map>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace skein::detail {
namespace {

class fd_table;

/// One side of a descriptor.
class fd_side final : public readiness_handler, public std::enable_shared_from_this<fd_side> {
 public:
  fd_side(std::shared_ptr<fd_table> const& table, int fd, fd_event what)
      : table_{table}, fd_{fd}, what_{what} {}

  void on_ready() noexcept override;
  /// Waits for the next event, or queues a call when the descriptor is ready.
  void wait();

  std::shared_ptr<fd_call> function;  // null: nobody's; guarded by the table's mutex
  bool active = false;                // guarded by the table's mutex

 private:
  void run();
  [[nodiscard]] bool is_ready() const noexcept {
    pollfd asked{.fd = fd_, .events = static_cast<short>(reads() ? POLLIN | POLLPRI : POLLOUT), .revents = 0};
    return ::poll(&asked, 1, 0) > 0;
  }
  [[nodiscard]] bool reads() const noexcept { return what_ == fd_event::readable; }

  std::weak_ptr<fd_table> const table_;
  int const fd_;
  fd_event const what_;
};

class fd_table : public std::enable_shared_from_this<fd_table> {
 public:
  explicit fd_table(event_loop& l) noexcept : loop{l}, id_{l.id()} {}
  fd_table(fd_table const&) = delete;
  fd_table& operator=(fd_table const&) = delete;
  ~fd_table();

  void add(int fd, fd_event what, std::shared_ptr<fd_call> function);
  [[nodiscard]] bool remove(int fd, fd_event what);
  /// Makes the driver watch what was added before there was one.
  void start();
  /// Asks whether a side goes on, and makes it inactive if not.
  ///
  /// Returns     Where its descriptor is watched; nothing when nobody wants to hear of that side.
  [[nodiscard]] std::optional<watch_table::entry> go_on(fd_side& side, int fd) {
    std::lock_guard const guard{mutex};
    auto const where = items_[fd].where;
    side.active = where.has_value() && side.function != nullptr;
    return side.active ? where : std::nullopt;
  }

  event_loop& loop;
  std::mutex mutex;

 private:
  struct item {
    std::array<std::shared_ptr<fd_side>, 2> sides;
    std::optional<watch_table::entry> where;
  };
  void watch(int fd);

  loop_id const id_;  // constant; the loop may be gone before the table
  // Guarded by mutex.
  std::map<int, item> items_;
  std::shared_ptr<watch_table> watched_;  // null: the loop has no driver yet
};

struct all_tables {
  std::mutex mutex;
  std::unordered_map<loop_id, std::weak_ptr<fd_table>> of_loop;  // guarded by mutex
};
all_tables& the_tables() {
  static auto* const tables = new all_tables;  // never destroyed: loops may end at exit
  return *tables;
}

/// Returns     The table of a loop, and whether it was made just now.
std::pair<std::shared_ptr<fd_table>, bool> find_table(event_loop& loop, bool make) {
  all_tables& all = the_tables();
  std::lock_guard const guard{all.mutex};
  auto const at = all.of_loop.find(loop.id());
  auto table = at != all.of_loop.end() ? at->second.lock() : nullptr;
  if (table != nullptr || !make) {
    return {std::move(table), false};
  }
  table = std::make_shared<fd_table>(loop);
  all.of_loop[loop.id()] = table;
  return {std::move(table), true};
}

std::shared_ptr<fd_table> table_of(event_loop& loop) {
  auto const [table, fresh] = find_table(loop, true);
  if (fresh) {
    auto const keep = [kept = table] {
      epoll_driver::of_this_loop().keep(kept);
      kept->start();
    };
    if (running_loop() == &loop) {
      keep();
    } else {
      loop.call_soon(keep);
    }
  }
  return table;
}

fd_table::~fd_table() {
  all_tables& all = the_tables();
  std::lock_guard const guard{all.mutex};
  if (auto const at = all.of_loop.find(id_); at != all.of_loop.end() && at->second.expired()) {
    all.of_loop.erase(at);
  }
}

void fd_table::add(int fd, fd_event what, std::shared_ptr<fd_call> function) {
  std::shared_ptr<fd_side> side;
  {
    std::lock_guard const guard{mutex};
    auto& place = items_[fd].sides.at(static_cast<std::size_t>(what));
    if (place == nullptr) {
      place = std::make_shared<fd_side>(shared_from_this(), fd, what);
    }
    side = place;
    side->function.swap(function);  // what was there before goes without the lock
    if (watched_ == nullptr) {
      return;
    }
  }
  watch(fd);
}

void fd_table::watch(int fd) {
  std::array<std::shared_ptr<fd_side>, 2> begin;
  {
    std::lock_guard const guard{mutex};
    item& i = items_[fd];
    bool const wanted = std::any_of(i.sides.begin(), i.sides.end(),
                                    [](auto const& s) { return s != nullptr && s->function != nullptr; });
    if (wanted && !i.where) {
      try {
        i.where = watched_->add(fd, EPOLLIN | EPOLLPRI | EPOLLOUT | EPOLLRDHUP | EPOLLET);
      } catch (...) {
        items_.erase(fd);
        throw;
      }
    }
    for (std::size_t s = 0; s < begin.size(); ++s) {
      if (i.sides[s] != nullptr && i.sides[s]->function != nullptr && !i.sides[s]->active) {
        i.sides[s]->active = true;
        begin[s] = i.sides[s];
      }
    }
  }
  for (auto const& side : begin) {
    if (side != nullptr) {
      side->wait();
    }
  }
}

void fd_table::start() {
  std::vector<int> fds;
  {
    std::lock_guard const guard{mutex};
    watched_ = epoll_driver::table_of_this_loop();
    for (auto const& [fd, unused] : items_) {
      fds.push_back(fd);
    }
  }
  for (int const fd : fds) {
    watch(fd);
  }
}

bool fd_table::remove(int fd, fd_event what) {
  std::shared_ptr<fd_call> function;
  std::optional<watch_table::entry> where;
  {
    std::lock_guard const guard{mutex};
    auto const at = items_.find(fd);
    if (at == items_.end()) {
      return false;
    }
    auto& sides = at->second.sides;
    auto const& side = sides.at(static_cast<std::size_t>(what));
    if (side == nullptr || side->function == nullptr) {
      return false;
    }
    side->function.swap(function);
    auto const& other = sides.at(1 - static_cast<std::size_t>(what));
    if (other == nullptr || other->function == nullptr) {
      where = std::exchange(at->second.where, std::nullopt);
    }
  }
  if (where) {
    watched_->remove(fd, *where, [](int) {});
  }
  return true;
}

void fd_side::on_ready() noexcept {
  auto const table = table_.lock();
  if (table == nullptr) {
    return;
  }
  try {
    table->loop.call_soon([self = shared_from_this()] { self->run(); });
  } catch (loop_closed_error const&) {
    // Nobody will be called any more.
  }
}

void fd_side::run() {
  auto const table = table_.lock();
  if (table == nullptr) {
    return;
  }
  std::shared_ptr<fd_call> now;
  {
    std::lock_guard const guard{table->mutex};
    now = function;
    active = now != nullptr;
    if (!active) {
      return;
    }
  }
  if (is_ready()) {
    try {
      now->call();
    } catch (...) {
      wait();
      throw;
    }
  }
  wait();
}

void fd_side::wait() {
  auto const table = table_.lock();
  side const which = reads() ? side::read : side::write;
  while (table != nullptr) {
    auto const where = table->go_on(*this, fd_);
    if (!where) {
      return;
    }
    glimpse const seen = where->slot->look(which);
    if (is_ready()) {
      on_ready();
      return;
    }
    where->slot->spent(which, seen);
    if (where->slot->watch(where->number, which, shared_from_this()) == watching::armed) {
      return;
    }
  }
}

}  // namespace

void watch_fd(event_loop& loop, int fd, fd_event what, std::shared_ptr<fd_call> call) {
  if (fd < 0) {
    throw std::invalid_argument{"add_reader, add_writer: " + std::to_string(fd) +
                                " is no descriptor: give one that is open"};
  }
  table_of(loop)->add(fd, what, std::move(call));
}

bool unwatch_fd(event_loop& loop, int fd, fd_event what) {
  auto const table = find_table(loop, false).first;
  return table != nullptr && table->remove(fd, what);
}

}  // namespace skein::detail

namespace skein {

bool event_loop::remove_reader(int fd) { return detail::unwatch_fd(*this, fd, detail::fd_event::readable); }
bool event_loop::remove_writer(int fd) { return detail::unwatch_fd(*this, fd, detail::fd_event::writable); }

}  // namespace skein
