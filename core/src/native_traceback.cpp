// SPDX-License-Identifier: Apache-2.0
// native_traceback.cpp: unwinding, and naming addresses with libbacktrace, which comes with g++.
#include "native_traceback.hpp"

#include "names.hpp"

#include <fmt/core.h>

#include <dlfcn.h>
#include <unwind.h>

#include <algorithm>
#include <mutex>

#ifdef SKEIN_LIBBACKTRACE
// From its backtrace.h, which only g++ finds.
extern "C" {
struct backtrace_state;
using backtrace_error_callback = void (*)(void* data, char const* message, int error);
using backtrace_full_callback = int (*)(void* data, std::uintptr_t pc, char const* file, int line,
                                        char const* function);
using backtrace_syminfo_callback = void (*)(void* data, std::uintptr_t pc, char const* symbol,
                                            std::uintptr_t value, std::uintptr_t size);
backtrace_state* backtrace_create_state(char const* filename, int threaded, backtrace_error_callback error,
                                        void* data);
int backtrace_pcinfo(backtrace_state* state, std::uintptr_t pc, backtrace_full_callback callback,
                     backtrace_error_callback error, void* data);
int backtrace_syminfo(backtrace_state* state, std::uintptr_t pc, backtrace_syminfo_callback callback,
                      backtrace_error_callback error, void* data);
}
#endif

namespace skein::detail {
namespace {

// The symbol of the function that a part of a coroutine belongs to. clang calls them f.resume, f.destroy;
// g++ names a type "f.Frame" inside of f, and the part after both: …19_ZN3app1S1fEi.Frame.actor.
std::string_view symbol_of_coroutine(std::string_view part) {
  constexpr std::string_view frame = ".Frame";
  std::size_t const dot = part.find(frame);
  for (std::size_t at = part.find("_Z", 1); dot != part.npos && at < dot; at = part.find("_Z", at + 1)) {
    std::string const length = std::to_string(dot + frame.size() - at);
    if (part.substr(0, at).ends_with(length)) {
      return part.substr(at, dot - at);
    }
  }
  return part.substr(0, part.find('.'));
}

std::string demangled(std::string_view symbol) {
  std::string const name{symbol_of_coroutine(symbol)};
  if (!name.starts_with("_Z")) {
    return name == "operator()" ? "<lambda>" : name;  // as little debug information has it
  }
  return demangle(name.c_str());
}

std::string unnamed(std::uintptr_t pc) {
  Dl_info info{};
  if (::dladdr(reinterpret_cast<void const*>(pc), &info) == 0 || info.dli_fname == nullptr) {
    return fmt::format("0x{:x}", pc);
  }
  return fmt::format("{}+0x{:x}", file_name(info.dli_fname),
                     pc - reinterpret_cast<std::uintptr_t>(info.dli_fbase));
}

#ifdef SKEIN_LIBBACKTRACE
void ignore_error(void*, char const*, int) {}

// One thread at a time looks names up: what the library does for several, ThreadSanitizer cannot follow.
std::mutex& symbols_mutex() {
  static std::mutex* const mutex = new std::mutex;  // never destroyed: used at exit
  return *mutex;
}

backtrace_state* symbols() {  // with the mutex held
  static backtrace_state* const state = backtrace_create_state(nullptr, 0, &ignore_error, nullptr);
  return state;
}

std::string symbol_at(std::uintptr_t pc) {
  std::string name;
  backtrace_syminfo(
      symbols(), pc,
      [](void* data, std::uintptr_t, char const* symbol, std::uintptr_t, std::uintptr_t) {
        if (symbol != nullptr) {
          *static_cast<std::string*>(data) = symbol;
        }
      },
      &ignore_error, &name);
  return name;
}

// The functions at an address: those that were inlined there first.
void add_frames(std::uintptr_t pc, std::vector<call_frame>& into) {
  std::lock_guard const guard{symbols_mutex()};
  std::size_t const before = into.size();
  backtrace_pcinfo(
      symbols(), pc,
      [](void* data, std::uintptr_t, char const* file, int line, char const* function) {
        if (function != nullptr && file != nullptr) {
          static_cast<std::vector<call_frame>*>(data)->push_back(
              {demangled(function), file, static_cast<unsigned>(line)});
        }
        return 0;
      },
      &ignore_error, &into);
  std::string const symbol = symbol_at(pc);
  if (into.size() == before) {
    into.push_back({symbol.empty() ? unnamed(pc) : demangled(symbol), {}, 0});
  } else if (!symbol.empty()) {
    into.back().function = demangled(symbol);  // with its namespace, which little debug information lacks
  }
}
#else
void add_frames(std::uintptr_t pc, std::vector<call_frame>& into) {
  Dl_info info{};
  bool const named = ::dladdr(reinterpret_cast<void const*>(pc), &info) != 0 && info.dli_sname != nullptr;
  into.push_back({named ? demangled(info.dli_sname) : unnamed(pc), {}, 0});
}
#endif

bool has_part(std::string_view path, std::string_view part) { return path.find(part) != path.npos; }

// What runs the program's functions is of no interest: ours, the standard library's, the start of threads.
bool is_of_library(call_frame const& frame) {
  std::string_view const name{frame.function};
  return name.starts_with("skein::") || name.starts_with("std::") || name.starts_with("__gnu_cxx::") ||
         name.starts_with("operator new") || name.starts_with("__libc_start") || name.starts_with("_start") ||
         name.starts_with("start_thread") || name.starts_with("clone") ||
         has_part(frame.file, "/skein/core/") || has_part(frame.file, "/skein/sync/") ||
         has_part(frame.file, "/skein/io/") || has_part(frame.file, "/include/c++/");
}

// Where the unwinder's own code is. While it makes ready to jump to a handler its frames hold the registers
// of the handler already: a thread that is interrupted there (thread_probe.cpp) cannot be walked, and trying
// to do so has crashed. Its local functions stand before those that have names.
struct code_range {
  std::uintptr_t begin = ~std::uintptr_t{0};
  std::uintptr_t end = 0;
  [[nodiscard]] bool contains(std::uintptr_t pc) const noexcept { return begin <= pc && pc < end; }
};

// Returns     Where the library or program that an address belongs to begins; null when that is not known.
void const* module_of(void const* address) noexcept {
  Dl_info info{};
  return ::dladdr(address, &info) != 0 ? info.dli_fbase : nullptr;
}

code_range find_unwinder() noexcept {
  constexpr std::uintptr_t before = 16 * 1024;
  constexpr std::uintptr_t after = 8 * 1024;
  void const* const module = module_of(reinterpret_cast<void const*>(&_Unwind_GetIP));
  code_range range;
  for (char const* const name :
       {"_Unwind_RaiseException", "_Unwind_Resume", "_Unwind_ForcedUnwind", "_Unwind_Resume_or_Rethrow"}) {
    void const* found = ::dlsym(RTLD_DEFAULT, name);
    if (found == nullptr) {  // linked into the program
      found = reinterpret_cast<void const*>(&_Unwind_RaiseException);
    }
    if (module_of(found) != module) {
      continue;  // a sanitizer's function of that name, far away
    }
    auto const at = reinterpret_cast<std::uintptr_t>(found);
    range.begin = std::min(range.begin, at - before);
    range.end = std::max(range.end, at + after);
  }
  return range;
}

code_range const& unwinder() noexcept {
  static code_range const range = find_unwinder();
  return range;
}

}  // namespace

traceback traceback::here(std::size_t skip) noexcept {
  struct walk {
    traceback result;
    std::size_t skip;
  } state{{}, skip + 1};
  _Unwind_Backtrace(
      [](_Unwind_Context* context, void* data) {
        auto& w = *static_cast<walk*>(data);
        if (w.skip != 0) {
          --w.skip;
          return _URC_NO_REASON;
        }
        std::uintptr_t const pc = _Unwind_GetIP(context);
        if (pc == 0 || w.result.size_ == places_max || unwinder().contains(pc)) {
          return _URC_END_OF_STACK;
        }
        w.result.places_[w.result.size_++] = pc - 1;  // inside the call
        return _URC_NO_REASON;
      },
      &state);
  return state.result;
}

std::vector<call_frame> traceback::frames() const {
  std::vector<call_frame> all;
  for (std::uintptr_t const pc : places()) {
    add_frames(pc, all);
  }
  std::erase_if(all, [](call_frame& frame) {
    frame.function = short_function_name(frame.function);
    return is_of_library(frame);
  });
  return all;
}

call_frame frame_at(void const* code) {
  std::vector<call_frame> found;
  add_frames(reinterpret_cast<std::uintptr_t>(code), found);
  call_frame frame = found.back();
  frame.function = short_function_name(frame.function);
  return frame;
}

std::string traceback_text(std::span<call_frame const> frames) {
  std::string text;
  for (std::size_t i = frames.size(); i-- > 0;) {
    call_frame const& frame = frames[i];
    text += text.empty() ? "" : "\n";
    text += frame.file.empty()
                ? fmt::format("  in {}", frame.function)
                : fmt::format("  File \"{}\", line {}, in {}", frame.file, frame.line, frame.function);
  }
  return text;
}

std::string short_place(call_frame const& frame) {
  if (frame.file.empty()) {
    return frame.function;
  }
  return fmt::format("{}:{}", file_name(frame.file), frame.line);
}

}  // namespace skein::detail
