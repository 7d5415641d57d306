// SPDX-License-Identifier: Apache-2.0
// progress.cpp: showing progress.
#include "progress.hpp"

#include <fmt/core.h>

#include <unistd.h>

#include <cstdio>

namespace perf {

progress::progress() : terminal_{::isatty(STDERR_FILENO) == 1} {}

progress::~progress() { clear_line(); }

void progress::begin(std::string_view what) {
  ++done_;
  current_ = fmt::format("[{}/{}] {}", done_, total_, what);
  if (terminal_) {
    clear_line();
    fmt::print(stderr, "{}", current_);
    static_cast<void>(std::fflush(stderr));
  }
}

void progress::end(std::string_view outcome) {
  if (!terminal_) {
    fmt::print(stderr, "{}: {}\n", current_, outcome);
  }
}

void progress::say(std::string_view text) {
  clear_line();
  fmt::print(stderr, "{}\n", text);
}

void progress::clear_line() const {
  if (terminal_) {
    fmt::print(stderr, "\r\033[K");
    static_cast<void>(std::fflush(stderr));
  }
}

}  // namespace perf
