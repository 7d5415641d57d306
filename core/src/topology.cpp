// SPDX-License-Identifier: Apache-2.0
// topology.cpp: the kernel's files about control groups, and what follows from them.
//
// /proc/self/cgroup names the group of the process in each hierarchy, /proc/self/mountinfo where a hierarchy
// is mounted, and which of its groups is the root there: a container often sees its own group as the root.
#include "topology.hpp"

#include <skein/core/runtime.hpp>

#include <sched.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <fstream>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

namespace skein {
namespace detail {
namespace {

constexpr unsigned mask_bits_max = 1U << 16;

/// A hierarchy in which there are CPU quotas.
struct hierarchy {
  bool unified;       // version 2
  std::string root;   // the group that is mounted
  std::string place;  // where
};

/// Returns     The parts between single separators, empty ones too; the last of at most n keeps the rest.
std::vector<std::string_view> split(std::string_view text, char separator, std::size_t n = SIZE_MAX) {
  std::vector<std::string_view> parts;
  while (parts.size() + 1 < n && text.find(separator) != std::string_view::npos) {
    parts.push_back(text.substr(0, text.find(separator)));
    text.remove_prefix(parts.back().size() + 1);
  }
  parts.push_back(text);
  return parts;
}

bool has_cpu(std::string_view list) {
  auto const names = split(list, ',');
  return std::find(names.begin(), names.end(), "cpu") != names.end();
}

// The kernel writes space, tab, newline and backslash in a path as \ooo.
std::string unescaped(std::string_view text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned code = 0;
    if (text[i] == '\\' && i + 3 < text.size() &&
        std::from_chars(&text[i + 1], &text[i + 1] + 3, code, 8).ptr == &text[i + 1] + 3) {
      plain += static_cast<char>(code);
      i += 3;
    } else {
      plain += text[i];
    }
  }
  return plain;
}

// A line: 31 23 0:28 /root /mount/point rw,relatime shared:1 - cgroup2 source rw,options
std::optional<hierarchy> hierarchy_of(std::string_view mount) {
  constexpr std::string_view end_of_tags = " - ";
  std::size_t const middle = mount.find(end_of_tags);
  if (middle == std::string_view::npos) {
    return std::nullopt;
  }
  auto const where = split(mount.substr(0, middle), ' ');
  auto const what = split(mount.substr(middle + end_of_tags.size()), ' ');
  if (where.size() < 5 || what.size() < 3) {
    return std::nullopt;
  }
  bool const unified = what[0] == "cgroup2";
  if (!unified && (what[0] != "cgroup" || !has_cpu(what[2]))) {
    return std::nullopt;
  }
  return hierarchy{unified, unescaped(where[3]), unescaped(where[4])};
}

std::optional<std::int64_t> number_in(std::string_view text) {
  std::int64_t number = 0;
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) {
    return std::nullopt;
  }
  return number;
}

/// Returns     The first words of a file; empty ones when there are fewer, or no file.
template <std::size_t N>
std::array<std::string, N> words_of(std::string const& path) {
  std::array<std::string, N> words;
  std::ifstream file{path};
  for (std::string& word : words) {
    file >> word;
  }
  return words;
}

double quota_of_group(hierarchy const& h, std::string const& folder) {
  std::array<std::string, 2> words;  // quota and period, in microseconds; no number: no limit
  if (h.unified) {
    words = words_of<2>(folder + "/cpu.max");
  } else {
    words = {words_of<1>(folder + "/cpu.cfs_quota_us")[0], words_of<1>(folder + "/cpu.cfs_period_us")[0]};
  }
  auto const quota = number_in(words[0]);
  auto const period = number_in(words[1]);
  if (!quota || !period || *quota <= 0 || *period <= 0) {
    return no_quota;
  }
  return static_cast<double>(*quota) / static_cast<double>(*period);
}

/// `group`     The group of the process, as /proc/self/cgroup names it.
double quota_of_path(hierarchy const& h, std::string const& root, std::string_view group) {
  // Below the group that is mounted; others are not seen there.
  std::string_view const mounted = h.root == "/" ? std::string_view{} : std::string_view{h.root};
  if (!group.starts_with(mounted)) {
    return no_quota;
  }
  std::string path{group.substr(mounted.size())};
  if (!(path.empty() || path.starts_with('/')) || path == "/.." || path.starts_with("/../")) {
    return no_quota;
  }
  double least = quota_of_group(h, root + h.place);
  while (!path.empty()) {
    least = std::min(least, quota_of_group(h, root + h.place + path));
    path.erase(path.rfind('/'));
  }
  return least;
}

}  // namespace

unsigned cores_of_mask() noexcept {
  // The kernel refuses a mask that is smaller than its own.
  for (unsigned bits = CPU_SETSIZE; bits <= mask_bits_max; bits *= 2) {
    struct deleter {
      void operator()(cpu_set_t* mask) const noexcept { CPU_FREE(mask); }
    };
    std::unique_ptr<cpu_set_t, deleter> const mask{CPU_ALLOC(bits)};
    if (mask == nullptr) {
      break;
    }
    std::size_t const bytes = CPU_ALLOC_SIZE(bits);
    CPU_ZERO_S(bytes, mask.get());
    if (sched_getaffinity(0, bytes, mask.get()) == 0) {
      return static_cast<unsigned>(std::max(1, CPU_COUNT_S(bytes, mask.get())));
    }
  }
  return 1;
}

double cores_of_quota(std::string const& root) noexcept {
  double least = no_quota;
  try {
    std::ifstream mounts{root + "/proc/self/mountinfo"};
    for (std::string mount; std::getline(mounts, mount);) {
      auto const h = hierarchy_of(mount);
      std::ifstream groups{h ? root + "/proc/self/cgroup" : std::string{}};
      // A line: 4:cpu,cpuacct:/group, or 0::/group of version 2
      for (std::string line; h && std::getline(groups, line);) {
        auto const fields = split(line, ':', 3);
        if (fields.size() == 3 && (h->unified ? line.starts_with("0::") : has_cpu(fields[1]))) {
          least = std::min(least, quota_of_path(*h, root, fields[2]));
        }
      }
    }
  } catch (std::exception const&) {
    // No memory: what was read so far counts.
  }
  return least;
}

unsigned worker_count_for(unsigned mask, double quota) noexcept {
  unsigned const most = std::clamp(mask, 1U, workers_max);
  return quota >= most ? most : std::max(1U, static_cast<unsigned>(quota + 0.5));
}

}  // namespace detail

unsigned default_worker_count() noexcept {
  return detail::worker_count_for(detail::cores_of_mask(), detail::cores_of_quota());
}

}  // namespace skein
