// SPDX-License-Identifier: Apache-2.0
// debug_mode.cpp: who made what, and what was dropped without having been awaited or closed.
#include "debug_mode.hpp"

#include "runtime_core.hpp"

#include <skein/core/report.hpp>

#include <fmt/core.h>

#include <array>
#include <cstdlib>
#include <exception>
#include <mutex>

namespace skein::detail {

bool debug_of_environment() noexcept {
  char const* const value = std::getenv("SKEIN_DEBUG");
  return value != nullptr && *value != '\0';
}

bool debug_here() noexcept {
  worker const* const here = this_thread().owner;
  return here != nullptr ? here->runtime.debugs() : debug_of_environment();
}

made_at made_here(bool wanted) noexcept {
  if (!wanted) {
    return nullptr;
  }
  try {
    return std::make_shared<traceback const>(traceback::here());
  } catch (std::bad_alloc const&) {
    return nullptr;
  }
}

void note_made(future_state& state) noexcept {
  try {
    state.set_made(made_here(true));
  } catch (std::bad_alloc const&) {
    // a report will have to do without
  }
}

// ---- frames ----------------------------------------------------------------------------------------------

namespace {

// A table without collisions kept: the newer frame wins its place, and the older one is known no more.
class frame_makers {
 public:
  void put(void* frame, traceback const& made) noexcept {
    place& p = place_of(frame);
    std::lock_guard const guard{p.lock};
    p.frame = frame;
    p.made = made;
  }
  [[nodiscard]] traceback take(void* frame) noexcept {
    place& p = place_of(frame);
    std::lock_guard const guard{p.lock};
    if (p.frame != frame) {
      return {};
    }
    p.frame = nullptr;
    return p.made;
  }

 private:
  struct place {
    lowlevel::spinlock lock;
    void* frame = nullptr;
    traceback made;
  };
  static constexpr std::size_t places = 4096;
  place& place_of(void* frame) noexcept {
    return table_[(reinterpret_cast<std::uintptr_t>(frame) / lowlevel::frame_step) % places];
  }
  std::array<place, places> table_;
};

frame_makers* the_makers() noexcept {
  static frame_makers* const makers = new (std::nothrow) frame_makers;  // never destroyed: used at exit
  return makers;
}

}  // namespace

void note_frame(void* frame) noexcept {
  if (frame_makers* const makers = the_makers()) {
    makers->put(frame, traceback::here());
  }
}

void forget_frame(void* frame) noexcept {
  if (frame_makers* const makers = the_makers()) {
    static_cast<void>(makers->take(frame));
  }
}

// ---- dropped ---------------------------------------------------------------------------------------------

namespace {

constinit thread_local int ending = 0;  // coroutines that are being destroyed before their end

bool told_elsewhere() noexcept { return ending != 0 || std::uncaught_exceptions() != 0; }

void log_with(std::string text, std::string_view heading, std::span<call_frame const> made) {
  if (!made.empty()) {
    text += fmt::format("; made at {} in {}()", short_place(made.front()), made.front().function);
  }
  log_line(text);
  if (!made.empty()) {
    log_line(heading);
    log_lines(traceback_text(made));
  }
}

void log_unawaited(void* frame) {
  call_frame const made = frame_at(*static_cast<void* const*>(frame));  // its first word: how to resume it
  frame_makers* const makers = the_makers();
  std::vector<call_frame> calls =
      makers != nullptr ? makers->take(frame).frames() : std::vector<call_frame>{};
  if (!calls.empty() && calls.front().function == made.function) {
    calls.erase(calls.begin());  // the call of the coroutine's function itself
  }
  std::string text =
      fmt::format("coroutine '{}' was never awaited: co_await it, or give it to create_task", made.function);
  if (!made.file.empty()) {
    text += fmt::format("; it stands at {}", short_place(made));
  }
  log_with(std::move(text), "Coroutine created at (most recent call last):", calls);
}

}  // namespace

void destroy_unfinished(std::coroutine_handle<> coroutine) noexcept {
  ++ending;
  coroutine.destroy();
  --ending;
}

void drop_unawaited(std::coroutine_handle<> coroutine) noexcept {
  if (debug_here() && !told_elsewhere()) {
    try {
      log_unawaited(coroutine.address());
    } catch (std::bad_alloc const&) {
      log_line("a coroutine was never awaited, and there is no memory to say which");
    }
  }
  destroy_unfinished(coroutine);
}

void say_unclosed(std::string_view what, std::string_view instead, made_at const& made) noexcept {
  if (told_elsewhere()) {
    return;
  }
  try {
    log_with(fmt::format("unclosed {}: {}", what, instead), "Created at (most recent call last):",
             made != nullptr ? made->frames() : std::vector<call_frame>{});
  } catch (std::bad_alloc const&) {
    log_line("something was not closed, and there is no memory to say what");
  }
}

}  // namespace skein::detail
