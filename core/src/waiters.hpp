// SPDX-License-Identifier: Apache-2.0
// waiters.hpp: from a future to those who wait for it; what call graphs and the graph of waits share.
#pragma once

#include <skein/core/call_graph.hpp>
#include <skein/core/detail/future_state.hpp>

#include <optional>
#include <string>
#include <vector>

namespace skein::detail {

/// Returns     Who waits for a future: tasks, and futures that stand between (of gather, of shield).
[[nodiscard]] std::vector<state_ref<>> direct_waiters(future_state& state);

/// Returns     What format_call_graph writes; nothing for none.
[[nodiscard]] std::string text_of(std::optional<call_graph> const& graph);

}  // namespace skein::detail
