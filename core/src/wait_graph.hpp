// SPDX-License-Identifier: Apache-2.0
// wait_graph.hpp: who waits for whom among the tasks of a runtime, and who cannot go on therefore.
//
// What       A node is an unfinished task, or a future that stands between tasks (of gather, of shield). Its
//            edges lead to the nodes one of which has to go on before it can. A node is stuck when it waits,
//            has edges, and all of them lead to stuck nodes: the greatest such set. Whatever anybody may end
//            has no edge and is not stuck, and so is nobody who waits for it.
// Source     The AND-OR model of Knapp, "Deadlock detection in distributed databases", ACM Computing Surveys
//            19, 1987, with every wait taken as an OR: that finds less, and nothing that is not there.
// Threads    Any. Each task is looked at while it is held for a moment (flow.hpp, busy).
// Lifetime   The graph owns references to all it knows.
//
// Tasks are seen at different moments, so a circle may be one that never was: its parts at different times.
// Therefore the tasks of each circle are then held all at once, and it counts if each is in the wait in which
// it was seen. Looking twice is not enough: in a steady state the same waits come again.
#pragma once

#include <skein/core/detail/task_state.hpp>
#include <skein/core/lowlevel/dependency.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <source_location>
#include <unordered_map>
#include <vector>

namespace skein::detail {

class runtime_core;

class wait_graph {
 public:
  using index = std::size_t;

  /// One wait of a task: it has several inside a `when_all`.
  struct wait {
    void const* node;  // to know it again; never followed
    char const* operation;
    std::source_location where;
    lowlevel::dependency::kind kind;
    std::uint64_t holder;
    state_ref<> future;
  };
  struct edge {
    index to;
    std::size_t wait;  // which of its waits, for a task
  };
  struct node {
    state_ref<> state;
    std::vector<wait> waits;
    std::vector<edge> edges;
    bool stuck = false;
  };

  explicit wait_graph(runtime_core& runtime);

  [[nodiscard]] std::vector<node> const& nodes() const noexcept { return nodes_; }
  [[nodiscard]] std::optional<index> find(future_state const& state) const;
  /// Returns     Each circle of stuck nodes, as the indices in their order.
  [[nodiscard]] std::vector<std::vector<index>> const& circles() const noexcept { return circles_; }

 private:
  [[nodiscard]] std::vector<std::vector<index>> find_circles() const;
  [[nodiscard]] bool exists(std::vector<index> const& circle) const;
  void add(state_ref<> state);
  void add_futures_between();
  void connect(node& from);
  void spread();

  std::vector<node> nodes_;  // the tasks first
  std::vector<std::vector<index>> circles_;
  std::size_t tasks_ = 0;
  std::unordered_map<future_state const*, index> index_;
  std::unordered_map<std::uint64_t, index> by_id_;
  std::unordered_map<future_state const*, std::vector<index>> completed_by_;
};

}  // namespace skein::detail
