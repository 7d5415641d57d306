// SPDX-License-Identifier: Apache-2.0
// await_chain.cpp: from a waiting coroutine to the one that awaits it, and so on; names of functions.
#include "await_chain.hpp"

#include <skein/core/detail/join.hpp>
#include <skein/core/detail/task_state.hpp>
#include <skein/core/lowlevel/wait_node.hpp>

#include <algorithm>
#include <vector>

namespace skein::detail {

// ---- the chain -------------------------------------------------------------------------------------------

await_chain::await_chain(lowlevel::flow& strand) noexcept {
  static_cast<void>(strand.inspect(
      [](lowlevel::wait_node& wait, void* self) { static_cast<await_chain*>(self)->read(wait); }, this));
}

await_chain::await_chain(lowlevel::wait_node const& innermost) noexcept { read(innermost); }

await_chain::await_chain(thread_state const& running) noexcept {
  if (!running.resumed || running.task() == nullptr) {
    return;
  }
  // Branches of one task write over each other's last wait.
  std::source_location const last = running.task()->last_wait();
  if (last.line() != 0 && running.flow != nullptr && !running.flow->is_branch()) {
    add(last);
  }
  climb(running.resumed);
}

// While the innermost wait is held where it is, nobody above it can go on: a parent is resumed by the end of
// its child. A parent that has not suspended yet, because the child has only just begun to wait, has not
// added to its join: there the chain ends for this look.
void await_chain::read(lowlevel::wait_node const& innermost) noexcept {
  add(innermost.where());
  climb(innermost.coroutine());
}

void await_chain::climb(std::coroutine_handle<> coroutine) noexcept {
  for (;;) {
    slot_base const& slot = *any_coroutine::from_address(coroutine.address()).promise().slot;
    if (slot.kind == slot_kind::root) {
      return;
    }
    join const& meeting = *slot.owner;
    if (meeting.pending.load(lowlevel::memory_order_acquire) <= 0) {
      return;
    }
    add(meeting.where);
    coroutine = meeting.continuation;
  }
}

void await_chain::add(std::source_location const& place) noexcept {
  if (size_ == places_max) {
    cut_ = true;
    return;
  }
  places_[size_++] = place;
}

// ---- names -----------------------------------------------------------------------------------------------

namespace {

constexpr std::string_view opening = "(<{[";
constexpr std::string_view closing = ")>}]";

// The parts of a qualified name between `::`, outside of all brackets.
std::vector<std::string_view> parts_of(std::string_view name) {
  std::vector<std::string_view> parts;
  int depth = 0;
  std::size_t begin = 0;
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (opening.find(name[i]) != std::string_view::npos) {
      ++depth;
    } else if (closing.find(name[i]) != std::string_view::npos) {
      --depth;
    } else if (depth == 0 && name.substr(i, 2) == "::") {
      parts.push_back(name.substr(begin, i - begin));
      begin = i + 2;
      ++i;
    }
  }
  parts.push_back(name.substr(begin));
  return parts;
}

// Cuts " [with T = int]", " const" and the parameters off the end, and the result type off the beginning.
std::string_view qualified_name(std::string_view pretty) {
  if (std::size_t const with = pretty.rfind(" ["); with != std::string_view::npos && pretty.ends_with(']')) {
    pretty = pretty.substr(0, with);
  }
  std::size_t const last = pretty.rfind(')');
  int depth = 0;
  if (last != std::string_view::npos) {
    std::size_t i = last;
    for (;; --i) {
      depth += pretty[i] == ')' ? 1 : 0;
      depth -= pretty[i] == '(' ? 1 : 0;
      if (depth == 0 || i == 0) {
        break;
      }
    }
    pretty = pretty.substr(0, i);
  }
  // The result type ends at the last space outside of brackets; those of an operator's name are none.
  constexpr std::string_view op = "operator";
  std::size_t begin = 0;
  depth = 0;
  for (std::size_t i = 0; i < pretty.size(); ++i) {
    if (depth == 0 && pretty.substr(i).starts_with(op)) {
      i += op.size();
      i = std::min(pretty.find_first_of(": ", i), pretty.size()) - 1;
    } else if (opening.find(pretty[i]) != std::string_view::npos) {
      ++depth;
    } else if (closing.find(pretty[i]) != std::string_view::npos) {
      --depth;
    } else if (depth == 0 && pretty[i] == ' ') {
      begin = i + 1;
    }
  }
  return pretty.substr(begin);
}

bool is_lambda(std::string_view part) {
  return part.starts_with("<lambda") || part.starts_with("(anonymous class)") ||
         part.starts_with("(lambda") || part.starts_with("{lambda") || part.starts_with("$_");
}

}  // namespace

std::string short_function_name(std::string_view pretty) {
  std::string name;
  bool after_lambda = false;
  for (std::string_view part : parts_of(qualified_name(pretty))) {
    bool const call = part.starts_with("operator()");
    if (part.starts_with("{anonymous}") || part == "(anonymous namespace)" || (call && after_lambda)) {
      continue;
    }
    after_lambda = is_lambda(part);
    if (after_lambda) {
      part = "<lambda>";
    } else if (call) {
      part = "operator()";
    } else {
      part = part.substr(0, part.find_first_of("(<"));
    }
    name += name.empty() ? "" : "::";
    name += part;
  }
  return name;
}

std::source_location outside_of_skein(std::span<std::source_location const> places) {
  for (std::source_location const& place : places) {
    if (!short_function_name(place.function_name()).starts_with("skein::")) {
      return place;
    }
  }
  return places.empty() ? std::source_location{} : places.front();
}

}  // namespace skein::detail
