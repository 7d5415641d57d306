// SPDX-License-Identifier: Apache-2.0
// peer.cpp: the table of runtimes, and asking one what it can do.
#include "peer.hpp"

#include "process.hpp"
#include "scenario.hpp"

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <sstream>
#include <stdexcept>
#include <system_error>

namespace perf {
namespace {

std::array<peer, 8> table{{
    {.name = "skein", .about = "this library", .program = "skein-perf-skein"},
    {.name = "tbb", .about = "oneTBB, tbb::task_group", .package = "libtbb-dev", .program = "skein-perf-tbb"},
    {.name = "asyncio",
     .about = "CPython's asyncio",
     .package = "python3",
     .program = "/usr/bin/python3",
     .script = "run_asyncio.py",
     .one_worker = true},
    {.name = "tokio",
     .about = "Rust's Tokio",
     .package = "cargo librust-tokio-dev librust-async-channel-dev",
     .program = "skein-perf-tokio",
     .on_demand = true},
    {.name = "go",
     .about = "goroutines",
     .package = "golang-go",
     .program = "skein-perf-go",
     .on_demand = true},
    {.name = "asio",
     .about = "Asio's coroutines",
     .package = "libasio-dev",
     .program = "skein-perf-asio",
     .on_demand = true},
    {.name = "uvloop",
     .about = "asyncio on uvloop",
     .package = "python3-uvloop",
     .program = "/usr/bin/python3",
     .script = "run_uvloop.py",
     .needs = "/usr/lib/python3/dist-packages/uvloop",
     .one_worker = true,
     .on_demand = true},
    {.name = "libuv",
     .about = "libuv's callbacks",
     .package = "libuv1-dev",
     .program = "skein-perf-libuv",
     .one_worker = true,
     .on_demand = true},
}};

constexpr std::string_view version_word = "version ";

ability parse_ability(std::string const& line) {
  std::istringstream words{line};
  std::string word;
  words >> word;
  ability parsed{.what = find_scenario(word)};
  while (words >> word) {
    if (word.starts_with("share=")) {
      parsed.share = std::stoull(word.substr(6));
    } else if (word == "full-only") {
      parsed.full_only = true;
    }
  }
  return parsed;
}

class temporary_folder {
 public:
  temporary_folder()
      : path_{std::filesystem::temp_directory_path() / fmt::format("skein-perf-{}", ::getpid())} {
    std::filesystem::create_directories(path_);
  }
  temporary_folder(temporary_folder const&) = delete;
  temporary_folder& operator=(temporary_folder const&) = delete;
  ~temporary_folder() {
    std::error_code ignored;  // it lies among other temporary files
    std::filesystem::remove_all(path_, ignored);
  }

  [[nodiscard]] std::filesystem::path const& path() const noexcept { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace

std::filesystem::path program_folder() {
  return std::filesystem::read_symlink("/proc/self/exe").parent_path();
}

peer const& take_turns_with(std::filesystem::path const& other) {
  static temporary_folder const folder;
  static std::string const now = (folder.path() / "now").string();
  static std::string const before = (folder.path() / "before").string();
  static peer const other_build{.name = before_name, .about = "another build of skein", .program = before};
  std::filesystem::copy_file(table.front().command().front(), now);
  std::filesystem::copy_file(other, before);
  table.front().program = now;
  return other_build;
}

std::span<peer const> peers() noexcept { return table; }

peer const* find_peer(std::string_view name) noexcept {
  auto const found = std::ranges::find(table, name, &peer::name);
  return found == table.end() ? nullptr : &*found;
}

std::vector<std::string> peer::command() const {
  std::vector<std::string> words{
      (program_folder() / program).string()};  // an absolute program stays as it is
  if (!script.empty()) {
    words.push_back("-I");  // away from the user's own packages and settings
    words.push_back((std::filesystem::path{SKEIN_PERF_SOURCE_DIR} / "runtimes" / script).string());
  }
  return words;
}

std::string peer::how_to_get() const {
  if (!script.empty()) {
    return fmt::format("apt-get install {}", package);
  }
  return on_demand ? fmt::format("apt-get install {}, then build the target {}", package, program)
                   : fmt::format("apt-get install {}, then build again", package);
}

ability const* present_peer::find(scenario const& s) const noexcept {
  auto const found = std::ranges::find(abilities, &s, &ability::what);
  return found == abilities.end() ? nullptr : &*found;
}

std::optional<present_peer> ask(peer const& p) {
  auto command = p.command();
  if (!std::filesystem::exists(command.front()) || (!p.needs.empty() && !std::filesystem::exists(p.needs))) {
    return std::nullopt;
  }
  command.emplace_back("list");
  process child{command};
  present_peer found{.who = &p, .version = {}, .abilities = {}};
  auto const deadline = std::chrono::steady_clock::now() + std::chrono::seconds{30};
  while (auto const line = child.read_line(deadline)) {
    if (line->starts_with(version_word)) {
      found.version = line->substr(version_word.size());
    } else if (auto const a = parse_ability(*line); a.what != nullptr) {
      found.abilities.push_back(a);
    }
  }
  child.finish();
  return found;
}

}  // namespace perf
