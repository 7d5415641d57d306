// SPDX-License-Identifier: Apache-2.0
// deadlock.cpp: circles of the graph of waits, as values and as text.
#include "deadlock.hpp"

#include "names.hpp"
#include "runtime_core.hpp"
#include "wait_graph.hpp"
#include "waiters.hpp"

#include <skein/core/deadlock.hpp>
#include <skein/core/report.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <string_view>
#include <tuple>

namespace skein {
namespace detail {
namespace {

constexpr lowlevel::instant patience = 10'000'000'000;           // a thread of a test may be slow
constexpr lowlevel::instant patience_with_circle = 500'000'000;  // nobody but a cancel can help then
constexpr std::size_t lines_max = 40;                            // of tasks behind a circle, and of places

any_task task_at(wait_graph const& graph, wait_graph::index i) { return any_task{graph.nodes()[i].state}; }

// The next task on the way from a stuck node, over the futures between.
wait_graph::index next_task(wait_graph const& graph, wait_graph::index from) {
  std::size_t steps = 0;
  do {
    from = graph.nodes()[from].edges.front().to;
  } while (!graph.nodes()[from].state->is_task() && ++steps < graph.nodes().size());
  return from;
}

blocked_task describe_blocked(wait_graph const& graph, wait_graph::index i) {
  wait_graph::node const& node = graph.nodes()[i];
  wait_graph::edge const& edge = node.edges.front();
  wait_graph::wait const& wait = node.waits[edge.wait];
  bool const between = wait.kind == lowlevel::dependency::kind::future && !wait.future->is_task();
  return {.task = task_at(graph, i),
          .where = frame_of(wait.where),
          .operation = between ? "gather or shield" : wait.operation,
          .waits_for = task_at(graph, next_task(graph, i)),
          .holds = wait.kind == lowlevel::dependency::kind::holder};
}

std::vector<deadlock> deadlocks_of(wait_graph const& graph) {
  std::vector<deadlock> found;
  std::vector<bool> in_a_circle(graph.nodes().size(), false);
  for (auto const& circle : graph.circles()) {
    deadlock& d = found.emplace_back();
    for (wait_graph::index const i : circle) {
      in_a_circle[i] = true;
      if (graph.nodes()[i].state->is_task()) {
        d.circle.push_back(describe_blocked(graph, i));
      }
    }
  }
  for (wait_graph::index i = 0; i < graph.nodes().size() && !found.empty(); ++i) {
    if (graph.nodes()[i].stuck && !in_a_circle[i] && graph.nodes()[i].state->is_task()) {
      wait_graph::index end = next_task(graph, i);
      while (!in_a_circle[end]) {
        end = next_task(graph, end);
      }
      any_task const member = task_at(graph, end);
      auto const of = std::find_if(found.begin(), found.end(), [&](deadlock const& d) {
        return std::any_of(d.circle.begin(), d.circle.end(),
                           [&](blocked_task const& b) { return b.task == member; });
      });
      if (of != found.end()) {
        of->behind.push_back(describe_blocked(graph, i));
      }
    }
  }
  return found;
}

std::string reason(blocked_task const& b) {
  std::string const name = b.waits_for == b.task ? "itself" : b.waits_for.get_name();
  if (b.holds) {
    std::string_view const operation = b.operation;
    return fmt::format("the {} held by {}", operation.substr(0, operation.find('.')), name);
  }
  if (b.operation == "future") {
    return fmt::format("{} to end", name);
  }
  return fmt::format("{} to end ({})", name, b.operation);
}

std::string line_of(blocked_task const& b) {
  return fmt::format("{} waits at {} ({}:{}) for {}", b.task.get_name(), b.where.function,
                     file_name(b.where.file), b.where.line, reason(b));
}

std::string text_of(std::vector<deadlock> const& found) {
  std::string text;
  for (deadlock const& d : found) {
    text += text.empty() ? "" : "\n";
    text += d.circle.size() == 1 ? "deadlock: a task waits for itself:"
                                 : fmt::format("deadlock: {} tasks wait for each other:", d.circle.size());
    for (blocked_task const& b : d.circle) {
      text += "\n  " + line_of(b);
    }
    if (!d.behind.empty()) {
      text += fmt::format("\n  {} more cannot go on because of that:", d.behind.size());
      for (std::size_t i = 0; i < std::min(d.behind.size(), lines_max); ++i) {
        text += "\n    " + line_of(d.behind[i]);
      }
      if (d.behind.size() > lines_max) {
        text += fmt::format("\n    and {} more", d.behind.size() - lines_max);
      }
    }
  }
  return text;
}

// What the tasks wait for that are in no deadlock; most at the same place first.
std::string text_of_places(wait_graph const& graph) {
  struct group {
    std::size_t tasks = 0;
    std::string first_name;
  };
  std::map<std::tuple<std::string_view, unsigned, std::string_view, std::string_view>, group> places;
  for (wait_graph::node const& node : graph.nodes()) {
    if (!node.state->is_task() || node.stuck) {
      continue;
    }
    for (wait_graph::wait const& w : node.waits) {
      group& g = places[{w.where.file_name(), w.where.line(), w.where.function_name(), w.operation}];
      if (g.tasks++ == 0) {
        g.first_name = node.state->as_task()->name();
      }
    }
  }
  std::vector<std::pair<decltype(places)::key_type, group>> sorted{places.begin(), places.end()};
  std::sort(sorted.begin(), sorted.end(), [](auto const& a, auto const& b) {
    return a.second.tasks != b.second.tasks ? a.second.tasks > b.second.tasks : a.first < b.first;
  });
  std::string text;
  for (std::size_t i = 0; i < std::min(sorted.size(), lines_max); ++i) {
    auto const& [place, g] = sorted[i];
    auto const& [file, line, function, operation] = place;
    text += fmt::format("\n  {} at {} ({}:{}) for {}",
                        g.tasks == 1 ? g.first_name + " waits" : fmt::format("{} tasks wait", g.tasks),
                        short_function_name(function), file_name(file), line, operation);
  }
  if (sorted.size() > lines_max) {
    text += fmt::format("\n  and at {} more places", sorted.size() - lines_max);
  }
  return text;
}

runtime_core& runtime_of(event_loop& loop) { return home_on(loop).loop->runtime; }

}  // namespace

std::string text_of_circles(runtime_core& runtime) { return text_of(deadlocks_of(wait_graph{runtime})); }

std::string text_of_waits(runtime_core& runtime) {
  wait_graph const graph{runtime};
  std::string text = text_of(deadlocks_of(graph));
  if (text.empty()) {
    text = "no tasks wait for each other in a circle, as far as it is known";
  }
  std::string const others = text_of_places(graph);
  return others.empty() ? text : text + "\nothers wait for what anybody may end, or for such tasks:" + others;
}

lowlevel::instant patience_of(runtime_core& runtime) {
  future_state const* const main = runtime.main();
  if (main == nullptr) {
    return lowlevel::never;
  }
  return is_stuck(runtime, *main) ? patience_with_circle : patience;
}

void give_up(runtime_core& runtime) {
  runtime.fail(std::make_exception_ptr(deadlock_error{
      "nothing can run any more: there is no timer, no I/O, no job of an executor, and nothing "
      "came from other threads\n" +
      text_of_waits(runtime)}));
}

bool is_stuck(runtime_core& runtime, future_state const& task) {
  wait_graph const graph{runtime};
  auto const at = graph.find(task);
  return at && graph.nodes()[*at].stuck;
}

}  // namespace detail

std::vector<deadlock> find_deadlocks() {
  return detail::deadlocks_of(detail::wait_graph{detail::running_worker().runtime});
}
std::vector<deadlock> find_deadlocks(event_loop& loop) {
  return detail::deadlocks_of(detail::wait_graph{detail::runtime_of(loop)});
}

std::string format_deadlocks() { return detail::text_of_waits(detail::running_worker().runtime); }
std::string format_deadlocks(event_loop& loop) { return detail::text_of_waits(detail::runtime_of(loop)); }

void print_deadlocks() { detail::log_line(format_deadlocks()); }
void print_deadlocks(event_loop& loop) { detail::log_line(format_deadlocks(loop)); }

}  // namespace skein
