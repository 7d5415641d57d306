// SPDX-License-Identifier: Apache-2.0
// context.cpp: the immutable maps of contexts, the cells that point to them, and which one is current.
//
// What       A map is one block: its entries, sorted by the number of the variable. Setting a variable makes
// a
//            new block; the values themselves are shared by all maps that have them.
// Threads    A map never changes and is read by any thread. A cell's pointer is read and replaced under its
//            lock, which is held for a search and a few counts, never over a destructor or an allocation.
#include "worker.hpp"

#include <skein/core/context.hpp>
#include <skein/core/detail/task_state.hpp>

#include <algorithm>
#include <mutex>
#include <new>
#include <span>
#include <stdexcept>

namespace skein::detail {

using lowlevel::memory_order_acq_rel;
using lowlevel::memory_order_acquire;
using lowlevel::memory_order_relaxed;

/// An immutable map; never empty: null stands for that.
class context_map {
 public:
  struct entry {
    context_key key;
    context_value* value;  // owns a reference
  };

  context_map(context_map const&) = delete;
  context_map& operator=(context_map const&) = delete;

  void retain() noexcept { references_.fetch_add(1, memory_order_relaxed); }
  void release() noexcept {
    if (references_.fetch_sub(1, memory_order_acq_rel) == 1) {
      for (entry const& e : entries()) {
        e.value->release();
      }
      this->~context_map();
      ::operator delete(this);
    }
  }

  [[nodiscard]] static context_value* find(context_map const* map, context_key key) noexcept {
    if (map == nullptr) {
      return nullptr;
    }
    auto const all = map->entries();
    auto const at = std::ranges::lower_bound(all, key, {}, &entry::key);
    return at != all.end() && at->key == key ? at->value : nullptr;
  }

  /// Returns     A map with one value set, or taken away when it is null.
  [[nodiscard]] static context_map* with(context_map const* map, context_key key, context_value* value) {
    std::span<entry const> const old = map != nullptr ? map->entries() : std::span<entry const>{};
    auto const at = std::ranges::lower_bound(old, key, {}, &entry::key);
    auto const rest = at != old.end() && at->key == key ? at + 1 : at;
    std::size_t const size = old.size() - static_cast<std::size_t>(rest - at) + (value != nullptr ? 1 : 0);
    if (size == 0) {
      return nullptr;
    }
    auto* const fresh = ::new (::operator new(sizeof(context_map) + size * sizeof(entry))) context_map{size};
    entry* next = std::uninitialized_copy(old.begin(), at, fresh->first());
    if (value != nullptr) {
      next = ::new (next) entry{key, value} + 1;
    }
    std::uninitialized_copy(rest, old.end(), next);
    for (entry const& e : fresh->entries()) {
      e.value->retain();
    }
    return fresh;
  }

 private:
  explicit context_map(std::size_t size) noexcept : size_{size} {}
  ~context_map() = default;
  [[nodiscard]] entry* first() noexcept { return reinterpret_cast<entry*>(this + 1); }
  [[nodiscard]] std::span<entry const> entries() const noexcept {
    return {reinterpret_cast<entry const*>(this + 1), size_};
  }

  lowlevel::atomic<std::uint32_t> references_{1};
  std::size_t const size_;
};

// ---- cells -----------------------------------------------------------------------------------------------

namespace {

// What the word of a slot is.
context_cell* cell_of(std::uintptr_t word) noexcept {
  return reinterpret_cast<context_cell*>(word & ~std::uintptr_t{1});
}
context_map* map_of(std::uintptr_t word) noexcept { return reinterpret_cast<context_map*>(word); }

}  // namespace

context_cell::~context_cell() {
  for (context_map* const map : {map_, inherited_}) {
    if (map != nullptr) {
      map->release();
    }
  }
}

state_ref<context_cell> context_cell::copy_of(context_slot const& from) {
  auto made = state_ref<context_cell>::adopt(new context_cell);
  context_slot copy;
  copy.inherit(from);
  made->map_ = map_of(copy.word_.exchange(0, memory_order_relaxed));
  return made;
}

context_map* context_cell::snapshot() noexcept {
  std::lock_guard const guard{lock_};
  if (map_ != nullptr) {
    map_->retain();
  }
  return map_;
}

context_value* context_cell::find(context_key key) noexcept {
  std::lock_guard const guard{lock_};
  context_value* const value = context_map::find(map_, key);
  if (value != nullptr) {
    value->retain();
  }
  return value;
}

bool context_cell::copy_out(context_key key, void (*copy)(context_value const&, void*), void* into) noexcept {
  std::lock_guard const guard{lock_};
  context_value const* const value = context_map::find(map_, key);
  if (value == nullptr) {
    return false;
  }
  copy(*value, into);
  return true;
}

state_ref<context_value> context_cell::replace(context_key key, state_ref<context_value> value) {
  for (;;) {
    auto const old = state_ref<context_map>::adopt(snapshot());
    auto fresh = state_ref<context_map>::adopt(context_map::with(old.get(), key, value.get()));
    auto before = state_ref<context_value>::share(context_map::find(old.get(), key));
    {
      std::lock_guard const guard{lock_};
      if (map_ != old.get()) {
        continue;  // somebody else set something meanwhile
      }
      map_ = fresh.detach();
    }
    if (old) {
      old->release();  // the cell's reference
    }
    return before;
  }
}

// ---- slots -----------------------------------------------------------------------------------------------

void context_slot::inherit_word(std::uintptr_t word) noexcept {
  context_map* map = nullptr;
  if ((word & cell_bit) != 0) {
    map = cell_of(word)->snapshot();
  } else {
    map = map_of(word);
    map->retain();
  }
  word_.store(reinterpret_cast<std::uintptr_t>(map), memory_order_relaxed);
}

void context_slot::enter(context_cell& cell) noexcept {
  cell.retain();
  word_.store(reinterpret_cast<std::uintptr_t>(&cell) | cell_bit, memory_order_relaxed);
}

context_cell& context_slot::cell() {
  std::uintptr_t word = word_.load(memory_order_acquire);  // [B]
  if ((word & cell_bit) != 0) {
    return *cell_of(word);
  }
  context_map* const map = map_of(word);
  auto made = state_ref<context_cell>::adopt(new context_cell{map, map});
  if (map != nullptr) {
    map->retain();
    map->retain();
  }
  if (word_.compare_exchange_strong(word, reinterpret_cast<std::uintptr_t>(made.get()) | cell_bit,  // [A]
                                    memory_order_acq_rel, memory_order_acquire)) {
    if (map != nullptr) {
      map->release();  // the slot's
    }
    return *made.detach();
  }
  return *cell_of(word);  // another branch of the task was first
}

context_value* context_slot::find(context_key key) const noexcept {
  std::uintptr_t const word = word_.load(memory_order_acquire);  // [B]
  if ((word & cell_bit) != 0) {
    return cell_of(word)->find(key);
  }
  context_value* const value = context_map::find(map_of(word), key);
  if (value != nullptr) {
    value->retain();
  }
  return value;
}

bool context_slot::copy_out(context_key key, void (*copy)(context_value const&, void*),
                            void* into) const noexcept {
  std::uintptr_t const word = word_.load(memory_order_acquire);  // [B]
  if ((word & cell_bit) != 0) {
    return cell_of(word)->copy_out(key, copy, into);
  }
  context_value const* const value = context_map::find(map_of(word), key);
  if (value == nullptr) {
    return false;
  }
  copy(*value, into);
  return true;
}

void context_slot::clear_word() noexcept {
  std::uintptr_t const word = word_.exchange(0, memory_order_relaxed);
  if ((word & cell_bit) != 0) {
    cell_of(word)->release();
  } else if (word != 0) {
    map_of(word)->release();
  }
}

// ---- the current one -------------------------------------------------------------------------------------

context_slot const& current_slot() noexcept {
  thread_state const& thread = this_thread();
  if (thread.context != nullptr) {
    return *thread.context;
  }
  task_state const* const task = thread.task();
  return task != nullptr ? task->own_context : thread.own_context;
}

context_slot& own_current_slot() {
  thread_state& thread = own_thread_state();
  if (thread.context != nullptr) {
    return *thread.context;
  }
  task_state* const task = thread.task();
  return task != nullptr ? task->own_context : thread.own_context;
}

void inherit_context(scheduled_call& call) noexcept { call.own_context.inherit(current_slot()); }

context_scope::context_scope(context_slot& slot)
    : thread_{own_thread_state()}, before_{std::exchange(thread_.context, &slot)} {}

// ---- variables -------------------------------------------------------------------------------------------

context_key next_context_key() noexcept {
  static lowlevel::atomic<context_key> next{1};
  return next.fetch_add(1, memory_order_relaxed);
}

void throw_unset(char const* name) {
  throw std::out_of_range{"context_var '" + std::string{name} +
                          "' has no value in this context: set one, or give it an initial one"};
}

state_ref<context_change> change_context(context_key key, state_ref<context_value> value) {
  auto where = state_ref<context_cell>::share(&own_current_slot().cell());
  auto change = state_ref<context_change>::adopt(new context_change{key, where});
  change->set_before(where->replace(key, std::move(value)));
  return change;
}

void context_change::undo(context_key key) {
  if (used_.load(memory_order_relaxed)) {
    throw std::runtime_error{"context_token has already been used once: each set can be undone once"};
  }
  if (key != key_) {
    throw std::invalid_argument{"context_token was created by a different context_var: reset that one"};
  }
  if (!current_slot().has(*where_)) {
    throw std::invalid_argument{
        "context_token was created in a different context: reset where it was set, or in context::run"};
  }
  if (used_.exchange(true, memory_order_relaxed)) {
    throw std::runtime_error{"context_token has already been used once: each set can be undone once"};
  }
  static_cast<void>(where_->replace(key_, std::move(before_)));
}

void undo_change(state_ref<context_change> const& change, context_key key) {
  if (!change) {
    throw std::invalid_argument{"context_token is from no set: give reset what set returned"};
  }
  change->undo(key);
}

}  // namespace skein::detail

namespace skein {

context copy_context() { return context{detail::context_cell::copy_of(detail::current_slot())}; }

}  // namespace skein
