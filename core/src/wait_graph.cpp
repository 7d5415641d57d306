// SPDX-License-Identifier: Apache-2.0
// wait_graph.cpp: looking at every task once, and taking away who can go on.
#include "wait_graph.hpp"

#include "await_chain.hpp"
#include "runtime_core.hpp"
#include "waiters.hpp"

#include <skein/core/detail/join.hpp>
#include <skein/core/lowlevel/wait_node.hpp>

#include <algorithm>
#include <array>
#include <memory>

namespace skein::detail {
namespace {

using kind = lowlevel::dependency::kind;

// The waits of one task, taken in one look; nothing is allocated while the task is held.
class look {
 public:
  static constexpr std::size_t waits_max = 16;
  struct leaf {
    lowlevel::wait_node const* node = nullptr;
    char const* operation = nullptr;
    std::optional<await_chain> chain;
    lowlevel::dependency depends;
  };

  // Returns     False when the task runs, in one of its branches at least, or waits in more than fit.
  bool at(task_state& task) noexcept {
    count_ = 0;
    goes_on_ = false;
    visit(task);
    return !goes_on_;
  }
  [[nodiscard]] std::span<leaf> leaves() noexcept { return std::span{leaves_}.first(count_); }

 private:
  void visit(lowlevel::flow& strand) noexcept {
    bool const waits = strand.inspect(
        [](lowlevel::wait_node& wait, void* self) { static_cast<look*>(self)->read(wait); }, this);
    goes_on_ = goes_on_ || !waits;
  }

  void read(lowlevel::wait_node& wait) noexcept {
    lowlevel::dependency depends;
    if (wait.ops().depends != nullptr) {
      wait.ops().depends(wait, depends);
    }
    if (depends.what() == kind::branches) {
      visit_branches(*depends.fork());
      return;
    }
    if (count_ == waits_max) {
      goes_on_ = true;
      return;
    }
    leaf& next = leaves_[count_++];
    next.node = &wait;
    next.operation = wait.ops().what;
    next.chain.emplace(wait);
    next.depends = std::move(depends);
  }

  void visit_branches(fork_join& fork) noexcept {
    struct context {
      look* self;
      bool any = false;
    } seen{this};
    fork.children(
        fork,
        [](child_ref const& child, void* to) {
          if (child.slot->unfinished()) {
            auto& s = *static_cast<context*>(to);
            s.any = true;
            s.self->visit(flow_of_branch(*child.slot));
          }
        },
        &seen);
    goes_on_ = goes_on_ || !seen.any;
  }

  std::array<leaf, waits_max> leaves_;
  std::size_t count_ = 0;
  bool goes_on_ = false;
};

bool same(wait_graph::wait const& a, wait_graph::wait const& b) noexcept {
  return a.node == b.node && a.kind == b.kind && a.holder == b.holder && a.future.get() == b.future.get() &&
         a.where.line() == b.where.line();
}

}  // namespace

wait_graph::wait_graph(runtime_core& runtime) {
  for (state_ref<task_state>& task : runtime.tasks()) {
    by_id_.emplace(task->id(), nodes_.size());
    add(state_ref<>::adopt(task.detach()));
  }
  tasks_ = nodes_.size();
  auto const one = std::make_unique<look>();
  for (std::size_t i = 0; i < tasks_; ++i) {
    node& n = nodes_[i];
    n.stuck = one->at(*n.state->as_task()) && !n.state->done();
    for (look::leaf& leaf : one->leaves()) {
      n.waits.push_back({leaf.node, leaf.operation, outside_of_skein(leaf.chain->places()),
                         leaf.depends.what(), leaf.depends.holder(), leaf.depends.future()});
      leaf.depends = {};
    }
  }
  add_futures_between();
  for (node& n : nodes_) {
    connect(n);
  }
  spread();
}

void wait_graph::add(state_ref<> state) {
  index_.emplace(state.get(), nodes_.size());
  nodes_.push_back({.state = std::move(state), .waits = {}, .edges = {}, .stuck = false});
}

// Futures that tasks complete, found from the tasks that somebody waits for. The list grows meanwhile.
void wait_graph::add_futures_between() {
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    for (state_ref<>& waiter : direct_waiters(*nodes_[i].state)) {
      completed_by_[waiter.get()].push_back(i);
      if (!waiter->is_task() && !find(*waiter)) {
        add(std::move(waiter));
        nodes_.back().stuck = !nodes_.back().state->done();
      }
    }
  }
}

void wait_graph::connect(node& from) {
  auto const all = [&](std::size_t of, future_state const& state) {
    if (auto const by = completed_by_.find(&state); by != completed_by_.end()) {
      for (index const i : by->second) {
        from.edges.push_back({i, of});
      }
      return true;
    }
    return false;
  };
  if (!from.state->is_task()) {
    from.stuck = from.stuck && all(0, *from.state);
    return;
  }
  for (std::size_t w = 0; w < from.waits.size(); ++w) {
    wait const& one = from.waits[w];
    std::optional<index> to;
    switch (one.kind) {
      case kind::holder:
        if (auto const holder = by_id_.find(one.holder); holder != by_id_.end()) {
          to = holder->second;
        }
        break;
      case kind::future:
        to = find(*one.future);
        break;
      case kind::children:
        if (all(w, *from.state)) {
          continue;
        }
        break;
      case kind::anybody:
      case kind::branches:
        break;
    }
    if (to) {
      from.edges.push_back({*to, w});
    } else {
      from.stuck = false;
    }
  }
  from.stuck = from.stuck && !from.edges.empty();
}

// Takes away, as long as there are any, those that wait for one who can go on.
void wait_graph::spread() {
  std::vector<std::vector<index>> waiting(nodes_.size());
  std::vector<index> free;
  for (index i = 0; i < nodes_.size(); ++i) {
    for (edge const& e : nodes_[i].edges) {
      waiting[e.to].push_back(i);
    }
    if (!nodes_[i].stuck) {
      free.push_back(i);
    }
  }
  while (!free.empty()) {
    index const i = free.back();
    free.pop_back();
    for (index const behind : waiting[i]) {
      if (std::exchange(nodes_[behind].stuck, false)) {
        free.push_back(behind);
      }
    }
  }
}

void wait_graph::confirm(wait_graph const& before) {
  for (node& n : nodes_) {
    if (!n.stuck) {
      continue;
    }
    auto const was = before.find(*n.state);
    if (!was || !before.nodes_[*was].stuck ||
        !std::equal(n.waits.begin(), n.waits.end(), before.nodes_[*was].waits.begin(),
                    before.nodes_[*was].waits.end(), &same)) {
      n.stuck = false;
    }
  }
  spread();
}

bool wait_graph::any_stuck() const noexcept {
  return std::any_of(nodes_.begin(), nodes_.end(), [](node const& n) { return n.stuck; });
}

std::optional<wait_graph::index> wait_graph::find(future_state const& state) const {
  auto const found = index_.find(&state);
  return found != index_.end() ? std::optional{found->second} : std::nullopt;
}

// From each stuck node along its first edge: that ends in a circle, because stuck nodes lead to stuck ones.
std::vector<std::vector<wait_graph::index>> wait_graph::circles() const {
  std::vector<std::vector<index>> found;
  std::vector<std::size_t> walk_of(nodes_.size(), 0);
  std::size_t walk = 0;
  for (index start = 0; start < nodes_.size(); ++start) {
    if (!nodes_[start].stuck || walk_of[start] != 0) {
      continue;
    }
    ++walk;
    std::vector<index> path;
    index at = start;
    while (walk_of[at] == 0) {
      walk_of[at] = walk;
      path.push_back(at);
      at = nodes_[at].edges.front().to;
    }
    if (walk_of[at] == walk) {
      path.erase(path.begin(), std::find(path.begin(), path.end(), at));
      found.push_back(std::move(path));
    }
  }
  return found;
}

}  // namespace skein::detail
