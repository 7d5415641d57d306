// SPDX-License-Identifier: Apache-2.0
// topology.hpp: how many cores this process may use: its CPU mask, and the quotas of its control groups.
#pragma once

#include <limits>
#include <string>

namespace skein::detail {

inline constexpr unsigned workers_max = 1024;
inline constexpr double no_quota = std::numeric_limits<double>::infinity();

/// Returns     The cores of the calling thread's CPU mask, which is never more than its cpuset allows;
///             1 when the kernel does not say.
[[nodiscard]] unsigned cores_of_mask() noexcept;

/// The CPU time per time that the control groups grant, of version 1 and of version 2: the least of every
/// group from the process's own up to the mounted root.
///
/// `root`      Where /proc and the mount points are looked for: empty, or the folder of a test.
/// Returns     Cores, with a fraction; `no_quota` when nothing limits. What cannot be read or understood
///             limits nothing.
[[nodiscard]] double cores_of_quota(std::string const& root = {}) noexcept;

/// Returns     The quota rounded to whole cores, half a core up, but from 1 to `mask` and to `workers_max`.
[[nodiscard]] unsigned worker_count_for(unsigned mask, double quota) noexcept;

}  // namespace skein::detail
