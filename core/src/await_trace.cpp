// SPDX-License-Identifier: Apache-2.0
// await_trace.cpp: the table of traces, and how an entry goes with its exception.
#include "await_trace.hpp"

#include <skein/core/detail/task_state.hpp>
#include <skein/core/detail/thread_state.hpp>
#include <skein/core/errors.hpp>

#include <algorithm>
#include <array>
#include <cstring>
#include <mutex>
#include <typeinfo>
#include <unordered_map>

namespace skein::detail {
namespace {

constexpr std::size_t hops_max = 64;  // a recursion that unwinds is not kept whole

using destructor = void (*)(void*);

struct entry {
  await_trace trace;
  destructor destroys;  // the object; null when it needs none
};

// So many that tasks on all workers may fail without waiting for each other.
struct table {
  struct shard {
    std::mutex mutex;
    std::unordered_map<void const*, entry> entries;  // guarded by mutex
  };
  std::array<shard, 16> shards;
  shard& of(void const* object) {
    return shards[reinterpret_cast<std::uintptr_t>(object) / 64 % shards.size()];
  }
};

table& the_table() {
  static table* const all = new table;  // never destroyed
  return *all;
}

// An exception_ptr of libstdc++ and libc++ is a pointer to the exception object.
void* object_of(std::exception_ptr const& error) noexcept {
  static_assert(sizeof(error) == sizeof(void*));
  void* object = nullptr;
  std::memcpy(&object, &error, sizeof object);
  return object;
}

// In the header, which ends where the object begins.
struct header_words {
  std::type_info const* type;
  destructor destroys;
};
constexpr std::size_t header_bytes = 112;  // from the type to the object

header_words* header_of([[maybe_unused]] std::exception_ptr const& error) noexcept {
#if defined(__GLIBCXX__) && defined(__LP64__)
  auto* const words =
      reinterpret_cast<header_words*>(static_cast<std::byte*>(object_of(error)) - header_bytes);
  return words->type == error.__cxa_exception_type() ? words : nullptr;
#else
  return nullptr;
#endif
}

void object_goes(void* object) {
  destructor destroys = nullptr;
  {
    table::shard& shard = the_table().of(object);
    std::lock_guard const guard{shard.mutex};
    if (auto const found = shard.entries.find(object); found != shard.entries.end()) {
      destroys = found->second.destroys;
      shard.entries.erase(found);
    }
  }
  if (destroys != nullptr) {
    destroys(object);
  }
}

// Cancellations come in thousands and are nobody's error.
bool is_traced(header_words const& header) noexcept {
  return *header.type != typeid(cancelled_error) && *header.type != typeid(generator_exit);
}

bool same(trace_hop const& a, trace_hop const& b) noexcept {
  return a.task == b.task && a.where.line() == b.where.line() && a.where.column() == b.where.column() &&
         a.where.file_name() == b.where.file_name();
}

void append(await_trace& trace, trace_hop const& hop, task_state const* task) {
  if (trace.hops.size() == hops_max) {
    ++trace.left_out;
    return;
  }
  bool const named = std::any_of(trace.names.begin(), trace.names.end(),
                                 [&](auto const& name) { return name.first == hop.task; });
  if (task != nullptr && !named) {
    trace.names.emplace_back(hop.task, task->name());
  }
  trace.hops.push_back(hop);
}

// Forgets what came behind the end of a task.
void cut_behind(await_trace& trace, std::uint64_t ended) noexcept {
  auto const end = std::find_if(trace.hops.rbegin(), trace.hops.rend(), [&](trace_hop const& hop) {
    return hop.where.line() == 0 && hop.task == ended;
  });
  if (end != trace.hops.rend()) {
    trace.hops.erase(end.base(), trace.hops.end());
    trace.left_out = 0;
  }
}

void record(std::exception_ptr const& error, std::source_location const& where, task_state const* task,
            future_state* awaited) noexcept {
  header_words* const header = header_of(error);
  if (header == nullptr || !is_traced(*header)) {
    return;
  }
  void* const object = object_of(error);
  table::shard& shard = the_table().of(object);
  try {
    std::lock_guard const guard{shard.mutex};
    auto const [at, fresh] = shard.entries.try_emplace(object);
    if (fresh) {
      at->second.destroys = header->destroys;
      header->destroys = &object_goes;
    }
    await_trace& trace = at->second.trace;
    trace_hop const hop{where, task != nullptr ? task->id() : 0};
    if (awaited != nullptr && awaited->is_task()) {
      cut_behind(trace, awaited->as_task()->id());
    } else if (awaited != nullptr && !trace.hops.empty() && same(trace.hops.back(), hop)) {
      return;  // a failed future that is awaited in a loop
    }
    append(trace, hop, task);
  } catch (...) {
    // No memory: the exception goes on without this line.
  }
}

}  // namespace

std::string await_trace::name_of(std::uint64_t task) const {
  for (auto const& [id, name] : names) {
    if (id == task) {
      return name;
    }
  }
  return "outside of tasks";
}

void trace_await(std::exception_ptr const& error, std::source_location const& where) noexcept {
  record(error, where, this_thread().task(), nullptr);
}

void trace_await_of(std::exception_ptr const& error, future_state& awaited,
                    std::source_location const& where) noexcept {
  record(error, where, this_thread().task(), &awaited);
}

void trace_end_of(std::exception_ptr const& error, task_state const& task) noexcept {
  record(error, std::source_location{}, &task, nullptr);
}

await_trace trace_of(std::exception_ptr const& error) {
  void const* const object = object_of(error);
  table::shard& shard = the_table().of(object);
  std::lock_guard const guard{shard.mutex};
  auto const found = shard.entries.find(object);
  return found != shard.entries.end() ? found->second.trace : await_trace{};
}

}  // namespace skein::detail
