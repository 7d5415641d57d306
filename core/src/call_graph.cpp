// SPDX-License-Identifier: Apache-2.0
// call_graph.cpp: capturing and writing call graphs.
#include "await_chain.hpp"
#include "names.hpp"
#include "waiters.hpp"

#include <skein/core/call_graph.hpp>
#include <skein/core/detail/await_future.hpp>
#include <skein/core/detail/completion_link.hpp>
#include <skein/core/errors.hpp>
#include <skein/core/report.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <cstdlib>
#include <mutex>
#include <set>

namespace skein {
namespace detail {

namespace {

std::vector<call_frame> stack_of(future_state& state) {
  std::vector<call_frame> stack;
  task_state* const task = state.as_task();
  if (task == nullptr || task->done()) {
    return stack;
  }
  thread_state const& thread = this_thread();
  await_chain const chain = thread.task() == task ? await_chain{thread} : await_chain{*task};
  for (std::source_location const& place : chain.places()) {
    stack.push_back(frame_of(place));
  }
  if (stack.empty()) {
    if (std::source_location const last = task->last_wait(); last.line() != 0) {
      stack.push_back(frame_of(last));
    }
  }
  return stack;
}

void apply_limit(std::vector<call_frame>& stack, std::optional<int> limit) {
  if (!limit) {
    return;
  }
  std::size_t const count = std::min(stack.size(), static_cast<std::size_t>(std::abs(*limit)));
  auto const keep = static_cast<std::ptrdiff_t>(count);
  if (*limit >= 0) {
    stack.erase(stack.begin() + keep, stack.end());
  } else {
    stack.erase(stack.begin(), stack.end() - keep);
  }
}

}  // namespace

// Allocates before it takes the lock, and again when there are more by then.
std::vector<state_ref<>> direct_waiters(future_state& state) {
  std::vector<state_ref<>> found;
  for (std::size_t room = 8;; room *= 2) {
    found.clear();
    found.reserve(room);
    std::lock_guard const guard{state.mutex()};
    completion_node* node = state.waiters_;
    for (; node != nullptr && found.size() < room; node = node->next) {
      if (task_state* const task = await_future::task_that_waits(*node)) {
        found.push_back(state_ref<>::share(task));
      } else if (completion_link* const link = completion_link::from(*node)) {
        if (state_ref<> behind = link->told_by().behind(*link)) {
          found.push_back(std::move(behind));
        }
      }
    }
    if (node == nullptr) {
      return found;
    }
  }
}

namespace {

class capture {
 public:
  explicit capture(std::optional<int> limit) : limit_{limit} {}

  call_graph look(state_ref<> const& state, std::vector<call_frame> stack) {
    call_graph graph{.future = any_future{state}, .call_stack = std::move(stack), .awaited_by = {}};
    apply_limit(graph.call_stack, limit_);
    if (!seen_.insert(state.get()).second) {
      return graph;  // it waits for itself in the end
    }
    add_waiters(*state, graph.awaited_by);
    seen_.erase(state.get());
    return graph;
  }

 private:
  void add_waiters(future_state& state, std::vector<call_graph>& into) {
    for (state_ref<> const& waiter : direct_waiters(state)) {
      bool const shown = std::any_of(into.begin(), into.end(), [&](call_graph const& g) {
        return g.future.shared_state() == waiter.get();
      });
      if (shown) {
        continue;  // it waits in several branches, or gathers it twice
      }
      if (waiter->is_task()) {
        into.push_back(look(waiter, stack_of(*waiter)));
      } else if (seen_.insert(waiter.get()).second) {
        add_waiters(*waiter, into);  // nobody has written it: it is not shown
        seen_.erase(waiter.get());
      }
    }
  }

  std::optional<int> limit_;
  std::set<future_state*> seen_;  // on the path that is being looked at
};

void write(call_graph const& graph, std::string const& indent, std::string& into) {
  auto const& state = *graph.future.shared_state();
  auto const* const task = graph.future.shared_state()->as_task();
  into += task != nullptr ? fmt::format("{}* Task(name='{}', id={})\n", indent, task->name(), task->id())
                          : fmt::format("{}* Future({})\n", indent, static_cast<void const*>(&state));
  if (!graph.call_stack.empty()) {
    into += indent + "  + Call stack:\n";
    for (call_frame const& frame : graph.call_stack) {
      into += fmt::format("{}  |   File '{}', line {}, in async {}()\n", indent, frame.file, frame.line,
                          frame.function);
    }
  }
  if (!graph.awaited_by.empty()) {
    into += indent + "  + Awaited by:\n";
    for (call_graph const& waiter : graph.awaited_by) {
      write(waiter, indent + "     ", into);
    }
  }
}

void print(std::string const& text) {
  if (!text.empty()) {
    log_line(text);
  }
}

}  // namespace

std::string text_of(std::optional<call_graph> const& graph) {
  std::string text;
  if (graph) {
    write(*graph, {}, text);
    text.pop_back();
  }
  return text;
}

std::vector<call_frame> stack_of_task(task_state& state, std::optional<int> limit) {
  std::vector<call_frame> stack = stack_of(state);
  if (limit) {
    apply_limit(stack, std::max(*limit, 0));
  }
  std::reverse(stack.begin(), stack.end());
  return stack;
}

void print_stack_of_task(task_state& state, std::optional<int> limit) {
  std::vector<call_frame> const stack = stack_of_task(state, limit);
  std::string text = stack.empty() ? fmt::format("No stack for {}", state.repr())
                                   : fmt::format("Stack for {} (most recent await last):", state.repr());
  for (call_frame const& frame : stack) {
    text += fmt::format("\n  File \"{}\", line {}, in {}", frame.file, frame.line, frame.function);
  }
  log_line(text);
}

}  // namespace detail

std::optional<call_graph> capture_call_graph(call_graph_options options, std::source_location where) {
  static_cast<void>(detail::running_worker());
  any_task const task = current_task();
  if (!task) {
    return std::nullopt;
  }
  std::vector<call_frame> stack{detail::frame_of(where)};
  detail::await_chain const chain{detail::this_thread()};
  for (std::source_location const& place : chain.places()) {
    stack.push_back(detail::frame_of(place));
  }
  if (stack.size() > 1 && stack[1].function == stack[0].function) {
    stack.erase(stack.begin() + 1);  // the caller is the one that was resumed, and has waited there before
  }
  auto const skipped = std::min(stack.size(), static_cast<std::size_t>(std::max(options.depth, 0)));
  stack.erase(stack.begin(), stack.begin() + static_cast<std::ptrdiff_t>(skipped));
  return detail::capture{options.limit}.look(detail::state_ref<>::share(task.shared_state()),
                                             std::move(stack));
}

std::optional<call_graph> capture_call_graph(any_future const& future, call_graph_options options) {
  if (!future) {
    return std::nullopt;
  }
  return detail::capture{options.limit}.look(detail::state_ref<>::share(future.shared_state()),
                                             detail::stack_of(*future.shared_state()));
}

std::string format_call_graph(call_graph_options options, std::source_location where) {
  return detail::text_of(capture_call_graph(options, where));
}
std::string format_call_graph(any_future const& future, call_graph_options options) {
  return detail::text_of(capture_call_graph(future, options));
}

void print_call_graph(call_graph_options options, std::source_location where) {
  detail::print(format_call_graph(options, where));
}
void print_call_graph(any_future const& future, call_graph_options options) {
  detail::print(format_call_graph(future, options));
}

}  // namespace skein
