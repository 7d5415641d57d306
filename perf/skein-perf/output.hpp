// SPDX-License-Identifier: Apache-2.0
// output.hpp: what a run leaves behind: a table to read, a file to compare.
#pragma once

#include "session.hpp"

#include <iosfwd>
#include <string>

namespace perf {

struct machine;

/// Returns     The table with its footnotes.
[[nodiscard]] std::string format_table(report const& r);

/// Writes the rows as the JSON that perf/README.md describes.
void write_json(std::ostream& to, report const& r, machine const& where, run_options const& options);

/// Writes one page that needs nothing else: ratios first, then bars, machine, versions, how to repeat.
void write_html(std::ostream& to, report const& r, machine const& where, run_options const& options,
                std::string const& command);

}  // namespace perf
