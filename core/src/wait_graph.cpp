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
#include <thread>

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
    begin(true);
    visit(task);
    return !goes_on_;
  }
  // The same of a task whose innermost wait is held already, and without waiting for anybody.
  bool at_held(lowlevel::wait_node& wait) noexcept {
    begin(false);
    read(wait);
    return !goes_on_;
  }
  // Lets go of the futures that were seen: not while a task is held, one may end with its last handle.
  void forget() noexcept {
    for (leaf& l : leaves_) {
      l.depends = {};
    }
  }
  [[nodiscard]] std::span<leaf> leaves() noexcept { return std::span{leaves_}.first(count_); }

 private:
  void begin(bool patient) noexcept {
    patient_ = patient;
    count_ = 0;
    goes_on_ = false;
  }

  void visit(lowlevel::flow& strand) noexcept {
    auto const read_it = [](lowlevel::wait_node& wait, void* self) { static_cast<look*>(self)->read(wait); };
    bool const waits = patient_ ? strand.inspect(read_it, this) : strand.try_inspect(read_it, this);
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
  bool patient_ = true;
};

bool same(look::leaf const& now, wait_graph::wait const& then) noexcept {
  return now.node == then.node && now.depends.what() == then.kind && now.depends.holder() == then.holder &&
         now.depends.future().get() == then.future.get();
}

// Holds the tasks of a circle, one inside the other, and compares.
class holder {
 public:
  explicit holder(std::vector<wait_graph::node const*> tasks) : tasks_{std::move(tasks)} {}

  // Returns     False when one is not where it was seen, or is just being looked at or cancelled.
  bool all_wait() noexcept {
    all_ = false;
    at_ = 0;
    one_.forget();
    hold_next();
    return all_;
  }

 private:
  void hold_next() noexcept {
    if (at_ == tasks_.size()) {
      all_ = true;
      return;
    }
    static_cast<void>(tasks_[at_]->state->as_task()->try_inspect(
        [](lowlevel::wait_node& wait, void* self) { static_cast<holder*>(self)->held(wait); }, this));
  }

  void held(lowlevel::wait_node& wait) noexcept {
    wait_graph::node const& then = *tasks_[at_];
    bool const waits = one_.at_held(wait);
    auto const leaves = one_.leaves();
    if (waits && std::equal(leaves.begin(), leaves.end(), then.waits.begin(), then.waits.end(), &same)) {
      ++at_;
      hold_next();
    }
  }

  std::vector<wait_graph::node const*> tasks_;
  std::size_t at_ = 0;
  bool all_ = false;
  look one_;
};

constexpr std::size_t held_max = 256;  // each is a few frames of stack; a longer circle counts as seen
constexpr int attempts = 16;           // somebody else may look at one of them

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
    }
    one->forget();
  }
  add_futures_between();
  for (node& n : nodes_) {
    connect(n);
  }
  spread();
  bool unsure = true;
  while (unsure) {
    unsure = false;
    circles_ = find_circles();
    for (auto const& circle : circles_) {
      if (!exists(circle)) {
        unsure = true;
        for (index const i : circle) {
          nodes_[i].stuck = false;
        }
      }
    }
    if (unsure) {
      spread();
    }
  }
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

bool wait_graph::exists(std::vector<index> const& circle) const {
  std::vector<node const*> tasks;
  for (index const i : circle) {
    if (nodes_[i].state->done()) {
      return false;
    }
    if (nodes_[i].state->is_task()) {
      tasks.push_back(&nodes_[i]);
    }
  }
  if (tasks.size() > held_max) {
    return true;
  }
  auto const all = std::make_unique<holder>(std::move(tasks));
  for (int i = 0; i < attempts; ++i) {
    if (all->all_wait()) {
      return true;
    }
    std::this_thread::yield();
  }
  return false;
}

std::optional<wait_graph::index> wait_graph::find(future_state const& state) const {
  auto const found = index_.find(&state);
  return found != index_.end() ? std::optional{found->second} : std::nullopt;
}

// From each stuck node along its first edge: that ends in a circle, because stuck nodes lead to stuck ones.
std::vector<std::vector<wait_graph::index>> wait_graph::find_circles() const {
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
