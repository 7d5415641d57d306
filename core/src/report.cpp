// SPDX-License-Identifier: Apache-2.0
// report.cpp: telling exception handlers, and the log.
#include "await_trace.hpp"
#include "loop_table.hpp"
#include "names.hpp"
#include "native_traceback.hpp"
#include "runtime_core.hpp"

#include <skein/core/detail/context_cell.hpp>
#include <skein/core/errors.hpp>
#include <skein/core/report.hpp>

#include <fmt/core.h>

#include <cxxabi.h>

#include <cstdio>
#include <mutex>
#include <typeinfo>

namespace skein {
namespace {

struct log_state {
  std::mutex mutex;
  std::function<void(std::string_view)> sink;  // guarded by mutex
};

log_state& the_log() {
  static log_state* const log = new log_state;  // never destroyed: used at exit
  return *log;
}

std::string text_of(exception_context const& context) {
  std::string text = context.message;
  if (context.future) {
    text += "\nfuture: " + context.future.repr();
  }
  if (context.exception != nullptr) {
    text += "\nexception: " + detail::describe(context.exception);
    if (std::string const awaits = detail::traceback_of(context.exception); !awaits.empty()) {
      text += "\n" + awaits;
    }
  }
  if (!context.source_traceback.empty()) {
    text += "\ncreated at (most recent call last):\n" + context.source_traceback;
  }
  return text;
}

}  // namespace

void set_log_sink(std::function<void(std::string_view line)> f) {
  std::lock_guard const guard{the_log().mutex};
  the_log().sink = std::move(f);
}

namespace detail {

void log_line(std::string_view line) noexcept {
  std::lock_guard const guard{the_log().mutex};
  try {
    if (the_log().sink) {
      the_log().sink(line);
      return;
    }
  } catch (...) {
    std::fputs("skein: the log sink threw an exception; its line follows\n", stderr);
  }
  std::fwrite(line.data(), 1, line.size(), stderr);
  std::fputc('\n', stderr);
}

void log_lines(std::string_view text) noexcept {
  for (std::size_t begin = 0; begin <= text.size();) {
    std::size_t const end = std::min(text.find('\n', begin), text.size());
    log_line(text.substr(begin, end - begin));
    begin = end + 1;
  }
}

std::string describe(std::exception_ptr const& error) {
  try {
    std::rethrow_exception(error);
  } catch (std::exception const& e) {
    return fmt::format("{}(\"{}\")", demangle(typeid(e).name()), e.what());
  } catch (cancelled_error const& e) {
    return fmt::format("skein::cancelled_error(\"{}\")", e.message());
  } catch (...) {
    std::type_info const* const type = abi::__cxa_current_exception_type();
    return type != nullptr ? demangle(type->name()) : "an unknown exception";
  }
}

namespace {

void log_context(exception_context const& context) { log_lines(text_of(context)); }

// Where the future or call of a report was made, if that is known.
made_at maker_of(exception_context const& context) {
  if (context.handle) {
    return context.handle->made();
  }
  any_future const& future = context.task ? context.task : context.future;
  return future ? future.shared_state()->made() : nullptr;
}

// The task that failed, if it was one: its report runs in its context.
task_state* failed_task(exception_context const& context) noexcept {
  if (context.task) {
    return context.task.shared_state()->as_task();
  }
  return context.future ? context.future.shared_state()->as_task() : nullptr;
}

void call_handler(exception_handler const& handler, event_loop& loop, exception_context const& context) {
  if (task_state* const task = failed_task(context)) {
    context_scope const scope{task->own_context};
    handler(loop, context);
  } else {
    handler(loop, context);
  }
}

}  // namespace

void report(loop_id loop, exception_context const& context) noexcept {
  try {
    if (context.source_traceback.empty()) {
      made_at const made = maker_of(context);
      std::string calls = made != nullptr ? traceback_text(made->frames()) : std::string{};
      if (!calls.empty()) {
        exception_context whole = context;
        whole.source_traceback = std::move(calls);
        report(loop, whole);
        return;
      }
    }
    pinned_loop const target{loop};
    auto const handler = target.get() != nullptr ? target.get()->runtime.handler.get() : nullptr;
    if (handler == nullptr) {
      log_context(context);
      return;
    }
    try {
      call_handler(*handler, *target.get()->face, context);
    } catch (...) {
      log_line("Unhandled error in exception handler: " + describe(std::current_exception()));
      log_context(context);
    }
  } catch (...) {
    std::fputs("skein: no memory to report an error that nobody took\n", stderr);
  }
}

}  // namespace detail

void event_loop::set_exception_handler(exception_handler f) { worker_->runtime.handler.set(std::move(f)); }

exception_handler event_loop::get_exception_handler() const {
  auto const handler = worker_->runtime.handler.get();
  return handler != nullptr ? *handler : exception_handler{};
}

void event_loop::default_exception_handler(exception_context const& context) { detail::log_context(context); }

void event_loop::call_exception_handler(exception_context const& context) {
  detail::report(worker_->id, context);
}

}  // namespace skein
