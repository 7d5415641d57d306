// SPDX-License-Identifier: Apache-2.0
// loop_table.cpp: a map behind a mutex, with a count of users for each loop.
#include "loop_table.hpp"

#include <condition_variable>
#include <mutex>
#include <unordered_map>

namespace skein::detail {
namespace {

struct entry {
  worker* loop;
  unsigned users = 0;
};

struct table {
  std::mutex mutex;
  std::condition_variable unused;
  std::unordered_map<loop_id, entry> loops;
  loop_id next = 1;
};

table& the_table() {
  static table* const t = new table;  // never destroyed: futures in static storage may ask at exit
  return *t;
}

}  // namespace

loop_id reserve_loop_ids(unsigned n) noexcept {
  std::lock_guard const guard{the_table().mutex};
  loop_id const first = the_table().next;
  the_table().next += n;
  return first;
}

void add_loop(loop_id id, worker& w) {
  std::lock_guard const guard{the_table().mutex};
  the_table().loops.emplace(id, entry{&w});
}

void remove_loop(loop_id id) noexcept {
  table& t = the_table();
  std::unique_lock guard{t.mutex};
  auto const found = t.loops.find(id);
  if (found == t.loops.end()) {
    return;
  }
  found->second.loop = nullptr;
  t.unused.wait(guard, [&] { return found->second.users == 0; });
  t.loops.erase(found);
}

pinned_loop::pinned_loop(loop_id id) noexcept : id_{id}, worker_{nullptr} {
  std::lock_guard const guard{the_table().mutex};
  auto const found = the_table().loops.find(id);
  if (found != the_table().loops.end() && found->second.loop != nullptr) {
    worker_ = found->second.loop;
    ++found->second.users;
  }
}

pinned_loop::~pinned_loop() {
  if (worker_ == nullptr) {
    return;
  }
  table& t = the_table();
  std::lock_guard const guard{t.mutex};
  auto const found = t.loops.find(id_);
  if (--found->second.users == 0) {
    t.unused.notify_all();
  }
}

}  // namespace skein::detail
