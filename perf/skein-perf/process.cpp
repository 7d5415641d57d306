// SPDX-License-Identifier: Apache-2.0
// process.cpp: starting, reading and ending a child process.
#include "process.hpp"

#include <fmt/core.h>

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <stdexcept>
#include <system_error>

extern char** environ;

namespace perf {
namespace {

[[noreturn]] void fail(int error, std::string const& what) {
  throw std::system_error{error, std::generic_category(), what};
}

/// The redirections of a child.
class file_actions {
 public:
  file_actions() {
    if (int const error = ::posix_spawn_file_actions_init(&actions_); error != 0) {
      fail(error, "posix_spawn_file_actions_init");
    }
  }
  file_actions(file_actions const&) = delete;
  file_actions& operator=(file_actions const&) = delete;
  ~file_actions() { ::posix_spawn_file_actions_destroy(&actions_); }

  void redirect(int from, int to) {
    if (int const error = ::posix_spawn_file_actions_adddup2(&actions_, from, to); error != 0) {
      fail(error, "posix_spawn_file_actions_adddup2");
    }
  }
  [[nodiscard]] posix_spawn_file_actions_t const* get() const noexcept { return &actions_; }

 private:
  posix_spawn_file_actions_t actions_{};
};

}  // namespace

process::process(std::vector<std::string> const& command) : name_{command.front()} {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
    fail(errno, "pipe2");
  }
  output_ = ends[0];
  errors_ = ::memfd_create("stderr", MFD_CLOEXEC);
  file_actions actions;
  actions.redirect(ends[1], STDOUT_FILENO);
  actions.redirect(errors_, STDERR_FILENO);
  std::vector<char*> arguments;
  for (auto const& word : command) {
    arguments.push_back(const_cast<char*>(word.c_str()));  // posix_spawn does not change them
  }
  arguments.push_back(nullptr);
  int const error = ::posix_spawn(&pid_, name_.c_str(), actions.get(), nullptr, arguments.data(), environ);
  ::close(ends[1]);
  if (error != 0) {
    ::close(output_);
    ::close(errors_);
    fail(error, name_ + " cannot be started");
  }
}

process::~process() {
  if (pid_ > 0) {
    ::kill(pid_, SIGKILL);
    while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
    }
  }
  ::close(output_);
  ::close(errors_);
}

std::optional<std::string> process::read_line(time_point deadline) {
  for (;;) {
    if (auto const end = buffer_.find('\n'); end != std::string::npos) {
      std::string line = buffer_.substr(0, end);
      buffer_.erase(0, end + 1);
      return line;
    }
    if (!fill(deadline)) {
      return std::nullopt;
    }
  }
}

bool process::fill(time_point deadline) {
  using std::chrono::milliseconds;
  for (;;) {
    auto const left = std::chrono::ceil<milliseconds>(deadline - std::chrono::steady_clock::now());
    pollfd readable{.fd = output_, .events = POLLIN, .revents = 0};
    int const ready = ::poll(&readable, 1, static_cast<int>(std::max(left, milliseconds{0}).count()));
    if (ready == 0) {
      throw std::runtime_error{fmt::format("gave no answer in time; it was killed{}", last_words())};
    }
    std::array<char, 4096> piece{};
    ssize_t const bytes = ready < 0 ? -1 : ::read(output_, piece.data(), piece.size());
    if (bytes >= 0) {
      buffer_.append(piece.data(), static_cast<std::size_t>(bytes));
      return bytes > 0;
    }
    if (errno != EINTR) {
      fail(errno, "reading what " + name_ + " prints");
    }
  }
}

void process::finish() {
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0) {
    if (errno != EINTR) {
      fail(errno, "waitpid");
    }
  }
  pid_ = -1;
  if (WIFSIGNALED(status)) {
    throw std::runtime_error{fmt::format("died of signal {} ({}){}", WTERMSIG(status),
                                         ::strsignal(WTERMSIG(status)), last_words())};
  }
  if (WEXITSTATUS(status) != 0) {
    throw std::runtime_error{fmt::format("ended with exit code {}{}", WEXITSTATUS(status), last_words())};
  }
}

std::string process::last_words() const {
  constexpr off_t most = 2000;
  off_t const size = ::lseek(errors_, 0, SEEK_END);
  if (size <= 0) {
    return {};
  }
  std::string text(static_cast<std::size_t>(std::min(size, most)), '\0');
  ssize_t const bytes = ::pread(errors_, text.data(), text.size(), std::max<off_t>(size - most, 0));
  text.resize(static_cast<std::size_t>(std::max<ssize_t>(bytes, 0)));
  while (!text.empty() && text.back() == '\n') {
    text.pop_back();
  }
  return text.empty() ? text : ":\n" + text;
}

}  // namespace perf
