// SPDX-License-Identifier: Apache-2.0
// cells.hpp: how numbers are written, in the table and on the page.
#pragma once

#include "session.hpp"

#include <optional>
#include <string>

namespace perf {

/// Three digits that count.
[[nodiscard]] std::string number(double value);

/// Returns     skein's row of the same scenario and, if there is one, the same number of workers; or null.
[[nodiscard]] row const* skein_row(report const& r, row const& of);

/// Returns     How many times `to`'s median `of`'s is, or nothing when there is nothing to divide by.
[[nodiscard]] std::optional<double> ratio(spread const& of, spread const* to);

/// Returns     The metrics of a row with their units, with commas between.
[[nodiscard]] std::string metrics(row const& r);

/// Returns     One sentence for each runtime that did a share of the work.
[[nodiscard]] std::vector<std::string> share_notes(report const& r);

}  // namespace perf
