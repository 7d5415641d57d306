// SPDX-License-Identifier: Apache-2.0
// peer.hpp: the runtimes that can be measured, skein first, and what each of them can do here.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace perf {

struct scenario;

/// A runtime and the command that runs its workloads.
struct peer {
  std::string_view name;
  std::string_view about;
  std::string_view package = {};  // the Debian packages that bring it, with blanks between
  std::string_view program;       // beside this program, or a path
  std::string_view script = {};   // of an interpreter, in perf/runtimes
  std::string_view needs = {};    // a path without which the script cannot run
  bool one_worker = false;        // cannot use more
  bool on_demand = false;         // measured, and built, only when it is asked for

  /// Returns     What to do when it is not here.
  [[nodiscard]] std::string how_to_get() const;

  /// Returns     What to execute, without the arguments of the workload.
  [[nodiscard]] std::vector<std::string> command() const;
};

/// What a runtime says that it can do with one scenario.
struct ability {
  scenario const* what;
  std::uint64_t share = 1;  // does 1/share of the work
  bool full_only = false;
};

/// All runtimes, skein first.
[[nodiscard]] std::span<peer const> peers() noexcept;

/// The name of a runtime that is another build of skein.
inline constexpr std::string_view before_name = "before";

/// Copies skein's program and another build of it into a folder for temporary files. From now until this
/// program ends, skein and the returned peer are these copies. Called once.
///
/// Why copies  fib was 6 % faster on a copy of the same program than on the file that the linker wrote.
/// Throws      `std::filesystem::filesystem_error`.
[[nodiscard]] peer const& take_turns_with(std::filesystem::path const& other);

/// Returns     Null when there is no peer of this name.
[[nodiscard]] peer const* find_peer(std::string_view name) noexcept;

/// A runtime that was found on this machine.
struct present_peer {
  peer const* who;
  std::string version;  // empty when it does not say
  std::vector<ability> abilities;

  /// Returns     Null when it has no workload for the scenario.
  [[nodiscard]] ability const* find(scenario const& s) const noexcept;
};

/// Asks a runtime what it can do.
///
/// Returns     Nothing when it is not installed or was not built.
/// Throws      `std::runtime_error` when it does not answer as it should.
[[nodiscard]] std::optional<present_peer> ask(peer const& p);

/// The folder of this program.
[[nodiscard]] std::filesystem::path program_folder();

}  // namespace perf
